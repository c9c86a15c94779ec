"""Pages of a collection: `limit` (25 by default, at most 500) and the opaque `position` of the next page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from batchgw.simulator.operations.params import optional_text, whole
from batchgw.simulator.reply import Params, bad_request

DEFAULT_LIMIT = 25  # API reference, GetRestApis: limit
MAX_LIMIT = 500  # API reference, GetRestApis: limit


def limit(params: Params) -> int:
    """Give how many entries a page is to have. More than the maximum means the maximum."""
    found = whole(params, "limit")
    return DEFAULT_LIMIT if found is None else clamp(found)


def clamp(wanted: int) -> int:
    """Give the nearest limit that the service allows."""
    return max(1, min(wanted, MAX_LIMIT))


def start(params: Params) -> int:
    """Give the number at which the page starts. Refuses a position that was never given out."""
    return decode(optional_text(params, "position"))


def decode(position: str | None) -> int:
    """Read a position. An absent one means the start."""
    if position is None:
        return 0
    try:
        return int(urlsafe_b64decode(position.encode()).decode())
    except ValueError:
        raise bad_request("Invalid position parameter specified") from None


def encode(number: int) -> str:
    """Make the position of the page that starts at a number."""
    return urlsafe_b64encode(str(number).encode()).decode()
