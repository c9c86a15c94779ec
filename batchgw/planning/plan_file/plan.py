"""A plan as a file: JSON lines, a stream in both directions, recognised when it is cut short or edited.

The first line is the header, then comes one line per item, then, where the policy has a rollout, one per wave
and account-region, then the totals, and last the sha256 of every byte
before. A plan is written under another name and renamed when it is whole, so a plan that exists is whole.
It holds nothing secret, but it is for its owner only (0600): it says what an organisation's APIs answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NoReturn, Self

from batchgw.errors import BatchgwError, UsageError
from batchgw.model import Account, AccountId, PlanItem, PlannedApi, Scope
from batchgw.model.change import scope_of
from batchgw.planning.plan_file import temporary as temporaries
from batchgw.planning.plan_file.consistency import Consistency
from batchgw.planning.plan_file.header import PlanHeader
from batchgw.planning.plan_file.items import ItemReader, item_to_json
from batchgw.planning.plan_file.verify import (
    Verified,
    ends_items,
    identity,
    is_wave,
    parsed,
    same_file,
    verify,
)
from batchgw.planning.rollout.drawing import Candidate, Drawing
from batchgw.planning.rollout.waves import WaveReader, Waves
from batchgw.planning.totals import PlanTotals
from batchgw.planning.variants import alike

__all__ = ["Plan", "PlanHeader", "PlanWriter"]

_BUFFER = 1 << 20  # bytes: a write to disk about every thousand APIs
_BATCH = 32  # items of one scope that are read at a time
_BATCH_BUFFER = 1 << 14  # bytes: the lines of a scope lie apart
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class PlanWriter:
    """Writes a plan. Leaving the block commits it; leaving it by an exception leaves nothing behind.

    `scopes` are those that are looked into, as far as they are known: they stand in the totals even when
    nothing is found there; `totals.look_into` takes others. `accounts` is what the organisation says of
    accounts by the time that their items come: waves may ask for it. Once it is committed, `written` is what
    `verify` would find.

    Raises UsageError when the file cannot be made there, BatchgwError when writing fails (disk full).
    """

    def __init__(
        self,
        path: str | Path,
        header: PlanHeader,
        *,
        scopes: Iterable[Scope] = (),
        accounts: Mapping[AccountId, Account] | None = None,
    ) -> None:
        self.path = _writable(path)
        self.totals = PlanTotals(scopes)
        self.written: Verified | None = None
        self._accounts = {} if accounts is None else accounts
        self._drawing = None if header.rollout is None else Drawing(header.rollout)
        self._offsets: dict[Scope, array[int]] = {}
        self._length = 0
        self._temporary = self.path.with_name(f".batchgw-{secrets.token_hex(6)}.tmp")
        self._sha256 = hashlib.sha256()
        temporaries.note(self._temporary)
        try:
            handle = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise UsageError(
                f"Cannot write a plan to {self.path}: {error.strerror}. "
                "Name a file in a folder that exists and that you may write to."
            ) from error
        self._file: BinaryIO = os.fdopen(handle, "wb", buffering=_BUFFER)
        try:
            self._header = self._line(header.to_json())
        except BaseException:
            self.abort()
            raise

    def write(self, item: PlanItem, *, was_in: int | None = None) -> None:
        """Add an item, and count it. `was_in` is the wave of its API in the run that is taken back."""
        scope = scope_of(item)
        if scope not in self._offsets:
            self._offsets[scope] = array("Q")
        self._offsets[scope].append(self._length)
        self._line(item_to_json(item))
        self.totals.add(item)
        if self._drawing is not None and isinstance(item, PlannedApi):
            candidate = Candidate.of(item, self._accounts.get(scope.account), was_in=was_in)
            if candidate is not None:
                self._drawing.add(candidate)

    def commit(self) -> None:
        """Make the plan whole and give it its name. A second call does nothing."""
        if self._file.closed:
            return
        if self._drawing is not None:
            for line in self._drawing.draw().lines():
                self._line(line)
        totals = self._line({"kind": "totals", **self.totals.to_json()})
        self._line({"kind": "end", "sha256": self._sha256.hexdigest()})
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            which = identity(self._file)
            self._file.close()
            self._temporary.replace(self.path)
            temporaries.keep(self._temporary)
            _sync_folder(self.path.parent)
        except OSError as error:
            self._failed(error)
        self.written = Verified(
            path=self.path, header=self._header, totals=totals, offsets=self._offsets, identity=which
        )

    def abort(self) -> None:
        """Remove what was written. Does nothing after a commit."""
        if not self._file.closed:
            with suppress(OSError):  # what could not be written is not wanted any more
                self._file.close()
        temporaries.remove(self._temporary)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.abort()
            return
        try:
            self.commit()
        except BaseException:
            self.abort()
            raise

    def _line(self, data: Mapping[str, object]) -> bytes:
        line = _encode(data).encode("ascii") + b"\n"
        self._sha256.update(line)
        try:
            self._file.write(line)
        except OSError as error:
            self._failed(error)
        self._length += len(line)
        return line

    def _failed(self, error: OSError) -> NoReturn:
        self.abort()
        raise BatchgwError(
            f"The plan could not be written to {self.path}: {error.strerror}. Nothing was left there and "
            "nothing was changed on AWS. Make room, or name a file on another disk, and plan again."
        ) from error


class Plan:
    """A plan that was found whole when it was opened. Its items are read from the file each time.

    `variants` are what APIs shall be, each at its number: at 0 what the policy says where no rule matches.
    `temporary` plans are deleted when they are closed. `saved` tells a plan that was opened from a file from
    one that was made just now.
    """

    def __init__(self, verified: Verified, *, temporary: bool, saved: bool) -> None:
        self.saved = saved
        self.path = verified.path
        self.header = parsed(
            verified.path, verified.header, lambda line: PlanHeader.from_json(json.loads(line))
        )
        self.totals = parsed(
            verified.path, verified.totals, lambda line: PlanTotals.from_json(json.loads(line))
        )
        self.variants = self.totals.variants.all or alike(self.header.desired)
        self._verified = verified
        self._temporary = temporary
        if temporary:
            temporaries.note(self.path)

    @classmethod
    def open(cls, path: str | Path, *, temporary: bool = False) -> Self:
        """Read the file through, and make sure it is a plan, whole, as it was written, and true to itself.

        Its totals are not believed: its items are counted, and every change is derived again from the policy
        in the plan. Raises PlanUnreadable with a paragraph that says what is wrong and what to do.
        """
        plan = cls(verify(Path(path)), temporary=temporary, saved=True)
        found = Consistency(plan.path, plan.header, plan.variants)
        for item in plan.items():
            found.add(item)
        found.check_waves(plan.waves)
        found.finish(plan.totals)
        return plan

    @classmethod
    def of(cls, writer: PlanWriter, *, temporary: bool = False) -> Self:
        """Take what a writer has committed, without reading it through. Raises ValueError before that."""
        if writer.written is None:
            raise ValueError(f"the plan {writer.path} is not written to the end")
        return cls(writer.written, temporary=temporary, saved=False)

    def items(self, scope: Scope | None = None) -> Iterator[PlanItem]:
        """Give the items in file order; those of one scope alone, when it is given.

        May be called any number of times, also side by side: each call reads the file for itself. Raises
        PlanUnreadable when it is no longer the file that was opened.
        """
        reader = ItemReader()
        for line in self._lines() if scope is None else self._lines_of(scope):
            yield parsed(self.path, line, reader.read_line)

    @property
    def waves(self) -> Waves | None:
        """The waves, as they are in the file: who goes when. None where the policy has no rollout.

        Each call reads the file. Raises PlanUnreadable as `items` does.
        """
        rollout = self.header.rollout
        if rollout is None:
            return None
        reader = WaveReader(rollout)
        with same_file(self._verified) as file:
            for line in filter(is_wave, file):
                parsed(self.path, line, lambda each: reader.read(json.loads(each)))
        return reader.waves()

    def _lines(self) -> Iterator[bytes]:
        with same_file(self._verified) as file:
            next(file)  # the header
            yield from takewhile(lambda line: not ends_items(line), file)

    def _lines_of(self, scope: Scope) -> Iterator[bytes]:
        """Open the file for a batch at a time: hundreds of scopes may be read side by side."""
        offsets = self._verified.offsets.get(scope, ())
        for first in range(0, len(offsets), _BATCH):
            with same_file(self._verified, buffer=_BATCH_BUFFER) as file:
                lines = [_line_at(file, offset) for offset in offsets[first : first + _BATCH]]
            yield from lines

    def close(self) -> None:
        """Delete the file when it is temporary."""
        if self._temporary:
            temporaries.remove(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _line_at(file: BinaryIO, offset: int) -> bytes:
    file.seek(offset)
    return file.readline()


def _writable(path: str | Path) -> Path:
    """Follow links, and refuse what must not be replaced by a file: a folder, /dev/null, a pipe."""
    real = Path(os.path.realpath(path))
    if real.is_dir():
        raise UsageError(f"Cannot write a plan to {path}: it is a folder. Name a file in it.")
    if real.exists() and not real.is_file():
        raise UsageError(f"Cannot write a plan to {path}: it is not a regular file. Name another.")
    return real


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
