"""Where things are: account, region, REST API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from batchgw.model.owner import Owner

AccountId = NewType("AccountId", str)
"""Twelve digits."""

Region = NewType("Region", str)
"""An AWS region code, such as eu-west-1."""

RestApiId = NewType("RestApiId", str)
"""API Gateway's id of a REST API: ten lower-case letters and digits."""

_REGION = re.compile(r"[a-z]{1,20}(-[a-z0-9]{1,20}){1,5}", re.ASCII)


def is_region(text: str) -> bool:
    """Tell whether a text has the form of a region: hosts are named after it.

    Emulators have regions of their own, such as local-1.
    """
    return _REGION.fullmatch(text) is not None and text[-1].isdigit()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Scope:
    """One account in one region: what AWS's request quota and a run's lock apply to."""

    account: AccountId
    region: Region

    def __str__(self) -> str:
        """Render as `account/region`, the spelling of flags, logs and reports."""
        return f"{self.account}/{self.region}"

    @classmethod
    def parse(cls, text: str) -> Scope:
        """Read `account/region`. Raises ValueError on any other form."""
        account, slash, region = text.partition("/")
        if not (slash and account and region):
            raise ValueError(f"not an account/region: {text!r}")
        return cls(account=AccountId(account), region=Region(region))


@dataclass(frozen=True, slots=True, kw_only=True)
class RestApi:
    """A REST API as GetRestApis lists it. `created` is seconds since the epoch, when known.

    `owner` is who manages it; None where nobody asked.

    `disable_execute_api_endpoint` is what is set, which takes effect when a stage is next updated.
    `endpoint_access_mode` is AWS's word, such as STRICT; "" where it is not set. The journal keeps neither,
    so the APIs of a run that is resumed have the defaults.
    """

    scope: Scope
    id: RestApiId
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    endpoint_types: tuple[str, ...] = ()
    created: float | None = None
    disable_execute_api_endpoint: bool = False
    endpoint_access_mode: str = ""
    owner: Owner | None = None

    def __str__(self) -> str:
        """Render as `account/region/id`."""
        return f"{self.scope}/{self.id}"
