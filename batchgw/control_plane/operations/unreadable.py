"""When an answer cannot be read, or not believed."""

from __future__ import annotations

from batchgw.control_plane.interface import Wire
from batchgw.errors import ServiceFailure


def unreadable_answer(why: str, *, status: int = 0, request_id: str | None = None) -> ServiceFailure:
    """Make the error for an answer that is no answer of the service: a captive portal's page, a cut body."""
    return ServiceFailure(
        f"the answer cannot be read: {why}. Check --endpoint-url / AWS_ENDPOINT_URL, and the proxy.",
        code="AnswerUnreadable",
        status=status,
        request_id=request_id,
    )


DELETED = (202, 204)
"""Statuses of a deletion's answer: 202 is recorded, 204 is what some operations have in the service model."""

UNSIGNED = "it says nothing, and nothing shows that it is AWS's (it has no x-amzn-RequestId)"
"""Why an answer without content is not believed: anybody could have answered so."""


def is_signed(answer: Wire) -> bool:
    """Tell whether an answer carries AWS's request id."""
    return bool(answer.get("ResponseMetadata", {}).get("RequestId"))


def check_deleted(answer: Wire) -> None:
    """Check the answer to a deletion. It is empty, so nothing in it shows that the change was made.

    It is believed if it has one of two statuses and AWS's request id. Anybody could answer with an empty
    body. So any other success is unreadable, and the sender of the DELETE reads what is there.
    """
    if not is_signed(answer):
        raise unreadable_answer(UNSIGNED)
    status = answer["ResponseMetadata"].get("HTTPStatusCode")
    if status not in DELETED:
        raise unreadable_answer(f"it has status {status}, and AWS says with 202 that something is deleted")
