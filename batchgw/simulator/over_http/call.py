"""A request as it came over the wire, before anybody has judged it: what auth and routing read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from batchgw.simulator.reply import ServiceFault


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

    def json(self) -> Mapping[str, object]:
        """Read the body as a JSON object; an empty one is an empty object. Raises ServiceFault."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body, parse_constant=_refused)
            if b"\\u" in self.body:
                json.dumps(value, ensure_ascii=False).encode()  # half a character is none
        except (ValueError, RecursionError):
            raise _not_serializable("The request body is not valid JSON") from None
        if not isinstance(value, dict):
            raise _not_serializable("Expected map or null")
        return value


def _refused(constant: str) -> object:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def _not_serializable(message: str) -> ServiceFault:
    return ServiceFault("SerializationException", 400, message, modelled=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What goes back: a status, headers, and the body's bytes.

    With `pause` the body is sent again and again for ever, so many seconds apart.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    pause: float | None = None
