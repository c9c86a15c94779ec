"""From exceptions to exit codes and paragraphs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from batchgw.cli.output.console import Console
from batchgw.cli.output.failure import report
from batchgw.errors import (
    AccessDenied,
    JournalWriteFailed,
    PlanStale,
    PolicyInvalid,
    Problem,
    RunUnknown,
    ScopeLocked,
    Stopped,
    UsageError,
)
from batchgw.report.views.forms import forms_of
from tests.unit.cli_driver import batchgw

PLAN_FORMS = ", ".join(map(repr, forms_of("plan")))


def told(error: BaseException, *, debug: bool = False) -> tuple[int, str]:
    err = io.StringIO()
    code = report(error, Console(out=io.StringIO(), err=err), debug=debug)
    return code, err.getvalue()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 64),
        (RunUnknown("x"), 64),
        (PlanStale("x"), 5),
        (ScopeLocked("x"), 75),
        (JournalWriteFailed("x"), 3),
        (AccessDenied("x"), 4),
    ],
)
def test_an_error_of_ours_is_a_paragraph_and_its_own_exit_code(error: Exception, code: int) -> None:
    assert told(error) == (code, "error: x\n")


def test_a_stop_is_not_called_an_error() -> None:
    assert told(Stopped("nothing was written.")) == (130, "stopped: nothing was written.\n")


def test_groups_are_unwrapped_and_a_mere_stop_hides_no_error() -> None:
    group = ExceptionGroup("a", [Stopped("s"), ExceptionGroup("b", [PlanStale("moved")])])
    assert told(group) == (5, "error: moved\n")


def test_an_error_of_ours_says_more_than_a_foreign_one_beside_it() -> None:
    assert told(ExceptionGroup("a", [ValueError("v"), UsageError("u")])) == (64, "error: u\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plann"], "No such command 'plann'. Did you mean 'plan', 'explain'? See 'batchgw --help'."),
        (["plan"], "Missing argument 'POLICY...'. See 'batchgw plan --help'."),
        (["plan", "p.yaml", "--plan"], "No such option: --plan"),
        (["apply", "--plan"], "Option '--plan' requires an argument."),
        (["simulate", "--latency", "x"], "'--latency': 'x' is not a number of at least 0. See"),
        (["simulate", "--exempt", "2"], "'--exempt': '2' is not a number from 0 to 1. See"),
        (["simulate", "--seed", "x"], "'--seed': 'x' is not a whole number. See"),
        (["plan", "p.yaml", "--workers", "nan"], "'nan' is not a whole number of at least 1. See"),
        (["presets", "nope"], "no preset is called nope. There are cors, security-headers, "),
        (["resume", "last"], "There is no run to resume: the journal "),
        (["resume", "x", "--unfinished"], "every unfinished run: leave x out, or --unfinished."),
        (["runs", "show", "last"], "There is no run 'last': the journal "),
        (["init", "."], ". is a folder: name a file in it, such as policy.yaml."),
        (["plan", "p.yaml", "-o", "xml"], f"'-o': 'xml' is not one of {PLAN_FORMS}. See 'batchgw plan"),
    ],
)
def test_what_is_said_of_wrong_words_reads_as_sentences(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert said in batchgw(*words).err


def test_notes_follow() -> None:
    error = JournalWriteFailed("the disk is full")
    error.add_note("To finish it: batchgw resume 7")
    group = ExceptionGroup("a", [error])
    group.add_note("To finish it: batchgw resume 7")
    assert told(group) == (3, "error: the disk is full\nTo finish it: batchgw resume 7\n")


def test_every_problem_of_a_policy_is_a_line() -> None:
    problems = (
        Problem(file="p.yaml", line=3, column=5, message="bad", rule="schema"),
        Problem(file="p.yaml", line=9, column=1, message="hm", severity="warning", rule="no-effect"),
        Problem(file="p.yaml", line=0, column=0, message="whole", rule="file"),
    )
    code, text = told(PolicyInvalid(problems))
    assert code == 64
    assert text.splitlines() == [
        "p.yaml:3:5: error: bad [schema]",
        "p.yaml:9:1: warning: hm [no-effect]",
        "p.yaml: error: whole [file]",
        "error: the policy cannot be used: 2 errors to correct at the places named above.",
    ]


def test_the_unexpected_is_one_paragraph_and_exit_1() -> None:
    code, text = told(RuntimeError("first\nsecond"))
    assert code == 1
    assert text.count("\n") == 1
    assert text.startswith("error: unexpected RuntimeError: first second. ")
    assert "--debug" in text
    assert "Traceback" not in text


def test_debug_shows_where() -> None:
    assert "in _raised" in told(_raised(), debug=True)[1]


def test_a_file_that_cannot_be_used_is_named() -> None:
    error = PermissionError(13, "Permission denied", "/etc/shadow")
    assert told(error) == (64, "error: /etc/shadow: Permission denied.\n")


def test_messages_from_outside_are_cleaned() -> None:
    assert told(UsageError("api \x1b[31mx")) == (64, "error: api \\x1b[31mx\n")


def _raised() -> Exception:
    try:
        int("deep")
    except ValueError as error:
        return error
    raise AssertionError
