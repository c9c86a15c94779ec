"""Templates are named by content type, and the service refuses a name that is none."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.grammar.templates import is_content_type
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.quoting import shown


@checks(Rule(name="content-type", severity="error", summary="not a content type"))
def content_type(policy: PolicyView) -> Iterator[Remark]:
    """Look for names that are not type/subtype."""
    for template in policy.templates():
        if not is_content_type(template.content_type):
            message = f"{shown(template.content_type)} is not a content type such as application/json"
            yield Remark(path=template.path, at_key=True, message=message)
