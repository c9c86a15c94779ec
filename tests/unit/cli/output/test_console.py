"""The two streams."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from batchgw.cli.output.console import Console
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import Span, line


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_colour_is_for_terminals_only() -> None:
    terminal, file = Terminal(), io.StringIO()
    Console(out=terminal, err=file).data([line(Span("x", "error"))])
    Console(out=file, err=terminal).data([line(Span("x", "error"))])
    assert terminal.getvalue() == "\x1b[1;31mx\x1b[0m\n"
    assert file.getvalue() == "x\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_the_environment_can_forbid_colour(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    terminal = Terminal()
    Console(out=terminal, err=terminal).data([line(Span("x", "error"))])
    assert terminal.getvalue() == "x\n"


def test_a_flag_can_forbid_colour() -> None:
    terminal = Terminal()
    Console(out=terminal, err=terminal, color=False).tell(line(Span("x", "error")))
    assert terminal.getvalue() == "x\n"


def test_every_span_is_cleaned() -> None:
    terminal = Terminal()
    Console(out=terminal, err=terminal).data([line("a\x1b[2Jb\n")])
    assert terminal.getvalue() == "a\\x1b[2Jb\\x0a\n"


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_is_ascii_so_that_no_name_steers_a_terminal(form: str) -> None:
    out = io.StringIO()
    view_of(form, "schema", Console(out=out, err=out)).schema({"name": "\u202e\x9b\x1b注"})
    assert out.getvalue().isascii()
    assert json.loads(out.getvalue()) == {"name": "\u202e\x9b\x1b注"}


def test_quiet_drops_notes_and_keeps_what_must_be_said() -> None:
    err = io.StringIO()
    console = Console(out=io.StringIO(), err=err, quiet=True)
    console.note(line("a note"))
    console.warning("beware")
    assert err.getvalue() == "warning: beware\n"


def test_lines_go_above_a_live_view_while_there_is_one() -> None:
    err = io.StringIO()
    above: list[str] = []
    console = Console(out=io.StringIO(), err=err)
    console.above = above.append
    console.note(line("x"))
    console.above = None
    console.note(line("y"))
    assert (above, err.getvalue()) == (["x"], "y\n")


def test_a_broken_pipe_makes_no_noise_and_keeps_the_exit_code() -> None:
    """`batchgw presets | head -0`: the reader is gone before the first line."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "batchgw", "presets"], stdout=write, stderr=subprocess.PIPE, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
