"""botocore's models of the services that are simulated: their operations, parameters and answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel


def service_model(service: str) -> ServiceModel:
    """Give the model of a service by botocore's name for it.

    A session would give it, too, but fails where the environment names a profile that does not exist.
    """
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def partition(region: str) -> str:
    """Name the partition of a region: the second part of every ARN there."""
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


def permission(service: str, operation: str, params: Mapping[str, object], region: str) -> tuple[str, str]:
    """Name the action and the resource that a call needs in IAM.

    API Gateway's actions are HTTP methods, and its resources paths. What other services' operations are about
    is "*" here. Parameters are under botocore's names.
    """
    if service != "apigateway":
        return f"{service}:{operation}", "*"
    method, path, names = _path(operation)
    filled = path.format_map({label: params.get(name, "*") for label, name in names})
    return f"apigateway:{method}", f"arn:{partition(region)}:apigateway:{region}::{filled}"


@cache
def _path(operation: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Give an operation's method, its path, and the path's labels with the names of their parameters."""
    model = service_model("apigateway").operation_model(operation)
    path = str(model.http["requestUri"]).partition("?")[0].replace("+}", "}")
    members = model.input_shape.members if model.input_shape else {}
    names = {str(shape.serialization.get("name", name)): str(name) for name, shape in members.items()}
    labels = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return str(model.http["method"]), path, tuple((label, names[label]) for label in labels)
