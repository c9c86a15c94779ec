"""What somebody else does to an API: one record a kind of edit, each of which makes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from batchgw.simulator.edits.hand import NEWEST, Hand


class Edit(Protocol):
    """One edit. `name` is that of scripts and statistics."""

    name: ClassVar[str]

    def make(self, hand: Hand) -> None:
        """Make it. Raises ServiceFault where the service refuses it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PutGatewayResponse:
    """Customise a gateway response; what is left out goes to the service's default."""

    name: ClassVar[str] = "put_gateway_response"
    type: str
    status: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)

    def make(self, hand: Hand) -> None:
        """Make it."""
        status = {} if self.status is None else {"statusCode": self.status}
        settings = {"responseParameters": dict(self.parameters), "responseTemplates": dict(self.templates)}
        hand.do("PutGatewayResponse", responseType=self.type, **status, **settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGatewayResponse:
    """Reset a gateway response to its default."""

    name: ClassVar[str] = "delete_gateway_response"
    type: str

    def make(self, hand: Hand) -> None:
        """Make it."""
        hand.do("DeleteGatewayResponse", responseType=self.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMethod:
    """Add a method with a MOCK integration, and the resources on the way to it."""

    name: ClassVar[str] = "add_method"
    path: str
    method: str = "GET"
    authorization: str = "NONE"
    api_key: bool = False

    def make(self, hand: Hand) -> None:
        """Make it."""
        where = {"resourceId": hand.resource(self.path, make=True), "httpMethod": self.method}
        asks = {"authorizationType": self.authorization, "apiKeyRequired": self.api_key}
        hand.do("PutMethod", **where, **asks)
        hand.do("PutIntegration", **where, type="MOCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMethod:
    """Delete a method."""

    name: ClassVar[str] = "remove_method"
    path: str
    method: str = "GET"

    def make(self, hand: Hand) -> None:
        """Make it."""
        hand.do("DeleteMethod", resourceId=hand.resource(self.path), httpMethod=self.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDeployment:
    """Deploy the API, to a stage or to none."""

    name: ClassVar[str] = "create_deployment"
    stage: str | None = None
    description: str | None = None

    def make(self, hand: Hand) -> None:
        """Make it."""
        given = {"stageName": self.stage, "description": self.description}
        hand.do("CreateDeployment", **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStage:
    """Let a stage serve another deployment."""

    name: ClassVar[str] = "move_stage"
    stage: str
    deployment: str = NEWEST

    def make(self, hand: Hand) -> None:
        """Make it."""
        hand.patch_stage(self.stage, deploymentId=hand.deployment(self.deployment))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCanary:
    """Give a stage a canary, or another one. `percent` of the traffic goes to it."""

    name: ClassVar[str] = "set_canary"
    stage: str
    percent: float
    deployment: str = NEWEST

    def make(self, hand: Hand) -> None:
        """Make it."""
        hand.patch_stage(
            self.stage,
            canarySettings__deploymentId=hand.deployment(self.deployment),
            canarySettings__percentTraffic=f"{self.percent:g}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveCanary:
    """Take a stage's canary away."""

    name: ClassVar[str] = "remove_canary"
    stage: str

    def make(self, hand: Hand) -> None:
        """Make it."""
        removal = {"op": "remove", "path": "/canarySettings"}
        hand.do("UpdateStage", stageName=self.stage, patchOperations=[removal])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDeployment:
    """Delete a deployment. The service refuses it while a stage serves it."""

    name: ClassVar[str] = "delete_deployment"
    deployment: str

    def make(self, hand: Hand) -> None:
        """Make it."""
        hand.do("DeleteDeployment", deploymentId=hand.deployment(self.deployment))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteStage:
    """Delete a stage."""

    name: ClassVar[str] = "delete_stage"
    stage: str

    def make(self, hand: Hand) -> None:
        """Make it."""
        hand.do("DeleteStage", stageName=self.stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteApi:
    """Delete the API."""

    name: ClassVar[str] = "delete_api"

    def make(self, hand: Hand) -> None:
        """Make it."""
        hand.do("DeleteRestApi")


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableEndpoint:
    """Disable the default endpoint, or enable it. It takes effect at the next change of a stage."""

    name: ClassVar[str] = "disable_endpoint"
    disabled: bool = True

    def make(self, hand: Hand) -> None:
        """Make it."""
        value = str(self.disabled).lower()
        replacement = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": value}
        hand.do("UpdateRestApi", patchOperations=[replacement])
