"""A request as it came over the wire, before anybody has judged it: what auth and routing read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One HTTP request, whole.

    `target` is the path with its query string exactly as sent, because signatures cover the raw form.
    `headers` must look names up without regard to case.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    secure: bool = False  # came over TLS

    @property
    def path(self) -> str:
        """The path as sent, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query string as sent, without the question mark."""
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What goes back: a status, headers, and the body's bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
