"""Pages as Organizations and Account Management give them: MaxResults, and an opaque NextToken."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_FULL = "full"
"""Ends the token of an empty page: the next one begins at the same place, and has something in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list, and the token of the next one; None after the last."""

    items: Sequence[T]
    next_token: str | None


def page(items: Sequence[T], *, size: int, token: str | None, empty_pages: bool = False) -> Page[T]:
    """Give the page that a token asks for. With `empty_pages` an empty one comes before each.

    Raises ValueError for a token that was never given out.
    """
    start, full = (0, False) if token is None else _decode(token)
    if empty_pages and not full and start < len(items):
        return Page(items=(), next_token=_encode(f"{start}/{_FULL}"))
    end = start + size
    return Page(items=items[start:end], next_token=_encode(str(end)) if end < len(items) else None)


def rendered(found: Page[T], name: str, render: Callable[[T], object]) -> dict[str, object]:
    """Write a page as the wire has it: the list under a name, and the token where there is one."""
    body: dict[str, object] = {name: [render(item) for item in found.items]}
    return body if found.next_token is None else {**body, "NextToken": found.next_token}


def _encode(place: str) -> str:
    return urlsafe_b64encode(place.encode()).decode()


def _decode(token: str) -> tuple[int, bool]:
    number, _, end = urlsafe_b64decode(token.encode()).decode().partition("/")
    if end not in ("", _FULL) or not number.isdigit():
        raise ValueError(f"no token: {token}")
    return int(number), end == _FULL
