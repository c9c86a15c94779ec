"""What tells one AWS service from another, as a record: each simulated service has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from batchgw.simulator.reply import ServiceFault

GLOBAL_REGION: Final = "us-east-1"
"""Where calls to global endpoints are signed for; it cannot be switched off."""

Protocol = Literal["rest-json", "json-1.1", "query", "ec2"]
"""How calls and answers of a service go over the wire; see `over_http.wire`, `query` and `ec2_query`."""

_UNKNOWN_TOKEN: Final[Mapping[Protocol, tuple[str, int]]] = {
    "rest-json": ("UnrecognizedClientException", 403),
    "json-1.1": ("UnrecognizedClientException", 400),
    "query": ("InvalidClientTokenId", 403),
    "ec2": ("AuthFailure", 401),
}
"""Code and status of a refusal of credentials that the endpoint does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsService:
    """One service.

    Attributes:
        name: botocore's name of it.
        signing_name: for which its calls are signed, where that is not its name.
        protocol: how it speaks.
        throttled: code, status and message of a refusal by quota. The status is not always 429.
        denied: code and status of a call that IAM does not allow.
        denial: the words of that refusal, with {user}, {action}, {resource} and {reason}.
        throttle_is_modelled: whether botocore's service model knows that code.
        has_global_endpoint: calls may be signed for us-east-1, whichever regions are enabled.
    """

    name: str
    protocol: Protocol
    throttled: tuple[str, int, str]
    signing_name: str | None = None
    denied: tuple[str, int] = ("AccessDeniedException", 403)
    denial: str = "User: {user} is not authorized to perform: {action} on resource: {resource} {reason}"
    throttle_is_modelled: bool = True
    has_global_endpoint: bool = False

    @property
    def signed_as(self) -> str:
        """The service's name in signatures."""
        return self.signing_name or self.name

    def refusal(self, retry_after: str | None = None) -> ServiceFault:
        """Make the refusal by quota."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        code, status, message = self.throttled
        return ServiceFault(code, status, message, headers=headers, modelled=self.throttle_is_modelled)

    def not_allowed(self, *, user: str, action: str, resource: str, reason: str = "") -> ServiceFault:
        """Make the refusal of a call that IAM does not allow. `reason` is how AWS's sentence ends."""
        code, status = self.denied
        message = self.denial.format(user=user, action=action, resource=resource, reason=reason)
        return ServiceFault(code, status, message.rstrip(), modelled=False)

    def unknown_token(self) -> ServiceFault:
        """Make the refusal of good credentials where their account has not enabled the region."""
        code, status = _UNKNOWN_TOKEN[self.protocol]
        message = "The security token included in the request is invalid."
        return ServiceFault(code, status, message, modelled=False)


API_GATEWAY = AwsService(
    name="apigateway",
    protocol="rest-json",
    throttled=("TooManyRequestsException", 429, "Too Many Requests"),
)
"""The service that all this is about. Its quotas are those that AWS documents."""
