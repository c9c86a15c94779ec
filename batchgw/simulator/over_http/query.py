"""AWS's query protocol, which STS speaks: parameters in a form, answers in XML, after botocore's model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

from botocore.model import ListShape, OperationNotFoundError, Shape, StructureShape

from batchgw.simulator.over_http.authentication import AuthFailure
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall
from batchgw.simulator.reply import Reply, ServiceFault
from batchgw.simulator.service_models import service_model

_CODES: Mapping[AuthFailure, tuple[str, int]] = {
    AuthFailure.NOT_SIGNED: ("MissingAuthenticationToken", 403),
    AuthFailure.INCOMPLETE: ("IncompleteSignature", 400),
    AuthFailure.UNKNOWN_KEY: ("InvalidClientTokenId", 403),
    AuthFailure.EXPIRED: ("ExpiredToken", 403),
    AuthFailure.WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
}


class Query:
    """Operations by the form field Action."""

    def __init__(self, service: str) -> None:
        self._model = service_model(service)
        self._namespace = str(self._model.metadata.get("xmlNamespace", ""))

    def read(self, call: HttpCall) -> tuple[str, dict[str, object]]:
        """Read the form. Raises ServiceFault for an action the service does not have."""
        form = dict(parse_qsl(call.body.decode(errors="replace") or call.query, keep_blank_values=True))
        action = form.get("Action", "")
        try:
            shape = self._model.operation_model(action).input_shape
        except OperationNotFoundError:
            unknown = (
                f"Could not find operation {action} for version {form.get('Version', 'NO_VERSION_SPECIFIED')}"
            )
            raise ServiceFault("InvalidAction", 400, unknown, modelled=False) from None
        return action, _read_members(form, "", shape) if shape is not None else {}

    def auth_failure(self, failure: AuthFailure, message: str) -> ServiceFault:
        """Name it with one of the protocol's own, shorter codes."""
        code, status = _CODES[failure]
        return ServiceFault(code, status, message, modelled=False)

    def reply(self, operation: str, reply: Reply, request_id: str) -> HttpAnswer:
        """Wrap the result in its two envelopes."""
        root = Element(f"{operation}Response", xmlns=self._namespace)
        shape = self._model.operation_model(operation).output_shape
        if isinstance(reply.body, dict) and isinstance(shape, StructureShape):
            _write(SubElement(root, f"{operation}Result"), reply.body, shape)
        SubElement(SubElement(root, "ResponseMetadata"), "RequestId").text = request_id
        return _answer(reply.status, root, request_id, reply.headers)

    def fault(self, fault: ServiceFault, request_id: str) -> HttpAnswer:
        """Write the error's envelope."""
        root = Element("ErrorResponse", xmlns=self._namespace)
        error = SubElement(root, "Error")
        SubElement(error, "Type").text = "Sender" if fault.status < 500 else "Receiver"  # noqa: PLR2004 - HTTP
        SubElement(error, "Code").text = fault.code
        SubElement(error, "Message").text = fault.message
        SubElement(root, "RequestId").text = request_id
        return _answer(fault.status, root, request_id, fault.headers)


def _read_members(form: Mapping[str, str], prefix: str, shape: StructureShape) -> dict[str, object]:
    found = {name: _read(form, prefix + name, member) for name, member in shape.members.items()}
    return {name: value for name, value in found.items() if value is not None}


def _read(form: Mapping[str, str], key: str, shape: Shape) -> object | None:
    """Read what stands under a key: a field, or fields below it ("Tags.member.1.Key")."""
    if isinstance(shape, ListShape):
        return _read_list(form, key, shape)
    if isinstance(shape, StructureShape):
        return _read_members(form, f"{key}.", shape) or None
    value = form.get(key)
    if value is not None and shape.type_name == "integer":
        return int(value) if value.lstrip("-").isdigit() else value
    return value


def _read_list(form: Mapping[str, str], key: str, shape: ListShape) -> list[object] | None:
    items: list[object] = []
    while (item := _read(form, f"{key}.member.{len(items) + 1}", shape.member)) is not None:
        items.append(item)
    return items or None


def _write(parent: Element, value: Mapping[str, object], shape: StructureShape) -> None:
    for name, member in shape.members.items():
        item = value.get(name)
        if isinstance(item, dict) and isinstance(member, StructureShape):
            _write(SubElement(parent, name), item, member)
        elif item is not None:
            SubElement(parent, name).text = _text(item, member)


def _text(value: object, shape: Shape) -> str:
    if shape.type_name == "timestamp" and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def _answer(status: int, root: Element, request_id: str, headers: Mapping[str, str]) -> HttpAnswer:
    own = {"x-amzn-RequestId": request_id, "Content-Type": "text/xml"}
    return HttpAnswer(status=status, headers={**own, **headers}, body=tostring(root))
