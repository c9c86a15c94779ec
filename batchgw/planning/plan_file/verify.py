"""Is this file a plan, whole and as it was written? And which of its lines belong to which scope?

It reads lines and checksums. Of an item it knows only that its account and region stand first. Every
refusal is one paragraph that says what is wrong with the file and what to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from batchgw.errors import PlanUnreadable
from batchgw.model import AccountId, Region, Scope

T = TypeVar("T")

FORMAT = "batchgw-plan"
FORMAT_VERSION = 4  # 4: waves stand between the items and the totals
READABLE = (3, FORMAT_VERSION)
"""The versions that are read. 3: APIs may differ in what they shall be, and scopes are counted."""

_HEADER = b'{"kind":"plan","format":"batchgw-plan"'
_TOTALS = b'{"kind":"totals",'
_WAVE = b'{"kind":"wave",'
_END = b'{"kind":"end",'
_STRING = rb'"(?:[^"\\]|\\.)*"'
_SCOPE = re.compile(rb'"account":%b,"region":%b' % (_STRING, _STRING))
_LONGEST_HEADER = 64 << 20  # bytes; 21 templates of 300 KB, escaped, come to less
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A plan file that was found whole: its first and its totals line, its items, and which file it was."""

    path: Path
    header: bytes
    totals: bytes
    offsets: Mapping[Scope, Sequence[int]]  # where each item's line begins, 8 bytes an item
    identity: tuple[int, int, int, int]  # device, inode, bytes, modification time in ns


def verify(path: Path) -> Verified:
    """Read the file through once. Raises PlanUnreadable when it is not a whole, untouched plan."""
    with _opened(path) as file:
        header = _header(path, file)
        index = _Index()
        totals = _checked(path, file, header, index)
        return Verified(
            path=path, header=header, totals=totals, offsets=index.offsets(path), identity=identity(file)
        )


def same_file(verified: Verified, *, buffer: int = _BUFFER) -> BinaryIO:
    """Open a verified plan again. Raises PlanUnreadable when it was replaced or changed meanwhile."""
    file = _opened(verified.path, buffer)
    if identity(file) == verified.identity:
        return file
    file.close()
    raise PlanUnreadable(
        f"{verified.path} was replaced or changed after it was opened, so it is no longer the plan that was "
        "shown. Look at it again with the same command."
    )


def ends_items(line: bytes) -> bool:
    """Tell whether a line comes after the items: one of a wave, or the totals."""
    return line.startswith((_WAVE, _TOTALS))


def is_wave(line: bytes) -> bool:
    """Tell whether a line is one of a wave."""
    return line.startswith(_WAVE)


def parsed(path: Path, line: bytes, read: Callable[[bytes], T]) -> T:
    """Read a line. Raises PlanUnreadable when it is not what this version writes."""
    try:
        return read(line)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PlanUnreadable(
            f"{path} is a plan, but one of its lines is not understood ({type(error).__name__}: {error}): "
            f"{line[:80].decode('utf-8', 'replace')}... It was not written by this version of batchgw. "
            "Plan again."
        ) from error


def _opened(path: Path, buffer: int = _BUFFER) -> BinaryIO:
    make = "`batchgw plan POLICY --out FILE` makes one."
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise PlanUnreadable(f"{path} is a folder, not a plan. {make}")
        if not stat.S_ISREG(mode):
            raise PlanUnreadable(f"{path} is not a regular file. A plan is read twice; save it to a file.")
        return path.open("rb", buffering=buffer)
    except FileNotFoundError as error:
        raise PlanUnreadable(f"There is no plan {path}. {make}") from error
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise PlanUnreadable(f"The plan {path} cannot be read: {reason}.") from error


def _header(path: Path, file: BinaryIO) -> bytes:
    line = file.readline(_LONGEST_HEADER)
    make = "A plan is what `batchgw plan POLICY --out FILE` wrote."
    if not line:
        raise PlanUnreadable(f"{path} is empty. {make}")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        if line.startswith(_HEADER):
            raise _cut_short(path, 1) from error
        raise PlanUnreadable(f"{path} is not a plan: its first line is not JSON. {make}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise PlanUnreadable(f"{path} is JSON, but not a plan. {make}")
    if data.get("version") in range(1, READABLE[0]):
        raise PlanUnreadable(
            f"{path} was made by an earlier batchgw, {data.get('batchgw', '(unknown)')}: plan again."
        )
    if data.get("version") not in READABLE:
        raise PlanUnreadable(
            f"{path} is a plan of format {json.dumps(data.get('version'))}, written by batchgw "
            f"{data.get('batchgw', '(unknown)')}; this batchgw reads formats {READABLE[0]} and {READABLE[1]}."
            " Use that version, or plan again with this one."
        )
    return line


def _checked(path: Path, file: BinaryIO, header: bytes, index: _Index) -> bytes:
    """Read on to the end and compare the checksum. Returns the totals line, the last but one."""
    sha256 = hashlib.sha256(header)
    last, number, offset = header, 1, len(header)
    for line in file:
        number += 1
        if line.startswith(_END):
            if _sha256_of(line) is None:
                break
            if _sha256_of(line) != sha256.hexdigest() or file.read(1):
                raise _edited(path)
            return last
        sha256.update(line)
        index.add(line, offset)
        offset += len(line)
        last = line
    raise _cut_short(path, number)


class _Index:
    """Where the lines of each scope begin."""

    def __init__(self) -> None:
        self._offsets: dict[bytes, array[int]] = {}

    def add(self, line: bytes, offset: int) -> None:
        found = None if ends_items(line) else _SCOPE.search(line)
        if found:
            scope = found.group()
            if scope not in self._offsets:
                self._offsets[scope] = array("Q")
            self._offsets[scope].append(offset)

    def offsets(self, path: Path) -> dict[Scope, Sequence[int]]:
        return {parsed(path, scope, _scope): offsets for scope, offsets in self._offsets.items()}


def _scope(scope: bytes) -> Scope:
    data = json.loads(b"{%b}" % scope)
    return Scope(account=AccountId(data["account"]), region=Region(data["region"]))


def _sha256_of(line: bytes) -> object:
    try:
        return json.loads(line)["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _cut_short(path: Path, number: int) -> PlanUnreadable:
    return PlanUnreadable(
        f"{path} is a plan that ends too early, at line {number}: it was cut short on its way here. "
        "Copy it again, or plan again."
    )


def _edited(path: Path) -> PlanUnreadable:
    return PlanUnreadable(
        f"{path} is a plan that was changed after it was written: its checksum does not match. "
        "What is applied is exactly what was planned, so change the policy instead, and plan again."
    )


def identity(file: BinaryIO) -> tuple[int, int, int, int]:
    """Tell which file it is, and in which state: device, inode, bytes, modification time in ns."""
    status = os.fstat(file.fileno())
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
