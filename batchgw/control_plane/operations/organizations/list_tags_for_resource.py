"""ListTagsForResource: a page of the tags of an account, an OU or a root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.checks import is_text
from batchgw.control_plane.operations.listing import Page, page
from batchgw.control_plane.operations.unreadable import unreadable_answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTagsForResource(Request[Page[tuple[str, str]]]):
    """List a page of tags, as pairs of key and value. `resource` is an account's id, for example.

    There is no operation for several accounts at once.
    """

    operation = Operation(
        name="ListTagsForResource",
        method="list_tags_for_resource",
        service="organizations",
        credentials="organization",
    )
    resource: str
    token: str | None = None

    @property
    def target(self) -> str:
        """What has the tags."""
        return self.resource

    def params(self) -> Wire:
        """Give the parameters of boto3's method."""
        return {"ResourceId": self.resource} | ({"NextToken": self.token} if self.token else {})

    def read(self, answer: Wire, reading: Reading) -> Page[tuple[str, str]]:
        """Read a page."""
        del reading
        return page(answer, "Tags", _tag)


def _tag(item: Any) -> tuple[str, str]:
    key, value = (item.get("Key"), item.get("Value", "")) if isinstance(item, dict) else (None, None)
    if not is_text(key) or not is_text(value):
        raise unreadable_answer("a tag in it is not a key with a text that can be kept")
    return key, value
