"""A call as quota, faults and statistics see it: what is asked of which service, where, about what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from batchgw.simulator.operations.params import Params
from batchgw.simulator.reply import ServiceFault

_SERVICES: Mapping[str, str] = {
    "AssumeRole": "sts",
    "GetCallerIdentity": "sts",
    "ListAccounts": "organizations",
    "DescribeOrganization": "organizations",
}
_READS = ("Get", "List", "Describe")


@lru_cache(maxsize=1024)
def _kind(operation: str) -> tuple[str, bool]:
    """Whose operation it is, and whether it changes something there. Asked several times a call."""
    service = _SERVICES.get(operation, "apigateway")
    return service, service == "apigateway" and not operation.startswith(_READS)


Target = tuple[str, str, str]
"""An API that a call changes: account, region, id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `api` and `type` are empty where the operation has none, `quota` names its own bucket."""

    operation: str
    account: str
    region: str
    api: str = ""
    type: str = ""
    quota: str = ""

    @classmethod
    def of(cls, operation: str, account: str, region: str, params: Params) -> Call:
        """Read what matters from wire parameters. Those of a wrong shape are the service's to refuse."""
        edge = operation == "CreateRestApi" and _endpoint_type(params) == "EDGE"
        return cls(
            operation=operation,
            account=account,
            region=region,
            api=_text(params, "restApiId"),
            type=_text(params, "responseType"),
            quota="CreateRestApi:EDGE" if edge else operation,
        )

    @property
    def service(self) -> str:
        """Whose operation it is: apigateway, sts or organizations."""
        return _kind(self.operation)[0]

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return _kind(self.operation)[1]

    @property
    def target(self) -> Target | None:
        """The API it changes, None when it changes none that exists already."""
        return (self.account, self.region, self.api) if self.api and self.writes else None

    def throttled(self, retry_after: str | None = None) -> ServiceFault:
        """The refusal by quota, in the words of the service asked; the status is not always 429."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        code, status, message = _THROTTLES[self.service]
        return ServiceFault(code, status, message, headers=headers, modelled=self.service != "sts")

    def denied(self) -> ServiceFault:
        """The refusal for want of a permission."""
        verb = next((v for start, v in _VERBS.items() if self.operation.startswith(start)), "POST")
        path = f"/restapis/{self.api}" if self.api else "/restapis"
        path += f"/gatewayresponses/{self.type}" if self.type else _BELOW_API.get(self.operation, "")
        return ServiceFault(
            "AccessDeniedException",
            403,
            f"User: arn:aws:sts::{self.account}:assumed-role/batchgw/batchgw is not authorized to perform: "
            f"apigateway:{verb} on resource: arn:aws:apigateway:{self.region}::{path}",
            modelled=False,
        )


def _text(params: Params, name: str) -> str:
    value = params.get(name)
    return value if isinstance(value, str) else ""


def _endpoint_type(params: Params) -> object:
    """The endpoint type a CreateRestApi asks for; the service's default is EDGE."""
    match params.get("endpointConfiguration"):
        case {"types": [first, *_]}:
            return first
        case _:
            return "EDGE"


_THROTTLES: Mapping[str, tuple[str, int, str]] = {
    "apigateway": ("TooManyRequestsException", 429, "Too Many Requests"),
    "organizations": (
        "TooManyRequestsException",
        400,
        "AWS Organizations can't complete your request because there are too many requests. Try again later.",
    ),
    "sts": ("Throttling", 400, "Rate exceeded"),
}
_BELOW_API = {
    "CreateDeployment": "/deployments",
    "GetDeployments": "/deployments",
    "GetGatewayResponses": "/gatewayresponses",
    "GetResources": "/resources",
    "GetStages": "/stages",
}
"""Where collections of an API stand."""

_VERBS = {"Get": "GET", "Put": "PUT", "Update": "PATCH", "Delete": "DELETE"}
