"""The seam to deployed APIs: a probe in, an answer out. It costs no quota of the control plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from batchgw.model import RestApi

LONGEST_BODY: Final = 64 * 1024
"""Bytes of an answer's body that are kept. A gateway response has a few hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """One GET of a deployed API.

    Attributes:
        api: the REST API.
        stage: the name of its stage.
        path: below the stage, as it is sent: it begins with a slash, and is percent-encoded.
    """

    api: RestApi
    stage: str
    path: str = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeAnswer:
    """What was answered, whatever its status.

    Attributes:
        status: of HTTP. A redirection is an answer: it is not followed.
        headers: by their names in small letters. Several of one name are joined by ", ".
        body: up to `LONGEST_BODY` bytes of it, read as UTF-8. What is none is replaced.
    """

    status: int
    headers: Mapping[str, str]
    body: str


class DataPlane(Protocol):
    """Answers probes: AWS over HTTPS, an emulator, or the simulator in process."""

    async def get(self, request: ProbeRequest) -> ProbeAnswer:
        """Make one GET. Raises `ProbeFailed` where no answer came."""
        ...
