"""A call as quota, faults and statistics see it: which operation of which service, where, on which API."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchgw.simulator.reply import Params, ServiceFault
from batchgw.simulator.service_models import permission
from batchgw.simulator.services import API_GATEWAY, AwsService
from batchgw.simulator.world.keys import Key

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
        params: its parameters, under botocore's names.
        caller: whose key signed; None for the account's own.
    """

    operation: str
    account: str
    region: str
    service: AwsService = API_GATEWAY
    api: str = ""
    type: str = ""
    quota: str = ""
    params: Params = field(default_factory=dict, compare=False, repr=False)
    caller: Key | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        operation: str,
        account: str,
        region: str,
        params: Params,
        *,
        service: AwsService = API_GATEWAY,
        caller: Key | None = None,
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
            params=params,
            caller=caller,
        )

    @property
    def writes(self) -> bool:
        """Whether it changes something in API Gateway."""
        return self.service is API_GATEWAY and not self.operation.startswith(_READS)

    @property
    def target(self) -> Target | None:
        """The API it changes, None when it changes none that exists already."""
        return (self.account, self.region, self.api) if self.api and self.writes else None

    @property
    def needs(self) -> tuple[str, str]:
        """The action and the resource that IAM is asked about."""
        return permission(self.service.name, self.operation, self.params, self.region)

    def throttled(self, retry_after: str | None = None) -> ServiceFault:
        """Make the refusal by quota, in the words of the call's service."""
        return self.service.refusal(retry_after)

    def denied(self, reason: str = "", *, resource: str | None = None) -> ServiceFault:
        """Make the refusal of a call whose signer lacks the permission.

        `reason` is how AWS's sentence ends, `resource` what the call is about where its path does not say it.
        """
        action, path = self.needs
        nobody = f"arn:aws:sts::{self.account}:assumed-role/batchgw/batchgw"
        user = nobody if self.caller is None else self.caller.arn
        return self.service.not_allowed(user=user, action=action, resource=resource or path, reason=reason)


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
