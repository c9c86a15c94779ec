"""What an API's own tags say of whether it is exempt. Its owners set them, not the policy's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from batchgw.model import ResponseType, RestApi
from batchgw.policy.meaning.exemptions import ALL, Exemption
from batchgw.policy.quoting import did_you_mean, shown

TAG = "batchgw:exempt"
"""`true`, or a list of response types with spaces. Anything else exempts from nothing."""

_SEPARATORS = re.compile(r"[\s,/:+]+")
"""What may stand between response types. AWS's common rules for the values of tags have no comma among their
characters (letters, digits, spaces and `_ . : / = + - @`), and not every service holds to them."""

TAG_UNTIL = "batchgw:exempt-until"
TAG_REASON = "batchgw:exempt-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTag:
    """What the tags of an API say: an exemption, if one counts, and what is to be told of it."""

    exemption: Exemption | None
    notes: tuple[str, ...]


def by_tag(api: RestApi, *, files: int, today: date) -> ByTag:
    """Read the tags of an API. Of `files` files, such an exemption lifts the locks of none."""
    words = _SEPARATORS.split(api.tags[TAG].strip())
    if [word.lower() for word in words] == ["true"]:
        types, notes = ALL, list[str]()
    else:
        known = [word for word in words if word in ALL]
        types = frozenset(map(ResponseType, known))
        notes = [*_unknown_types(word for word in words if word not in known)]
    until, wrong = _until(api.tags.get(TAG_UNTIL))
    reason = api.tags.get(TAG_REASON)
    found = Exemption(file=files, types=types, reason=reason, until=until)
    if not types:
        return ByTag(exemption=None, notes=tuple(notes))
    if found.expired(today):
        notes.append(f"the exemption by the tag {TAG} ended on {until}: it no longer counts")
        return ByTag(exemption=None, notes=tuple(notes))
    lacks = [*([TAG_REASON] if not reason else []), *([TAG_UNTIL] if until is None and not wrong else [])]
    if lacks:
        notes.append(f"the tag {TAG} comes without {' and '.join(lacks)}")
    return ByTag(exemption=found, notes=(*notes, *wrong))


def _unknown_types(words: Iterator[str]) -> Iterator[str]:
    for word in words:
        if word.lower() not in ("", "false", "no"):
            guess = did_you_mean(word, ALL)
            yield f"the tag {TAG} says {shown(word)}, which is neither true nor a response type{guess}"


def _until(text: str | None) -> tuple[date | None, tuple[str, ...]]:
    if text is None:
        return None, ()
    try:
        return date.fromisoformat(text), ()
    except ValueError:
        note = f"the tag {TAG_UNTIL} says {shown(text)}, no date such as 2027-01-31: the exemption has no end"
        return None, (note,)
