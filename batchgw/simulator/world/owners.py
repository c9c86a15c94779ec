"""What manages a generated API, and what it leaves behind: tags, descriptions of deployments, a stack.

CloudFormation tags what it makes, but not the APIs of SAM and Serverless. CDK and SAM describe their
deployments. Terraform leaves nothing of its own; but people tag what they make with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from batchgw.simulator.world.identifiers import mixed

OwnerKind = Literal["cloudformation", "cdk", "sam", "serverless", "terraform"]

KINDS: Final[tuple[OwnerKind, ...]] = (
    "cloudformation", "cdk", "cdk", "sam", "serverless", "terraform", "terraform",
)  # fmt: skip
"""In their shares."""

_CDK_DESCRIPTION = "Automatically created by the RestApi construct"
"""What CDK writes into each deployment."""

StackResource = tuple[str, str, str]
"""A resource of a stack: its logical id, its type and its physical id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What manages an API.

    Attributes:
        kind: of tool.
        api: the API's name, which names the stack, too.
        account: the API's.
        region: the API's.
        bits: what is random about it follows from these.
    """

    kind: OwnerKind
    api: str
    account: str
    region: str
    bits: int

    @property
    def stack(self) -> str | None:
        """The name of its stack; None where there is none."""
        match self.kind:
            case "terraform":
                return None
            case "cdk":
                return f"{_camel(self.api)}Stack"
            case "serverless":
                return f"{self.api}-prod"
            case "cloudformation" | "sam":
                return self.api

    @property
    def stack_id(self) -> str:
        """The stack's ARN."""
        digits = f"{mixed(self.bits, 1):016x}{mixed(self.bits, 2):016x}"
        uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{self.stack}/{uuid}"

    @property
    def tags(self) -> Mapping[str, str]:
        """What it puts on the API."""
        match self.kind:
            case "cloudformation" | "cdk":
                return {
                    "aws:cloudformation:stack-name": self.stack or "",
                    "aws:cloudformation:stack-id": self.stack_id,
                    "aws:cloudformation:logical-id": self.logical_id,
                }
            case "terraform":
                return {"ManagedBy": "terraform"}
            case "sam" | "serverless":
                return {}

    @property
    def deployment_description(self) -> str | None:
        """What it writes into the API's deployments; None for nothing."""
        match self.kind:
            case "cdk":
                return _CDK_DESCRIPTION
            case "sam":
                return f"RestApi deployment id: {self._digits(40)}"
            case _:
                return None

    @property
    def logical_id(self) -> str:
        """What the API is called in its stack's template."""
        match self.kind:
            case "cdk":
                return f"{_camel(self.api)}{self._digits(8).upper()}"
            case "sam":
                return "ServerlessRestApi"
            case "serverless":
                return "ApiGatewayRestApi"
            case "cloudformation" | "terraform":
                return "RestApi"

    def resources(self, api: str, deployments: Mapping[str, str]) -> tuple[StackResource, ...]:
        """Give all resources of its stack. `deployments` are the ids of deployments by the stage of each."""
        own = (self.logical_id, "AWS::ApiGateway::RestApi", api)
        inside = tuple(
            resource
            for stage, deployment in deployments.items()
            for resource in (
                (f"{self.logical_id}Deployment{deployment}", "AWS::ApiGateway::Deployment", deployment),
                (f"{self.logical_id}{_camel(stage)}Stage", "AWS::ApiGateway::Stage", stage),
            )
        )
        return (own, *inside, *self._beside)

    @property
    def _beside(self) -> tuple[StackResource, ...]:
        """What the tool adds to each of its stacks."""
        match self.kind:
            case "cdk":
                return (("CDKMetadata", "AWS::CDK::Metadata", self._digits(32)),)
            case "serverless":
                bucket = f"{self.api}-serverlessdeploymentbucket-{self._digits(12)}"
                return (("ServerlessDeploymentBucket", "AWS::S3::Bucket", bucket),)
            case _:
                return ()

    def _digits(self, count: int) -> str:
        return "".join(f"{mixed(self.bits, place):016x}" for place in range(3, 6))[:count]


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))
