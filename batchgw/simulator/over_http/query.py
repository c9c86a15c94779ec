"""AWS's query protocol: parameters in a form, answers in XML. STS and CloudFormation speak it."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from botocore.model import StructureShape

from batchgw.simulator.over_http.authentication import AuthFailure
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall
from batchgw.simulator.over_http.form import QUERY, Form
from batchgw.simulator.over_http.xml_body import write
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
        return Form.of(call, QUERY).operation(self._model)

    def auth_failure(self, failure: AuthFailure, message: str) -> ServiceFault:
        """Name it with one of the protocol's own, shorter codes."""
        code, status = _CODES[failure]
        return ServiceFault(code, status, message, modelled=False)

    def reply(self, operation: str, reply: Reply, request_id: str) -> HttpAnswer:
        """Wrap the result in its two envelopes."""
        root = Element(f"{operation}Response", xmlns=self._namespace)
        shape = self._model.operation_model(operation).output_shape
        if isinstance(reply.body, dict) and isinstance(shape, StructureShape):
            write(SubElement(root, f"{operation}Result"), reply.body, shape)
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


def _answer(status: int, root: Element, request_id: str, headers: Mapping[str, str]) -> HttpAnswer:
    own = {"x-amzn-RequestId": request_id, "Content-Type": "text/xml"}
    return HttpAnswer(status=status, headers={**own, **headers}, body=tostring(root))
