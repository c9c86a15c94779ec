"""Opening what people name: a pipe is waited for, and the wait can be ended."""

from __future__ import annotations

import io
import os
import signal
import threading
from pathlib import Path

import pytest

from batchgw.policy.text.opening import opened


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_pipe_is_read_to_its_end_however_late_its_writer_comes(pipe: Path) -> None:
    late = threading.Timer(0.3, lambda: pipe.write_bytes(b"one\ntwo\n" * 50_000))
    late.start()
    with opened(pipe) as file:
        assert file.read() == b"one\ntwo\n" * 50_000
    late.join()


def test_no_more_is_read_than_was_asked_for(pipe: Path) -> None:
    late = threading.Timer(0.0, lambda: pipe.write_bytes(b"abc"))
    late.start()
    with opened(pipe) as file:
        assert (file.read(2), file.read(2), file.read(2)) == (b"ab", b"c", b"")
    late.join()


def test_a_signal_right_before_a_read_ends_the_wait(pipe: Path) -> None:
    """A blocking read would not see it: its handler runs in the main thread, between two instructions."""

    class HeardError(Exception):
        pass

    def heard(_number: int, _frame: object) -> None:
        raise HeardError

    before = signal.signal(signal.SIGUSR1, heard)
    late = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    late.start()
    # A signal that another thread receives interrupts no call of the main thread, as one that comes right
    # before the call does not.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        with opened(pipe) as file, pytest.raises(HeardError):
            file.read()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
        signal.signal(signal.SIGUSR1, before)
        late.join()


def test_a_file_in_memory_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"text")))
    with opened("-") as file:
        assert file.read() == b"text"
