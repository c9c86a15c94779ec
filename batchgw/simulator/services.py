"""What tells one AWS service from another, as a record: each simulated service has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchgw.simulator.reply import ServiceFault

Protocol = Literal["rest-json", "json-1.1", "query"]
"""How calls and answers of a service go over the wire; see `over_http.wire` and `over_http.query`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsService:
    """One service.

    Attributes:
        name: botocore's name of it, for which its calls are signed.
        protocol: how it speaks.
        throttled: code, status and message of a refusal by quota. The status is not always 429.
        throttle_is_modelled: whether botocore's service model knows that code.
        has_global_endpoint: calls may be signed for us-east-1, whichever regions are enabled.
    """

    name: str
    protocol: Protocol
    throttled: tuple[str, int, str]
    throttle_is_modelled: bool = True
    has_global_endpoint: bool = False

    def refusal(self, retry_after: str | None = None) -> ServiceFault:
        """Make the refusal by quota."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        code, status, message = self.throttled
        return ServiceFault(code, status, message, headers=headers, modelled=self.throttle_is_modelled)


API_GATEWAY = AwsService(
    name="apigateway",
    protocol="rest-json",
    throttled=("TooManyRequestsException", 429, "Too Many Requests"),
)
"""The service that all this is about: quotas, faults and permissions are simulated for it alone."""
