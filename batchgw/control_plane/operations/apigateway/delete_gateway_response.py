"""DeleteGatewayResponse: take the customisation of one gateway response away."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import JsonForm, Operation, Reading, Wire
from batchgw.control_plane.operations.apigateway.gateway_response import PATH, ResponseRequest
from batchgw.control_plane.operations.unreadable import UNSIGNED, is_signed, unreadable_answer

_DELETED = (202, 204)
"""Statuses of the answer: 202 is recorded, 204 is what sibling operations have in the service model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGatewayResponse(ResponseRequest[None]):
    """Take a customisation away. Raises NotCustomized when there is none."""

    operation = Operation(
        name="DeleteGatewayResponse",
        method="delete_gateway_response",
        http="DELETE",
        path=PATH,
        writes=True,
        overwrites=True,
        form=JsonForm(),
    )

    def read(self, answer: Wire, reading: Reading) -> None:
        """Check the answer. It is empty, so nothing in it shows that the change was made.

        It is believed if it has one of two statuses and AWS's request id. Anybody could answer with an empty
        body. So any other success is unreadable, and the sender of the DELETE reads what is there.
        """
        del reading
        if not is_signed(answer):
            raise unreadable_answer(UNSIGNED)
        status = answer["ResponseMetadata"].get("HTTPStatusCode")
        if status not in _DELETED:
            raise unreadable_answer(
                f"it has status {status}, and AWS says with 202 that something is deleted"
            )
