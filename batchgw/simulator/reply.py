"""What comes out of the simulated service: a reply, a fault, or a cut connection.

Bodies are wire bodies: members under their wire names (a list is `item`), timestamps in seconds since the
epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Body = dict[str, object]
"""A JSON object, as it goes over the wire."""


Params = Mapping[str, object]
"""Parameters of an operation under botocore's member names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A success. `body` is a JSON object, raw bytes (GetExport), or None for an empty body."""

    status: int
    body: Body | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ServiceFault(Exception):
    """A refusal by the service.

    On the wire (rest-json) `code` goes into the header x-amzn-ErrorType and the body is {"message": message}.

    Attributes:
        code: AWS's error code, such as "NotFoundException".
        status: HTTP status.
        headers: further headers, such as Retry-After; the engine adds x-amzn-RequestId.
        modelled: whether botocore's service model knows the code.
        members: what the error says beside its message, such as `Reason` of Organizations.
    """

    def __init__(
        self,
        code: str,
        status: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        modelled: bool = True,
        members: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code} ({status}): {message}")
        self.code = code
        self.status = status
        self.message = message
        self.headers: dict[str, str] = dict(headers or {})
        self.modelled = modelled
        self.members: Mapping[str, str] = members or {}

    @property
    def request_id(self) -> str | None:
        """The request's id, once the engine has given it one."""
        return self.headers.get("x-amzn-RequestId")


def bad_request(message: str) -> ServiceFault:
    """Make the refusal of a request whose content is wrong."""
    return ServiceFault("BadRequestException", 400, message)


def not_found(message: str) -> ServiceFault:
    """Make the refusal of a request for something that does not exist."""
    return ServiceFault("NotFoundException", 404, message)


def conflict(message: str) -> ServiceFault:
    """Make the refusal of a request that conflicts with what exists."""
    return ServiceFault("ConflictException", 409, message)


class ArbitraryAnswer(Exception):
    """The fault script replaces the service's answer by another.

    Attributes:
        status: of HTTP.
        body: as it goes over the wire.
        signed: whether it has a request id, as AWS's answers have.
        pause: seconds after which more of the body follows, for ever; None where the body has an end.
    """

    def __init__(self, *, status: int, body: bytes, signed: bool, pause: float | None) -> None:
        super().__init__("the answer does not come from the service")
        self.status = status
        self.body = body
        self.signed = signed
        self.pause = pause


class ConnectionCutByServer(Exception):
    """The server closes the connection without an answer. `applied` tells whether the change was made."""

    def __init__(self, *, applied: bool) -> None:
        super().__init__(
            "the connection was cut " + ("after" if applied else "before") + " the call took effect"
        )
        self.applied = applied


class ConnectionRefusedByServer(ConnectionCutByServer):
    """No connection can be made. Over HTTP there is one already, which is closed without an answer."""

    def __init__(self) -> None:
        super().__init__(applied=False)
