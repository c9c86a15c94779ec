"""What a script with boto3 does in an account-region: list the APIs, read each, compare with the policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from batchgw.model import ResponseType, Settings
from benchmarks.fleet.size import wanted


@dataclass(frozen=True, slots=True)
class Found:
    """How many APIs were read, and how many of them have drifted."""

    read: int = 0
    drifted: int = 0

    def __add__(self, other: Found) -> Found:
        """Both together."""
        return Found(self.read + other.read, self.drifted + other.drifted)


def scan(client: Any) -> Found:
    """Check an account-region. Raises what boto3 raises."""
    found = Found()
    for page in client.get_paginator("get_rest_apis").paginate(limit=500):
        for api in page["items"]:
            items = client.get_gateway_responses(restApiId=api["id"])["items"]
            found += Found(1, int(has_drifted(items)))
    return found


def has_drifted(items: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether an API is not as the policy wants it.

    What an API's team has customised must have the policy's headers. All that the policy names must be as it
    says.
    """
    named, headers = _wanted()
    for item in items:
        settings = named.get(item["responseType"])
        if settings is not None:
            if item["defaultResponse"] or item["responseParameters"] != settings.parameters:
                return True
        elif not item["defaultResponse"] and not headers <= item["responseParameters"].items():
            return True
    return False


@cache
def _wanted() -> tuple[Mapping[str, Settings], set[tuple[str, str]]]:
    named = {kind.value: settings for kind, settings in wanted().items()}
    return named, set(named[ResponseType.DEFAULT_4XX].parameters.items())
