"""Nothing that is printed ends work, whatever becomes of the streams and of those who read them."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from batchgw.cli.output import streams
from batchgw.cli.output.backlog import Backlog
from batchgw.cli.output.console import Console
from batchgw.cli.output.streams import Outlet, Stream
from batchgw.report.views.text import line
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served

FULL = Path("/dev/full")

SMALL_PIPES = pytest.mark.skipif(
    not hasattr(fcntl, "F_SETPIPE_SZ"), reason="pipes are of one size on this system"
)

codecs.register_error(streams.REPLACES, streams._replaced)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    for end in (read, write):
        try:
            os.close(end)
        except OSError:  # the test did
            continue


def stream(descriptor: int, *, encoding: str = "utf-8", whole: bool = True) -> Stream:
    return Stream(Outlet(descriptor, whole=whole), encoding=encoding, line_buffering=True)


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("latin-1", "401 → 403 …", b"401 -> 403 ...\n"),
        ("ascii", "Köln", b"K\\xf6ln\n"),
        ("latin-1", "Köln 注", b"K\xf6ln \\u6ce8\n"),
        ("utf-8", "401 → 403 \udcff", b"401 \xe2\x86\x92 403 \\udcff\n"),
    ],
)
def test_what_an_encoding_lacks_is_replaced(
    encoding: str, text: str, written: bytes, pipe: tuple[int, int]
) -> None:
    read, write = pipe
    out = stream(write, encoding=encoding)
    out.write(text + "\n")
    out.flush()
    assert os.read(read, 1000) == written


def test_a_reader_that_left_is_no_error(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.close(read)
    console = Console(out=stream(write), err=stream(write))
    console.data([line("x"), line("y")])
    assert console.lost
    console.text("more")
    console.tell(line("a diagnostic"))
    console.flush()
    assert console.unwritten is None


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
def test_data_for_a_full_disk_is_missed_and_diagnostics_are_not() -> None:
    with FULL.open("wb") as full:
        console = Console(out=stream(full.fileno()), err=stream(full.fileno(), whole=False))
        console.tell(line("a diagnostic"))
        assert console.unwritten is None
        console.text("data")
        console.flush()
        assert console.unwritten == "No space left on device"


def test_diagnostics_are_written_again_when_there_is_room_again(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.set_blocking(write, False)
    err = stream(write, whole=False)
    err.outlet.hurried = True
    while err.outlet.lost is None:
        err.write("x" * 4095 + "\n")
    os.read(read, 1 << 20)
    err.write("seen\n")
    assert os.read(read, 100) == b"seen\n"


def test_data_has_no_hole(pipe: tuple[int, int]) -> None:
    read, write = pipe
    out = stream(write)
    out.outlet.hurried = True
    while out.outlet.lost is None:
        out.write("x" * 4095 + "\n")
    os.read(read, 1 << 20)
    out.write("after the hole\n")
    os.close(write)
    assert os.read(read, 100) == b""


def test_a_stop_does_not_wait_for_a_reader_who_does_not_read(pipe: tuple[int, int]) -> None:
    """`batchgw apply 2>&1 | less`: a page is full, and nobody scrolls on."""
    _, write = pipe
    out = stream(write)
    before = signal.signal(signal.SIGALRM, lambda *_: setattr(out.outlet, "hurried", True))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        for _ in range(1000):
            out.write("x" * 1000 + "\n")
        assert out.outlet.drain()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert out.outlet.lost is not None


def test_diagnostics_that_are_dropped_in_a_hurry_are_counted_too(pipe: tuple[int, int]) -> None:
    _, write = pipe
    err = stream(write, whole=False)
    err.outlet.hurried = True
    for _ in range(100):
        err.write("x" * 999 + "\n")
    held = 65_536 // 1000
    assert 100 - held <= err.outlet.dropped <= 100 - held + 5


def read_all(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, 1 << 16), b""))


@pytest.mark.parametrize("whole", [True, False])
def test_a_reader_who_does_not_read_holds_nobody_up_and_misses_nothing(
    *, whole: bool, pipe: tuple[int, int]
) -> None:
    """The writes come back at once, though nobody reads a byte before the last one."""
    read, write = pipe
    printed = stream(write, whole=whole)
    lines = [f"{number} {'x' * 1000}\n" for number in range(1000)]
    for each in lines:
        printed.write(each)
    assert not printed.outlet.drain(0.01)
    with ThreadPoolExecutor() as threads:
        found = threads.submit(read_all, read)
        assert printed.outlet.drain(10)
        os.close(write)
        assert found.result().decode() == "".join(lines)
    assert (printed.outlet.lost, printed.outlet.dropped) == (None, 0)


@pytest.mark.parametrize("width", [2, 80, 313, 5000])
def test_a_terminal_that_nobody_reads_holds_nobody_up_and_misses_nothing(width: int) -> None:
    """It says that there is room where there is some, and a write would wait for the rest."""
    master, terminal = pty.openpty()
    printed = stream(terminal, whole=False)
    lines = [f"{'x' * (width - 1)}\n" for _ in range(max(20, 40_000 // width))]
    blocking = os.get_blocking(terminal)
    with ThreadPoolExecutor() as threads:
        writes = threads.submit(lambda: [printed.write(each) for each in lines])
        done, _ = wait([writes], timeout=5)
        found = b""
        while found.count(b"\n") < len(lines):  # also lets go of a write that waits
            found += os.read(master, 1 << 16)
    assert done
    assert printed.outlet.drain(10)
    assert found.decode().replace("\r", "") == "".join(lines)
    assert (printed.outlet.lost, printed.outlet.dropped) == (None, 0)
    assert os.get_blocking(terminal) == blocking, "it is the shell's as well"
    assert os.get_terminal_size(printed.fileno()) == os.get_terminal_size(terminal)
    os.close(terminal)
    os.close(master)


def test_what_two_streams_print_to_one_file_keeps_its_order(pipe: tuple[int, int]) -> None:
    """As a table on stdout and a question below it do, on a slow terminal."""
    read, write = pipe
    backlog = Backlog()
    out, err = (
        Stream(Outlet(write, whole=whole, backlog=backlog), encoding="utf-8", line_buffering=True)
        for whole in (True, False)
    )
    lines = [f"{number} {'x' * 1000}\n" for number in range(200)]
    for number, each in enumerate(lines):
        (err if number % 2 else out).write(each)
    with ThreadPoolExecutor() as threads:
        found = threads.submit(read_all, read)
        assert out.outlet.drain(10)
        os.close(write)
        assert found.result().decode() == "".join(lines)


def test_diagnostics_that_nobody_reads_are_bounded_and_counted(
    monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int]
) -> None:
    monkeypatch.setattr(streams, "MOST_DIAGNOSTICS", 100_000)
    monkeypatch.setattr(streams, "LAST", 10.0)
    read, write = pipe
    err = stream(write, whole=False)
    for _ in range(1000):
        err.write("x" * 999 + "\n")
    held = 65_536 + 100_000  # the pipe's own, and the backlog's
    dropped = err.outlet.dropped
    assert 1000 - held // 1000 <= dropped <= 1000 - held // 1000 + 5
    monkeypatch.setattr(sys, "stderr", err)
    with ThreadPoolExecutor() as threads:
        found = threads.submit(read_all, read)
        streams.finish()
        os.close(write)
        *kept, last = found.result().decode().splitlines()
    assert len(kept) + dropped == 1000
    assert last == f"warning: {dropped:,} lines are missing here, because nobody read in time."


@SMALL_PIPES
def test_an_apply_whose_log_nobody_reads_comes_to_its_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pipe: tuple[int, int]
) -> None:
    """Before, it stood still at the first line that the pipe had no room for, until a signal came."""
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    _, write = pipe
    started = [sys.executable, "-m", "batchgw", "apply", "policy.yaml", "--yes", "--log-level", "debug"]
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    with served(monkeypatch):
        ended = subprocess.run(
            started, stdout=subprocess.PIPE, stderr=write, text=True, check=False, timeout=60
        )
        assert ended.returncode == 0
        assert "every target accounted for" in ended.stdout


@SMALL_PIPES
def test_a_result_that_nobody_reads_yet_waits_after_all_is_done_and_journaled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pipe: tuple[int, int]
) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    read, write = pipe
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    started = [sys.executable, "-m", "batchgw", "apply", "policy.yaml", "--yes", "-o", "jsonl"]
    with served(monkeypatch), subprocess.Popen(started, stdout=write, stderr=subprocess.DEVNULL) as process:
        while select.select([], [write], [], 0)[1]:  # until the pipe is full, and the process waits
            time.sleep(0.01)
        os.close(write)
        shown = batchgw("runs", "list", "-o", "json")
        assert [run["state"] for run in shown.json] == ["done"]
        assert process.poll() is None
        found = read_all(read).splitlines()
    assert process.returncode == 0
    assert len(found) == 17  # sixteen API-types and the summary


def shell(script: str) -> subprocess.CompletedProcess[str]:
    command = script.replace("batchgw", f"'{sys.executable}' -m batchgw")
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("batchgw presets >&-", 0),
        ("batchgw presets -o json >&- 2>&- <&-", 0),
        ("batchgw validate missing.yaml 2>&-", 64),
        ("batchgw --help >&-", 0),
        ("batchgw apply --no-such-flag 2>/dev/full", 64),
    ],
)
def test_a_closed_stream_is_dev_null(script: str, code: int) -> None:
    ended = shell(script)
    assert (ended.returncode, ended.stderr) == (code, "")


@SMALL_PIPES
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_while_the_last_of_it_is_printed_is_no_traceback(times: int, pipe: tuple[int, int]) -> None:
    read, write = pipe
    fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    started = [sys.executable, "-m", "batchgw", "schema"]
    with subprocess.Popen(started, stdout=write, stderr=subprocess.PIPE, text=True) as process:
        while select.select([], [write], [], 0)[1]:  # until the pipe is full, and the process waits
            time.sleep(0.01)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        os.close(read)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode in {130, -signal.SIGINT}


@pytest.mark.parametrize("verb", ["--help", "apply --help", "schema", "presets -o json"])
def test_every_verb_can_be_piped_into_head(verb: str) -> None:
    ended = shell(f"set -o pipefail; batchgw {verb} | head -n 1")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_missing_stdin_is_an_empty_one() -> None:
    ended = shell("batchgw validate - <&-")
    assert ended.returncode == 64
    assert "defect" not in ended.stderr


@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-"])
def test_an_apply_without_any_output_still_writes(
    stderr: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch):
        ended = shell(f"batchgw apply policy.yaml --yes --log-level debug {stderr}")
        assert ended.returncode == 0
        assert "every target accounted for" in ended.stdout
        assert batchgw("check", "policy.yaml").code == 0


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
def test_a_summary_that_cannot_be_written_is_told_after_all_the_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch):
        ended = shell("batchgw apply policy.yaml --yes >/dev/full")
        assert ended.returncode == 1
        assert "standard output cannot be written: No space left on device" in ended.stderr
        assert batchgw("check", "policy.yaml").code == 0
