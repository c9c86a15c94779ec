"""The service shows 504 for INTEGRATION_FAILURE and answers 500. Writing 504 down makes it answer 504."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import ResponseType
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(
    Rule(
        name="pinned-504",
        severity="warning",
        summary="INTEGRATION_FAILURE pinned to the 504 that is only displayed",
    )
)
def pinned_504(policy: PolicyView) -> Iterator[Remark]:
    """Look for INTEGRATION_FAILURE with the status 504."""
    for response in policy.responses():
        spec = response.spec
        if response.type is ResponseType.INTEGRATION_FAILURE and "504" in (spec.status, spec.status_code):
            yield Remark(
                path=(*response.path, "status" if spec.status == "504" else "statusCode"),
                message="504 is what the service displays for INTEGRATION_FAILURE, but uncustomised it"
                " answers 500: this changes what clients see. Leave the status out, unless that is the point",
            )
