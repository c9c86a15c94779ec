"""A contestant, what became of it, and how busy the server was meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.over_http.calls import LoggedCall
from benchmarks.over_http.process import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One row of a table: a program with its options.

    Attributes:
        label: the row's name.
        peer: the program's name in `peers.registry`.
        options: of the program.
        prepare: another program that is run before, in the same folder. Then the bucket gets full again.
        role: whether the contestant assumes a role in its accounts.
        alone: whether nothing else runs at the same time.
        goals: upper bounds of its row.
    """

    label: str
    peer: str
    options: Mapping[str, Any] = field(default_factory=dict)
    prepare: str | None = None
    role: bool = False
    alone: bool = False
    goals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a contestant. Without a `process` it was not run, for the reason in `skipped`.

    Attributes:
        calls: what the server logged of its accounts, calls to other services left out.
        wrong: the APIs that are not as asked at the end.
        neighbours: accepted and refused calls of the neighbours, by scope.
        puts: the number of puts that were asked for.
    """

    contestant: Contestant
    skipped: str | None = None
    process: Process | None = None
    calls: tuple[LoggedCall, ...] = ()
    wrong: tuple[str, ...] = ()
    neighbours: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    puts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLoad:
    """The server's load while some contestants ran at the same time.

    Attributes:
        labels: the contestants.
        seconds: how long they took.
        cpu: CPU seconds of the server.
        late: the largest delay of its event loop, in seconds.
    """

    labels: tuple[str, ...]
    seconds: float
    cpu: float
    late: float

    @property
    def share(self) -> float:
        """Of one core, 0 to 1."""
        return self.cpu / self.seconds if self.seconds else 0.0
