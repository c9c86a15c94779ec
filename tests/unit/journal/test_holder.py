"""Whether a process lives is known or said not to be known; it is never guessed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw.journal.holder import PROC, Holder, Liveness, this_process

HERE = this_process(0.0)

needs_proc = pytest.mark.skipif(HERE.pid_started is None, reason="/proc tells when a process was started")


def stat(pid: int, *, state: str = "S", started: int) -> str:
    """A line of /proc/PID/stat, proc(5): the 20th field after the name is the start time."""
    return f"{pid} (a (b) c) {state} " + " ".join(["0"] * 18) + f" {started} 0 0\n"


def proc(folder: Path, *, boot: str | None = "boot-1", namespace: str | None = "pid:[1]") -> Path:
    """A /proc in which this process was started at tick 100, and process 7 at tick 700."""
    (folder / "sys/kernel/random").mkdir(parents=True)
    (folder / "self/ns").mkdir(parents=True)
    (folder / "self/stat").write_text(stat(os.getpid(), started=100))
    (folder / "7").mkdir()
    (folder / "7/stat").write_text(stat(7, started=700))
    if boot is not None:
        (folder / "sys/kernel/random/boot_id").write_text(boot + "\n")
    if namespace is not None:
        (folder / "self/ns/pid").symlink_to(namespace)
    return folder


SEVEN = Holder(
    host=HERE.host,
    pid=7,
    user="alice",
    since=0.0,
    heartbeat=0.0,
    pid_started=700,
    boot="boot-1",
    pid_namespace="pid:[1]",
)


@pytest.mark.parametrize(
    ("holder", "liveness"),
    [
        (SEVEN, Liveness.ALIVE),
        (replace(SEVEN, pid_started=600), Liveness.DEAD),  # the pid was used again
        (replace(SEVEN, pid_started=None), Liveness.UNKNOWN),  # it may have been
        (replace(SEVEN, pid=2**22 + 1), Liveness.DEAD),  # above Linux's largest pid
        (replace(SEVEN, host="renamed"), Liveness.ALIVE),  # same boot, same pids: a laptop that moved
        (replace(SEVEN, boot="boot-0"), Liveness.DEAD),  # this machine was started anew
        (replace(SEVEN, boot="boot-0", host="other"), Liveness.UNKNOWN),  # another machine
        (replace(SEVEN, pid_namespace="pid:[2]"), Liveness.UNKNOWN),  # another container
        (replace(SEVEN, pid_namespace=None), Liveness.UNKNOWN),
        (replace(SEVEN, boot=None), Liveness.ALIVE),
        (replace(SEVEN, boot=None, host="other"), Liveness.UNKNOWN),
    ],
)
def test_what_can_be_told(holder: Holder, liveness: Liveness, tmp_path: Path) -> None:
    assert holder.liveness(proc=proc(tmp_path)) is liveness


@pytest.mark.parametrize("state", ["Z", "X"])
def test_a_zombie_is_dead(state: str, tmp_path: Path) -> None:
    folder = proc(tmp_path)
    (folder / "7/stat").write_text(stat(7, state=state, started=700))
    assert SEVEN.liveness(proc=folder) is Liveness.DEAD


def test_a_process_that_proc_hides_may_live(tmp_path: Path) -> None:
    """As with hidepid, where another user's processes are not shown."""
    hidden = replace(SEVEN, pid=os.getppid())
    assert hidden.liveness(proc=proc(tmp_path)) is Liveness.UNKNOWN


def test_without_proc_only_the_absence_of_a_pid_is_certain(tmp_path: Path) -> None:
    here = this_process(0.0, proc=tmp_path)
    assert (here.pid_started, here.boot, here.pid_namespace) == (None, None, None)
    assert here.liveness(proc=tmp_path) is Liveness.UNKNOWN
    assert replace(here, pid=2**22 + 1).liveness(proc=tmp_path) is Liveness.DEAD


@needs_proc
def test_this_process_lives() -> None:
    assert HERE.liveness() is Liveness.ALIVE


@needs_proc
def test_a_real_process_lives_until_it_is_killed_also_while_nobody_has_buried_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        started = int((PROC / str(child.pid) / "stat").read_text().split()[21])
        holder = replace(HERE, pid=child.pid, pid_started=started)
        assert holder.liveness() is Liveness.ALIVE
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert holder.liveness() is Liveness.DEAD  # a zombie
    assert holder.liveness() is Liveness.DEAD  # gone


def test_a_holder_is_named_so_that_people_find_it() -> None:
    named = str(replace(SEVEN, host="build-1", since=1_795_348_800.0))
    assert named == "pid 7 of alice on build-1, since 2026-11-22T12:00:00Z"
