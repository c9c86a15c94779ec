"""An exemption that says neither why nor until when is never looked at again."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.schema.file import PolicyFile


@checks(
    Rule(
        name="exemption-unbounded",
        severity="warning",
        summary="an exemption without a reason or without an end",
        holds_despite=frozenset(PolicyFile.model_fields) - {"exemptions"},
    )
)
def exemption_unbounded(policy: PolicyView) -> Iterator[Remark]:
    """Look for exemptions that lack either."""
    if not policy.is_top:
        return
    for index, exemption in enumerate(policy.file.exemptions):
        lacks = [
            (says, give)
            for value, says, give in (
                (exemption.reason, "why", "`reason`"),
                (exemption.until, "until when", "`until`, a date"),
            )
            if not value
        ]
        if lacks:
            says, give = (" and ".join(words) for words in zip(*lacks, strict=True))
            message = f"this exemption does not say {says}: give {give}, so that somebody looks at it again"
            yield Remark(path=("exemptions", index), message=message)
