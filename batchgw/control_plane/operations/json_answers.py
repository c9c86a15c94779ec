"""What AWS writes into JSON, in boto3's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.redaction import foreign


def items(content: Mapping[str, Any], read: Callable[[Any], Any]) -> list[Any] | None:
    """Read the list that is `item` on the wire and `items` in boto3; None where there is none."""
    found = content.get("item")
    if found is None:
        return None
    if not isinstance(found, list):
        raise unreadable_answer(f"its list is no list{message_in(content)}")
    return [read(item) for item in found]


def message_in(content: Mapping[str, Any]) -> str:
    """Repeat the message of an object that has one, as refusals do."""
    message = content.get("message") or content.get("Message")
    return f', and says "{foreign(message)}"' if isinstance(message, str) else ""
