"""A call of a deployed API, and what is answered to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

_HOST = re.compile(r"(?P<api>[a-z0-9]+)(?:-vpce-[a-z0-9]+)?\.execute-api\.(?P<region>[a-z0-9-]+)(?:\.|$)")
_LOCAL = re.compile(r"/restapis/(?P<api>[^/]+)/(?P<stage>[^/]+)/_user_request_(?P<path>/.*)?", re.DOTALL)
"""The path under which emulators that have one host serve a stage."""

ROOT: Final = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A call of a deployed API.

    Attributes:
        api: its id, as the caller gives it.
        stage: likewise; empty where none is given.
        path: below the stage, decoded; it begins with a slash.
        method: of HTTP.
        region: that of the host; empty where the host does not tell it.
        query: the last value of each name.
        headers: by their names in small letters.
    """

    api: str
    stage: str
    path: str = ROOT
    method: str = "GET"
    region: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, method: str, target: str, headers: Mapping[str, str]) -> Invocation | None:
        """Read it from an HTTP request; None for a request that is not about the data plane.

        A stage is at `/restapis/API/STAGE/_user_request_/...` of any host, or at `/STAGE/...` of the host
        `API.execute-api.REGION...`. `headers` are by their names in small letters.
        """
        path, _, query = target.partition("?")
        local = _LOCAL.fullmatch(path)
        host = _HOST.match(headers.get("host", "").lower())
        if local is not None:
            api, region, stage, below = local["api"], "", local["stage"], local["path"]
        elif host is not None:
            api, region = host["api"], host["region"]
            stage, _, below = path.removeprefix("/").partition("/")
        else:
            return None
        return cls(
            api=api,
            stage=unquote(stage),
            path=ROOT + unquote(below or "").removeprefix("/"),
            method=method,
            region=region,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers=headers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the caller gets. Names of headers are as they are sent."""

    status: int
    headers: Mapping[str, str]
    body: str
