"""What STS accepts as session tags (API reference, AssumeRole; IAM user guide, "Pass session tags"). Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

MOST_TAGS = 50
LONGEST_KEY, LONGEST_VALUE = 128, 256

_IN_TAGS = "_.:/=+-@"  # beside letters, numbers and separators of every script
_RESERVED = "aws:"


def faults_of_tags(tags: Mapping[str, str]) -> Iterator[str]:
    """Say what STS would refuse of the session tags of a role."""
    if len(tags) > MOST_TAGS:
        yield f"{len(tags)} session tags, where STS takes {MOST_TAGS}"
    if len({key.casefold() for key in tags}) < len(tags):
        yield "two keys of its session tags differ in capitals only, and for STS they are the same"
    for key, value in tags.items():
        if not key or len(key) > LONGEST_KEY or not _fits(key):
            yield (
                f"{key!r} is not a key of a session tag: 1 to {LONGEST_KEY} letters, digits, spaces and "
                f"{_IN_TAGS}"
            )
        elif key.casefold().startswith(_RESERVED):
            yield f"session tags that begin with {_RESERVED} are AWS's own: rename {key}"
        elif len(value) > LONGEST_VALUE or not _fits(value):
            yield (
                f"the value of the session tag {key} is not what STS accepts: up to {LONGEST_VALUE} letters, "
                f"digits, spaces and {_IN_TAGS}"
            )


def _fits(text: str) -> bool:
    return all(each in _IN_TAGS or unicodedata.category(each)[0] in "LNZ" for each in text)
