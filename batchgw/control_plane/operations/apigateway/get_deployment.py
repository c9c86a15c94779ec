"""GetDeployment: what somebody wrote on a deployment, when it was made, and which methods it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batchgw.control_plane.interface import ApiRequest, Operation, Reading, Value, Wire
from batchgw.control_plane.operations.apigateway.create_deployment import DeploymentId
from batchgw.control_plane.operations.checks import is_id, is_text
from batchgw.control_plane.operations.unreadable import unreadable_answer

DEPLOYMENT_PATH = "/restapis/{restApiId}/deployments/{deploymentId}"
"""The HTTP path of one deployment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment. `created` is seconds since the epoch, when known."""

    id: DeploymentId
    description: str = ""
    created: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSummary:
    """How a method lets callers in.

    `authorization` is AWS's word: NONE, AWS_IAM, CUSTOM or COGNITO_USER_POOLS. It is None where the answer
    does not say.
    """

    authorization: str | None
    api_key_required: bool = False


Methods = Mapping[tuple[str, str], MethodSummary]
"""The methods of an API, by path and HTTP method. API Gateway's own method for all others is "ANY"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequest(ApiRequest[Value]):
    """A call about one deployment of a REST API."""

    deployment: DeploymentId

    @property
    def target(self) -> str:
        """The deployment."""
        return self.deployment

    def params(self) -> Wire:
        """Name the deployment."""
        return {"restApiId": self.api, "deploymentId": self.deployment}

    def read_deployment(self, answer: Wire) -> Deployment:
        """Read it. Raises a `CallError` for an answer about another deployment."""
        if answer.get("id") != self.deployment:
            raise unreadable_answer(f"it is not about deployment {self.deployment}")
        return read_deployment(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDeployment(DeploymentRequest[Deployment]):
    """Read one deployment of an API. Raises EntityNotFound where it was deleted."""

    operation = Operation(name="GetDeployment", method="get_deployment", http="GET", path=DEPLOYMENT_PATH)

    def read(self, answer: Wire, reading: Reading) -> Deployment:
        """Read it."""
        del reading
        return self.read_deployment(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetApiSummary(DeploymentRequest[Methods]):
    """Read the methods that a deployment holds, also one that no stage is on. It is GetDeployment, too."""

    operation = GetDeployment.operation

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"restApiId": self.api, "deploymentId": self.deployment, "embed": ["apisummary"]}

    def read(self, answer: Wire, reading: Reading) -> Methods:
        """Read the summary. Raises a `CallError` for an answer without one: emulators may have none."""
        del reading
        self.read_deployment(answer)
        found = answer.get("apiSummary")
        if not isinstance(found, dict):
            raise unreadable_answer(f"it has no summary of deployment {self.deployment}, which was asked for")
        return {
            (path, verb): method
            for path, members in found.items()
            for verb, method in read_methods(path, members)
        }


def read_deployment(item: Any) -> Deployment:
    """Read a deployment. Raises a `CallError` for a value that is not as in the service model."""
    members: Wire = item if isinstance(item, dict) else {}
    found, description, created = (members.get(m) for m in ("id", "description", "createdDate"))
    if not is_id(found):
        raise unreadable_answer("a deployment in it has no id")
    if description is not None and not is_text(description, None):
        raise unreadable_answer(f"the description of deployment {found} is not a text that can be kept")
    return Deployment(
        id=DeploymentId(found),
        description=description or "",
        created=created.timestamp() if isinstance(created, datetime) else None,
    )


def read_methods(path: object, found: object) -> list[tuple[str, MethodSummary]]:
    """Read the methods of a path, by HTTP method. Raises a `CallError` for what is none."""
    if not is_text(path) or not isinstance(found, dict):
        raise unreadable_answer("a path in it, or its methods, are not as AWS tells them")
    return [(verb, _method(path, verb, members)) for verb, members in found.items()]


def _method(path: str, verb: object, found: object) -> MethodSummary:
    members: Wire = found if isinstance(found, dict) else {"authorizationType": found}
    authorization, api_key = members.get("authorizationType"), members.get("apiKeyRequired")
    sound = authorization is None or is_text(authorization)
    if not is_text(verb) or not sound or not isinstance(api_key, bool | None):
        raise unreadable_answer(f"a method of {path} in it is not as AWS tells one")
    return MethodSummary(authorization=authorization, api_key_required=bool(api_key))
