"""A control plane whose world lives in another process, so that it outlives the one that is killed.

A call goes through a pipe to the process that has the world, which makes it and answers. On the side of the
caller time is virtual, and every place where its death can make a difference is a *moment*: before a call
leaves, after it is answered, and before each statement of the journal.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from multiprocessing.connection import Connection
from random import Random
from typing import Any, TypeVar

import anyio
from sqlalchemy import event
from sqlalchemy.pool import Pool

from batchgw.control_plane.interface import ControlPlane, Execution, Request
from batchgw.errors import CallError
from batchgw.model import AccountId
from tests.virtual import virtually

T = TypeVar("T")

BEFORE, AFTER = "before ", "after "
"""How the moments begin that are about a call."""

EOF = (EOFError, ConnectionResetError, BrokenPipeError)


Moment = tuple[str, int]
"""What comes next, and the number of times that this has come, from 1."""


class Fate:
    """Notes the moments of this process, and kills it with SIGKILL at one of them."""

    def __init__(self, at: Moment | None) -> None:
        self._at = at
        self._met = Counter[str]()
        self.moments: list[Moment] = []

    def meets(self, what: str) -> None:
        """Come to the next moment. It may be the last."""
        self._met[what] += 1
        moment = what, self._met[what]
        self.moments.append(moment)
        if moment == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def watching_journals(self) -> Any:
        """Count each statement of a journal that is opened in the block, right before it is executed."""

        def connected(connection: sqlite3.Connection, _record: object) -> None:
            connection.set_trace_callback(lambda statement: self.meets(_named(statement)))

        event.listen(Pool, "connect", connected)
        try:
            yield
        finally:
            event.remove(Pool, "connect", connected)


def _named(statement: str) -> str:
    """Name a statement: what it does, and with which table where it writes."""
    words = statement.split(maxsplit=3)
    return " ".join(words[:3] if words[0] in ("INSERT", "UPDATE", "DELETE") else words[:1])


class Remote:
    """The caller's side. Calls take some of its virtual time, so that several are under way at once."""

    def __init__(self, pipe: Connection, account: str, fate: Fate, *, seed: int) -> None:
        self._pipe = pipe
        self._account = account
        self._fate = fate
        self._random = Random(seed)

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        """Have the other process make the call."""
        await anyio.sleep(self._random.uniform(0.01, 0.2))
        self._fate.meets(f"{BEFORE}{request.operation.name}")
        self._pipe.send(("call", request))
        error, request_id, value = self._pipe.recv()
        self._fate.meets(f"{AFTER}{request.operation.name}")
        await anyio.sleep(self._random.uniform(0.01, 0.2))
        if execution is not None:
            execution.request_id = request_id
        if error is not None:
            raise _rebuilt(*error)
        answer: T = value
        return answer

    async def current_account(self) -> AccountId:
        """Give the account, which never changes."""
        return AccountId(self._account)


def serve(
    pipe: Connection,
    plane: ControlPlane,
    note: Callable[[Request[Any]], None],
    *,
    until: Callable[[Request[Any]], bool] = lambda _request: False,
) -> dict[str, Any]:
    """Answer a process until it ends or is killed, or up to a call. Gives what it has told.

    Once it is not answered any more, it waits in its next call. `note` is told each one.
    """
    told: dict[str, Any] = {}

    async def main() -> None:
        while True:
            try:
                kind, what = pipe.recv()
                if kind != "call":
                    told[kind] = what
                    continue
                note(what)
                pipe.send(await _answer(plane, what))
            except EOF:
                return
            if until(what):
                return

    virtually(main)
    return told


async def _answer(plane: ControlPlane, request: Request[Any]) -> tuple[Any, str | None, Any]:
    execution = Execution()
    try:
        value = await plane.send(request, execution)
    except CallError as error:
        return (type(error), error.args, vars(error)), error.request_id, None
    return None, execution.request_id, value


def _rebuilt(kind: type[CallError], args: tuple[Any, ...], state: dict[str, Any]) -> CallError:
    """Make an error again. Errors of calls have arguments by name, which pickle does not know of."""
    error = kind.__new__(kind, *args)
    vars(error).update(state)
    return error
