"""A new form of output is one file and one line of the registry, and every verb can then be asked for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import pytest

from batchgw.cli import verbs
from batchgw.report.views.forms import EVERYTHING, FORMS, forms_of
from batchgw.report.views.interface import Subject, View
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served
from tests.unit.report.names import FORM


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)
    with served(monkeypatch) as info:
        yield info


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the form, as a line of the registry would."""
    monkeypatch.setitem(FORMS, "names", FORM)


@pytest.mark.usefixtures("world", "names")
def test_a_form_of_the_tests_own_is_shown_by_discover_plan_apply_and_runs() -> None:
    listed = [
        f"{each['account']}/{each['region']}/{each['id']}"
        for each in batchgw("discover", "policy.yaml", "-o", "jsonl").lines
    ]
    assert len(listed) == 8
    assert sorted(batchgw("discover", "policy.yaml", "-o", "names").out.splitlines()) == sorted(listed)
    planned = batchgw("plan", "policy.yaml", "-o", "names")
    assert (planned.code, set(planned.out.splitlines())) == (2, set(listed))
    *written, run = batchgw("apply", "policy.yaml", "--yes", "-o", "names").out.splitlines()
    assert (len(written), set(written)) == (16, set(listed))
    assert batchgw("runs", "list", "-o", "names").out.splitlines() == [run]
    assert batchgw("check", "policy.yaml", "-o", "names").out == ""  # nothing is to be changed any more


@pytest.mark.usefixtures("world", "names")
@pytest.mark.parametrize(
    ("arguments", "subject"),
    [(["limits"], "limits"), (["runs", "show", "last"], "run"), (["presets"], "presets")],
)
def test_a_form_that_cannot_show_something_is_refused_before_anything_is_done(
    arguments: list[str], subject: Subject
) -> None:
    done = batchgw(*arguments, "-o", "names")
    assert (done.code, done.out) == (64, "")
    others = " or ".join(forms_of(subject))
    assert done.err == f"error: --output names is for other commands: here it is {others}.\n"


@pytest.mark.parametrize(
    ("verb", "offers"), [("discover", 1), ("runs list", 1), ("apply", 0), ("runs show", 0)]
)
def test_a_verb_offers_the_forms_that_can_show_what_it_shows(verb: str, offers: int) -> None:
    """In a process of its own: what is offered is settled when the verbs are registered."""
    code = (
        "import sys; from batchgw.report.views.forms import FORMS, Form\n"
        "FORMS['names'] = Form('tests.unit.report.names:NamesView', frozenset({'apis', 'runs'}))\n"
        "from batchgw.cli.main import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", code, *verb.split(), "--help"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "80"}
    )
    (line,) = [each for each in done.stdout.splitlines() if "--output FORM" in each]
    assert line.count("names") == offers


def test_a_form_that_nobody_has_is_named_with_those_there_are() -> None:
    done = batchgw("runs", "list", "-o", "xml")
    assert done.code == 64
    assert "'xml' is not one of 'table', 'json', 'jsonl'" in done.err


@pytest.mark.parametrize("form", [*FORMS.values(), FORM], ids=[*FORMS, "names"])
def test_the_registry_says_what_each_view_has(form: object) -> None:
    assert isinstance(form, type(FORM))
    view = resolve_name(form.view)
    assert issubclass(view, View)
    assert {name for name in EVERYTHING if getattr(view, name) is not getattr(View, name)} == form.shows


def test_the_interface_has_a_method_for_each_thing_that_is_shown() -> None:
    methods = {name for name in vars(View) if not name.startswith("_") and callable(getattr(View, name))}
    assert methods == EVERYTHING
    assert all(forms_of(subject) for subject in EVERYTHING)


def test_verbs_print_no_data_themselves() -> None:
    """Only views do. A starter file, and what `simulate` tells the program that started it, are not shown."""
    printing = re.compile(r"console\.(?:data|text)\(|\bprint\(")
    found = {
        path.name: printing.findall(path.read_text())
        for path in Path(next(iter(verbs.__path__))).glob("*.py")
    }
    assert {name: calls for name, calls in found.items() if calls} == {
        "policy.py": ["console.text("],
        "simulate.py": ["console.text(", "console.text("],
    }
