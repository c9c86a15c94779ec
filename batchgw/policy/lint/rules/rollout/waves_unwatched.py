"""Waves that follow each other at once stop nothing: a mistake is everywhere before anybody sees it."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.grammar.amounts import duration_of
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(Rule(name="waves-unwatched", severity="warning", summary="waves with nothing between them"))
def waves_unwatched(policy: PolicyView) -> Iterator[Remark]:
    """Look for several waves without a bake and without gates, and for alarms that are looked at once."""
    rollout = policy.file.rollout
    if not policy.is_top or rollout is None or (rollout.bake is not None and duration_of(rollout.bake) > 0):
        return
    if len(rollout.waves or ()) > 1 and not rollout.gates:
        message = "nothing is watched between these waves: say how long, as in `bake: 10m`, or add gates"
        yield Remark(path=("rollout", "waves"), at_key=True, message=message)
    for index, gate in enumerate(rollout.gates):
        if not isinstance(gate, str) and (gate.alarm or gate.metric):
            message = "without a bake this is looked at the moment a wave has ended, when it cannot tell yet"
            yield Remark(path=("rollout", "gates", index), message=message)
