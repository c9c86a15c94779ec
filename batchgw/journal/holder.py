"""Which process works on a run, and whether it still lives. It knows processes, not the journal."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from batchgw.times import timestamp

PROC = Path("/proc")


class Liveness(StrEnum):
    """What can be told from here about a process."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"  # on another host, in another container, or nothing but its pid to go by


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A process. `since` and `heartbeat` are seconds since the epoch; what the system does not tell is None.

    `pid_started` is in clock ticks after boot: a pid that is used again has another one. `boot` changes with
    each start of the machine; a pid means something only within its `pid_namespace`.
    """

    host: str
    pid: int
    user: str
    since: float
    heartbeat: float
    pid_started: int | None = None
    boot: str | None = None
    pid_namespace: str | None = None

    def liveness(self, *, proc: Path = PROC) -> Liveness:
        """Tell whether the process still runs, seen from this one. Never guesses."""
        here = this_process(self.since, proc=proc)
        if self.boot is None or here.boot is None:
            return _alive_here(self, proc) if self.host == here.host else Liveness.UNKNOWN
        if self.boot == here.boot:
            same_pids = self.pid_namespace == here.pid_namespace is not None
            return _alive_here(self, proc) if same_pids else Liveness.UNKNOWN
        return Liveness.DEAD if self.host == here.host else Liveness.UNKNOWN  # the machine was rebooted

    def __str__(self) -> str:
        """Name it as a message does."""
        return f"pid {self.pid} of {self.user} on {self.host}, since {timestamp(self.since)}"


def this_process(now: float, *, proc: Path = PROC) -> Holder:
    """Describe the process that asks, as a holder from `now` on."""
    stat = _text(proc / "self/stat")
    return Holder(
        host=socket.gethostname(),
        pid=os.getpid(),
        user=_user(),
        since=now,
        heartbeat=now,
        pid_started=None if stat is None else _state_and_start(stat)[1],
        boot=_text(proc / "sys/kernel/random/boot_id"),
        pid_namespace=_link(proc / "self/ns/pid"),
    )


def _alive_here(holder: Holder, proc: Path) -> Liveness:
    stat = _text(proc / str(holder.pid) / "stat")
    if stat is None:
        return Liveness.UNKNOWN if _takes_signals(holder.pid) else Liveness.DEAD
    state, started = _state_and_start(stat)
    if state in "ZX":
        return Liveness.DEAD  # a zombie: dead, but not yet reaped
    if holder.pid_started is None:
        return Liveness.UNKNOWN
    return Liveness.ALIVE if started == holder.pid_started else Liveness.DEAD


def _state_and_start(stat: str) -> tuple[str, int]:
    """Fields 3 and 22 of /proc/PID/stat, proc(5). The name before them may hold anything, even `)`."""
    state, *rest = stat[stat.rindex(")") + 1 :].split()
    return state, int(rest[18])


def _takes_signals(pid: int) -> bool:
    """Whether there is such a process, where /proc does not show it (macOS; hidden from other users)."""
    if os.name != "posix":
        return True  # elsewhere os.kill does more than ask
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's uid need not have a name
        return str(os.getuid())


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _link(path: Path) -> str | None:
    try:
        return str(path.readlink())
    except OSError:
        return None
