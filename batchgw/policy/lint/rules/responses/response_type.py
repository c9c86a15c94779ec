"""boto3's `responseType` repeats the key that it stands under. Where the two differ, one is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(SCHEMA)
def response_type(policy: PolicyView) -> Iterator[Remark]:
    """Look for a `responseType` that differs from its key."""
    for response in policy.responses():
        if response.spec.response_type not in (None, response.type.value):
            message = f"responseType says something else than its key, {response.type.value}; leave it out"
            yield Remark(path=(*response.path, "responseType"), message=message)
