"""An exemption that says neither why nor until when is never looked at again."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(
    Rule(
        name="exemption-unbounded",
        severity="warning",
        summary="an exemption without a reason or without an end",
    )
)
def exemption_unbounded(policy: PolicyView) -> Iterator[Remark]:
    """Look for exemptions that lack either."""
    if not policy.is_top:
        return
    for index, exemption in enumerate(policy.file.exemptions):
        given = {"why": exemption.reason, "until when": exemption.until}
        lacks = [word for word, value in given.items() if not value]
        if lacks:
            keys = "give `reason` and `until`, a date, so that somebody looks at it again"
            message = f"this exemption does not say {' and '.join(lacks)}: {keys}"
            yield Remark(path=("exemptions", index), message=message)
