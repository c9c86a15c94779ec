"""A call as quota, faults and statistics see it: which operation of which service, where, on which API."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.simulator.reply import Params, ServiceFault
from batchgw.simulator.services import API_GATEWAY, AwsService

_READS = ("Get", "List", "Describe")

Target = tuple[str, str, str]
"""An API that a call changes: account, region, id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call.

    Attributes:
        operation: AWS's name of it.
        account: whose credentials signed.
        region: the endpoint's.
        service: whose operation it is.
        api: id of the REST API it names; empty where it names none.
        type: the gateway response type it names; empty where it names none.
        quota: the quota of its own that it counts in, when that is not the operation's name.
    """

    operation: str
    account: str
    region: str
    service: AwsService = API_GATEWAY
    api: str = ""
    type: str = ""
    quota: str = ""

    @classmethod
    def of(
        cls,
        operation: str,
        account: str,
        region: str,
        params: Params,
        *,
        service: AwsService = API_GATEWAY,
    ) -> Call:
        """Read a call from its wire parameters. What has a wrong shape is left for the service to refuse."""
        edge = operation == "CreateRestApi" and _endpoint_type(params) == "EDGE"
        return cls(
            operation=operation,
            account=account,
            region=region,
            service=service,
            api=_text(params, "restApiId"),
            type=_text(params, "responseType"),
            quota="CreateRestApi:EDGE" if edge else operation,
        )

    @property
    def writes(self) -> bool:
        """Whether it changes something in API Gateway."""
        return self.service is API_GATEWAY and not self.operation.startswith(_READS)

    @property
    def target(self) -> Target | None:
        """The API it changes, None when it changes none that exists already."""
        return (self.account, self.region, self.api) if self.api and self.writes else None

    def throttled(self, retry_after: str | None = None) -> ServiceFault:
        """Make the refusal by quota, in the words of the call's service."""
        return self.service.refusal(retry_after)

    def denied(self) -> ServiceFault:
        """Make the refusal of a call whose signer lacks the permission."""
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


_BELOW_API = {
    "CreateDeployment": "/deployments",
    "GetDeployments": "/deployments",
    "GetGatewayResponses": "/gatewayresponses",
    "GetResources": "/resources",
    "GetStages": "/stages",
}
"""Where collections of an API stand."""

_VERBS = {"Get": "GET", "Put": "PUT", "Update": "PATCH", "Delete": "DELETE"}
