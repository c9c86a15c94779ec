"""A section that goes wrong is a failed row, whatever goes wrong; and the registry has every section."""

from __future__ import annotations

import ast
import sys
import time
from pathlib import Path

import pytest

import benchmarks.__main__ as command
from benchmarks.harness.last_words import last_words
from benchmarks.harness.results import Column, Row, Section
from benchmarks.harness.runner import Measured, run
from benchmarks.registry import ENTRIES, Entry, chosen

FOLDER = Path(command.__file__).parent

SECTION = """
from benchmarks.harness.results import Column, Row, Section

def section(name):
    return Section(name=name, title=name, command="true", quick=False, columns=(), rows=(Row(name="a"),))

"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of sections that a child process finds, too."""
    package = tmp_path / "faked"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "faked", raising=False)  # another test's
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{FOLDER.parent}")
    return package


def entry(name: str, longest: float = 60.0) -> Entry:
    return Entry(name=name, about="made up", package="faked", longest=longest, quick=longest)


def test_several_sections_come_in_their_order(fake: Path) -> None:
    body = "def measure(*, quick):\n    return [section('second'), section('first')]\n"
    (fake / "both.py").write_text(SECTION + body)
    assert [s.name for s in run(entry("both"), quick=False).sections] == ["second", "first"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def measure(*, quick):\n    raise OSError('the disk is gone')", "the disk is gone"),
        ("import os\ndef measure(*, quick):\n    os.abort()", "exit code -6"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("", "no attribute 'measure'"),
    ],
)
def test_a_section_that_breaks_is_a_failed_row(fake: Path, body: str, told: str) -> None:
    (fake / "broken.py").write_text(body)
    (section,) = run(entry("broken"), quick=False).sections
    (row,) = section.rows
    assert told in (row.failed or "")
    assert command.failures_of(section) != []


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\nOSError: it broke\n\n", "OSError: it broke"),
        ("ImportError: x (/home/me/batchgw/journal.py)", "ImportError: x (journal.py)"),
        (
            'No file "/tmp/a b/x" at http://127.0.0.1:1/restapis/a',
            'No file "a b/x" at http://127.0.0.1:1/restapis/a',
        ),
        ("", "it said nothing"),
    ],
)
def test_last_words_contain_no_folder_of_this_machine(said: str, kept: str) -> None:
    assert last_words(said) == kept


def test_a_section_that_hangs_is_killed_and_says_so(fake: Path) -> None:
    (fake / "hanging.py").write_text("import time\ndef measure(*, quick):\n    time.sleep(60)\n")
    measured = run(entry("hanging", longest=0.5), quick=False)
    assert measured.sections[0].rows[0].failed == "not done after 0.5 s, so it was killed"
    assert measured.seconds < 20


def test_a_section_without_a_module_has_failed() -> None:
    (section,) = run(Entry(name="nowhere", about="made up"), quick=True).sections
    assert section.rows[0].failed == "there is no such module"


def test_every_module_that_measures_is_in_the_registry() -> None:
    measuring = {path.stem for path in FOLDER.glob("*.py") if _measures(path)}
    assert measuring <= {each.name for each in ENTRIES}


def _measures(path: Path) -> bool:
    """Whether a module has a `measure` that takes nothing but `quick`."""
    functions = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
    return any(
        f.name == "measure" and not f.args.args and [a.arg for a in f.args.kwonlyargs] == ["quick"]
        for f in functions
    )


def test_sections_are_chosen_by_name_in_the_registry_s_order() -> None:
    assert [e.name for e in chosen(["startup", "http_puts"])] == ["http_puts", "startup"]
    assert chosen(None) == ENTRIES
    with pytest.raises(KeyError, match="nothing"):
        chosen(["nothing"])


def measured(row: Row) -> Measured:
    columns = () if row.failed else (Column(key="x", label="X"),)  # as a module that failed has it: without
    section = Section(name="startup", title="t", command="true", quick=True, columns=columns, rows=(row,))
    return Measured(entry=ENTRIES[0], sections=(section,), seconds=0.0)


@pytest.mark.parametrize(
    ("row", "flags", "code"),
    [
        (Row(name="a"), ["--check"], 0),
        (Row(name="a", failed="it died"), [], 0),
        (Row(name="a", failed="it died"), ["--check"], 1),
        (Row(name="a", failed="it died"), ["--check", "runs"], 1),
        (Row(name="a", values={"x": 2.0}, goals={"x": 1.0}), [], 0),
        (Row(name="a", values={"x": 2.0}, goals={"x": 1.0}), ["--check", "runs"], 0),
        (Row(name="a", values={"x": 2.0}, goals={"x": 1.0}), ["--check", "goals"], 1),
        (Row(name="a", values={"x": 2.0}, goals={"x": 1.0}), ["--check"], 1),
    ],
)
def test_the_exit_code_is_1_only_with_check(
    monkeypatch: pytest.MonkeyPatch, row: Row, flags: list[str], code: int
) -> None:
    monkeypatch.setattr(command, "run", lambda _entry, *, quick: measured(row))  # noqa: ARG005 - its name
    assert command.main(["--only", "startup", "--no-write", *flags]) == code


def test_results_are_written_to_the_given_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "run", lambda _entry, *, quick: measured(Row(name="a")))  # noqa: ARG005
    assert command.main(["--only", "startup", "--quick", "--out", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["startup.json"]
    assert str(tmp_path) in capsys.readouterr().out


def test_only_sections_that_wait_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now: list[str] = []
    met: set[frozenset[str]] = set()

    def fake(entry: Entry, *, quick: bool) -> Measured:  # noqa: ARG001 - as it is called
        now.append(entry.name)
        time.sleep(0.05)
        met.add(frozenset(now))
        now.remove(entry.name)
        return measured(Row(name="a"))

    monkeypatch.setattr(command, "run", fake)
    names = ["http_puts", "http_scopes", "http_faults", "startup"]
    command.main(["--only", *names, "--no-write"])
    assert frozenset({"http_puts", "http_faults"}) in met
    assert all(len(together) == 1 for together in met if together & {"startup", "http_scopes"})
    met.clear()
    command.main(["--only", *names, "--no-write", "--quick"])
    assert frozenset(names[:3]) in met
    assert all(len(together) == 1 for together in met if "startup" in together)
    met.clear()
    command.main(["--only", *names[1:], "--no-write", "--quick", "--check", "runs"])
    assert frozenset(names[1:]) in met, "what they measure does not count"


def test_an_unknown_section_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--only", "nothing"])
    assert ended.value.code == 2
    assert "http_puts" in capsys.readouterr().err


def test_a_peer_that_fails_is_no_failure_of_ours() -> None:
    peer = Section(
        name="x",
        title="x",
        command="true",
        quick=True,
        columns=(Column(key="a", label="A"),),
        rows=(Row(name="peer", failed="it died"), Row(name="batchgw", failed="it died", goals={"a": 1})),
    )
    assert command.failures_of(peer) == ["x: batchgw failed: it died"]
