"""A targets file: one REST API a line, or the JSON lines that `discover` prints; # starts a comment.

It is read line by line. A file that is clearly something else is refused early, before it costs time or
memory.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager

from batchgw.errors import UsageError
from batchgw.model import ExplicitApi
from batchgw.policy.text.opening import opened

MAX_LINES = 1_000_000
"""The most lines of a targets file: as many targets as a run is tested with."""

MAX_LINE = 1 << 18
"""The most characters of a line: twice what `discover` prints for 50 tags with every character escaped."""

_OTHER_KINDS = ("account", "organization", "skipped-scope", "unread-api", "unread-scope", "unread-stages")
"""What else `discover` prints."""

_SHOWN = 80  # characters of what was written that a message repeats
_FORMS = "Write a1b2c3d4e5, eu-west-1/a1b2c3d4e5 or 111122223333/eu-west-1/a1b2c3d4e5."


def listed(source: str) -> tuple[ExplicitApi, ...]:
    """Read a targets file, or standard input for "-". Each API comes once. Raises UsageError."""
    found: dict[ExplicitApi, None] = {}
    for number, raw in enumerate(_lines(source), start=1):
        text = raw.strip()
        where = f"--targets {source}, line {number}"
        if text.startswith("{"):
            if (named := _of_record(text, where)) is not None:
                found[named] = None
        elif text := text.partition("#")[0].strip():
            found[parsed(text, where)] = None
    if not found:
        raise UsageError(f"--targets {source} names no REST API: all its lines are empty or comments.")
    return tuple(found)


def parsed(text: str, where: str) -> ExplicitApi:
    """Read an API as people name it. Raises UsageError with `where` it was named."""
    try:
        return ExplicitApi.parse(text)
    except ValueError:
        shown = repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")
        raise UsageError(
            f"in {where}: not an API id, region/id or account/region/id: {shown}. {_FORMS}"
        ) from None


def _of_record(text: str, where: str) -> ExplicitApi | None:
    """Read a JSON line; None for one of `discover` that is about something else than an API.

    An id such as 5e12345678 looks like a number, so numbers are kept as typed.
    """
    try:
        record = json.loads(text, parse_int=str, parse_float=str)
        if record.get("kind") in _OTHER_KINDS:
            return None
        parts = [record.get("account"), record.get("region"), record["id"]]
    except (ValueError, KeyError, RecursionError):
        parts = [None]
    if not parts[-1] or any(part is not None and not isinstance(part, str) for part in parts):
        raise UsageError(
            f'{where}: not a JSON object with an "id", as `batchgw discover --output jsonl` prints.'
        )
    return parsed("/".join(part for part in parts if part), where)


def _lines(source: str) -> Iterator[str]:
    """Give the lines. Only line breaks end a line, as in JSON lines: a name may contain U+2028."""
    number = 0
    try:
        with _opened(source) as text:
            while line := text.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise UsageError(
                        f"--targets {source}, line {number} has over {MAX_LINE:,} characters: this is not a "
                        "targets file, which has one REST API a line."
                    )
                if number > MAX_LINES:
                    raise UsageError(
                        f"--targets {source} has over {MAX_LINES:,} lines, more than one run takes. Split "
                        "it, or select by --tag or --name instead."
                    )
                yield line
    except UnicodeDecodeError:
        raise UsageError(
            f"cannot read --targets {source}: it is not UTF-8 text, near line {number + 1}. Save it as UTF-8."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else None
        raise UsageError(f"cannot read --targets {source}: {reason or error}.") from None


@contextmanager
def _opened(source: str) -> Iterator[io.TextIOWrapper]:
    """Open a file, with or without a byte order mark; standard input stays open."""
    with opened(source) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline=None)
        try:
            yield text
        finally:
            text.detach()
