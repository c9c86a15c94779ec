"""API Gateway limits a mapping template to 300 KB."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.grammar.templates import MAX_TEMPLATE_BYTES
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(Rule(name="template-size", severity="error", summary="a template over 300 KB"))
def template_size(policy: PolicyView) -> Iterator[Remark]:
    """Look for templates that are too large."""
    for template in policy.templates():
        size = len(template.text.encode())
        if size > MAX_TEMPLATE_BYTES:
            message = f"the template has {size} bytes, and the service takes {MAX_TEMPLATE_BYTES} (300 KB)"
            yield Remark(path=template.path, message=message)
