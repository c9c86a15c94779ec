"""Gates are told apart by their names: `--skip-gate` skips one of them."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.meaning.rollout import gate_names
from batchgw.policy.quoting import shown


@checks(Rule(name="gate-name", severity="error", summary="two gates have one name"))
def gate_name(policy: PolicyView) -> Iterator[Remark]:
    """Look for gates with the name of one before."""
    if not policy.is_top or policy.file.rollout is None:
        return
    names = gate_names(policy.file.rollout)
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"a gate before is called {shown(name)} already: give this one a `name` of its own"
            yield Remark(path=("rollout", "gates", index), message=message)
