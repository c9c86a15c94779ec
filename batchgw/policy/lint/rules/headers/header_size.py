"""API Gateway limits the headers of one answer to 10,240 bytes."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.grammar.expressions import literal_text
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView

MAX_HEADER_BYTES = 10_240
"""API Gateway developer guide, quotas: total size of header values; names are counted here too."""


@checks(Rule(name="header-size", severity="error", summary="headers of one response over 10,240 bytes"))
def header_size(policy: PolicyView) -> Iterator[Remark]:
    """Look for answers whose headers are too large together."""
    for sent in policy.sent_headers():
        size = sum(len((name + (literal_text(value) or "")).encode()) for name, value in sent.headers.items())
        if size > MAX_HEADER_BYTES:
            message = (
                f"the headers of {sent.what} have {size} bytes together, and the service takes"
                f" {MAX_HEADER_BYTES}"
            )
            yield Remark(path=sent.path, message=message)
