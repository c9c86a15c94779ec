"""botocore's models of the services that are simulated: their operations, parameters and answers."""

from __future__ import annotations

from botocore.loaders import Loader
from botocore.model import ServiceModel


def service_model(service: str) -> ServiceModel:
    """Give the model of a service by botocore's name for it.

    A session would give it, too, but fails where the environment names a profile that does not exist.
    """
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)
