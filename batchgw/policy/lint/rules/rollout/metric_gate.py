"""A metric gate compares a wave with the waves to come, and counts answers by their status codes."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import DEFAULT_STATUS, ResponseType
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(Rule(name="metric-gate", severity="warning", summary="a metric gate that can tell nothing"))
def metric_gate(policy: PolicyView) -> Iterator[Remark]:
    """Look for metric gates without waves to compare, and for statuses that count as other errors."""
    rollout = policy.file.rollout
    if rollout is None:
        return
    gates = enumerate(rollout.gates)
    metrics = {i: gate.metric.value for i, gate in gates if not isinstance(gate, str) and gate.metric}
    if policy.is_top and len(rollout.waves or ()) <= 1:
        for index in metrics:
            message = "there is no wave to come that it could be compared with, so it is never asked"
            yield Remark(path=("rollout", "gates", index), message=message)
    for type_, settings in policy.customised():
        families = {settings.status_code[0], _family(type_)} if settings.status_code else set()
        for metric in dict.fromkeys(metrics.values()):
            if len(families) > 1 and metric[0] in families:
                message = (
                    f"{type_.value} is a {_family(type_)}xx, so the status {settings.status_code} moves "
                    f"{metric}, which a gate compares: where a plan changes it, an apply is refused"
                )
                yield Remark(path=policy.path_of(type_), message=message)


def _family(type_: ResponseType) -> str:
    return DEFAULT_STATUS.get(type_, type_.value[-3:])[0]
