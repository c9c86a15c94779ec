"""The wire protocols of AWS's services, behind one interface: reads calls and writes answers.

API Gateway speaks rest-json, Organizations json-1.1; STS's XML is in `query`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from batchgw.simulator.over_http.authentication import AuthFailure
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall
from batchgw.simulator.over_http.routes import NoSuchRoute, Routes
from batchgw.simulator.reply import Reply, ServiceFault

REQUEST_ID = "x-amzn-RequestId"
ERROR_TYPE = "x-amzn-ErrorType"

_EXCEPTIONS: Mapping[AuthFailure, str] = {
    AuthFailure.NOT_SIGNED: "MissingAuthenticationTokenException",
    AuthFailure.INCOMPLETE: "IncompleteSignatureException",
    AuthFailure.UNKNOWN_KEY: "UnrecognizedClientException",
    AuthFailure.EXPIRED: "ExpiredTokenException",
    AuthFailure.WRONG_SIGNATURE: "InvalidSignatureException",
}


class WireProtocol(Protocol):
    """The wire protocol of a service."""

    def read(self, call: HttpCall) -> tuple[str, dict[str, object]]:
        """Tell the operation and its parameters. Raises ServiceFault when there is no such operation."""
        ...

    def auth_failure(self, failure: AuthFailure, message: str) -> ServiceFault:
        """Make the error of a failed authentication, with this protocol's code."""
        ...

    def reply(self, operation: str, reply: Reply, request_id: str) -> HttpAnswer:
        """Write a success."""
        ...

    def fault(self, fault: ServiceFault, request_id: str) -> HttpAnswer:
        """Write a refusal."""
        ...


class RestJson:
    """Operations by method and path; an error's code is in a header, its message in the body (recorded)."""

    def __init__(self, service: str) -> None:
        self._routes = Routes(service)

    def read(self, call: HttpCall) -> tuple[str, dict[str, object]]:
        """Look the route up."""
        try:
            return self._routes.match(call)
        except NoSuchRoute:
            # AWS answers this to a signed request whose operation it cannot tell.
            unknown = "Unable to determine service/operation name to be authorized"
            raise ServiceFault("AccessDeniedException", 403, unknown, modelled=False) from None

    def auth_failure(self, failure: AuthFailure, message: str) -> ServiceFault:
        """Name it with an exception; all are 403."""
        return ServiceFault(_EXCEPTIONS[failure], 403, message, modelled=False)

    def reply(self, operation: str, reply: Reply, request_id: str) -> HttpAnswer:  # noqa: ARG002 - not needed here
        """Write the body as it is."""
        headers = {REQUEST_ID: request_id, "Content-Type": "application/json", **reply.headers}
        return HttpAnswer(status=reply.status, headers=headers, body=_bytes(reply.body))

    def fault(self, fault: ServiceFault, request_id: str) -> HttpAnswer:
        """Write code and message."""
        headers = {
            REQUEST_ID: request_id,
            "Content-Type": "application/json",
            **fault.headers,
            ERROR_TYPE: fault.code,
        }
        return HttpAnswer(status=fault.status, headers=headers, body=_bytes({"message": fault.message}))


class Json11:
    """Operations by the header X-Amz-Target; every refusal of a caller is a 400."""

    _CONTENT_TYPE = "application/x-amz-json-1.1"

    def read(self, call: HttpCall) -> tuple[str, dict[str, object]]:
        """Take the operation from behind the dot of the target."""
        return call.headers.get("X-Amz-Target", "").rpartition(".")[2], dict(call.json())

    def auth_failure(self, failure: AuthFailure, message: str) -> ServiceFault:
        """Name it with an exception."""
        return ServiceFault(_EXCEPTIONS[failure], 400, message, modelled=False)

    def reply(self, operation: str, reply: Reply, request_id: str) -> HttpAnswer:  # noqa: ARG002 - not needed here
        """Write the body as it is."""
        headers = {REQUEST_ID: request_id, "Content-Type": self._CONTENT_TYPE, **reply.headers}
        return HttpAnswer(status=reply.status, headers=headers, body=_bytes(reply.body))

    def fault(self, fault: ServiceFault, request_id: str) -> HttpAnswer:
        """Write the code into the body, under `__type`."""
        headers = {REQUEST_ID: request_id, "Content-Type": self._CONTENT_TYPE, **fault.headers}
        messages = {"Message": fault.message, "message": fault.message}
        body = _bytes({"__type": fault.code, **messages, **fault.members})
        return HttpAnswer(status=fault.status, headers=headers, body=body)


def _bytes(body: Mapping[str, object] | bytes | None) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
