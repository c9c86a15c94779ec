"""Flags and their variables, over the whole command line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
import typer.main

from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.main import app
from batchgw.cli.verbs.simulate import WorldFlags, options_of
from batchgw.control_plane.stack import Pace
from batchgw.report.views.forms import forms_of
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.throttle.quota import Scoping
from tests.unit.cli_driver import batchgw

SUMMARY_FORMS = " or ".join(", ".join(forms_of("summary")).rsplit(", ", 1))


def commands() -> Iterator[tuple[str, Any]]:
    """Give every command with its full name."""
    todo = [("", typer.main.get_command(app))]
    while todo:
        name, command = todo.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name.strip(), command
        else:
            todo += [(f"{name} {each}", found) for each, found in inner.items()]


COMMANDS = dict(commands())

MEAN_SOMETHING_ELSE = {
    ("validate", "--strict"),
    ("show", "--output"),
    *(("simulate", f"--{field.name.replace('_', '-')}") for field in fields(WorldFlags)),
    ("simulate", "--env"),
    ("runs prune", "--keep"),
    ("runs prune", "--account"),
    ("deployments prune", "--keep"),
    ("rollback", "--api"),
    ("rollback", "--failed"),
    ("rollback", "--force"),
    ("retry", "--failed"),
}
"""Flags whose variables carry their verb's name, since elsewhere a flag of that name means something else.

So it is with all that describe a simulated world: BATCHGW_ACCOUNTS would pass for a misspelt BATCHGW_ACCOUNT.
"""

ONE_MEANING_IN_OTHER_WORDS = {"BATCHGW_ACCOUNT", "BATCHGW_REGION", "BATCHGW_ROLE_NAME", "BATCHGW_STAGES"}
"""Which accounts and regions, and which role, and stages: one thing, whether to work with or to look up."""


def test_the_verbs() -> None:
    assert set(COMMANDS) == {
        "init", "schema", "presets", "validate", "discover", "plan", "show", "apply", "check", "put",
        "deploy", "resume", "retry", "rollback", "promote", "abort", "runs list", "runs show", "runs diff",
        "runs prune", "deployments prune", "limits", "simulate", "version", "iam-policy", "explain",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_flag_is_mirrored_by_a_variable_of_its_name(name: str) -> None:
    for parameter in COMMANDS[name].params:
        flags = [o for o in parameter.opts if o.startswith("--") and o not in ("--help", "--help-all")]
        if flags:
            own = f"{name} " if (name, flags[0]) in MEAN_SOMETHING_ELSE else ""
            expected = "BATCHGW_" + (own + flags[0][2:]).upper().replace("-", "_").replace(" ", "_")
            assert parameter.envvar == expected


def test_a_variable_means_one_thing() -> None:
    """What a shell exports for one verb must not be taken for something else by another."""
    meanings: dict[str, set[str]] = {}
    for command in COMMANDS.values():
        for parameter in command.params:
            if parameter.envvar and parameter.envvar not in ONE_MEANING_IN_OTHER_WORDS:
                meanings.setdefault(parameter.envvar, set()).add(parameter.help)
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_flag_and_verb_says_what_it_is_for(name: str) -> None:
    assert COMMANDS[name].help
    assert all(p.help for p in COMMANDS[name].params)
    assert batchgw(*name.split(), "--help").code == 0


def test_a_flag_of_the_pace_that_is_not_given_leaves_the_engine_s_default() -> None:
    assert chosen_pace(PaceFlags()) == Pace()
    values: dict[str, Any] = dict.fromkeys((f.name for f in fields(PaceFlags)), 1)
    values |= {"strict": True, "probe": True, "polite": True, "quota_scope": Scoping.ACCOUNT}
    del values["quota_file"]  # see test_cli_quota_file.py
    for name, value in values.items():
        assert chosen_pace(PaceFlags(**{name: value})) == replace(Pace(), **{name: value})


@pytest.mark.parametrize(
    ("verb", "defaults"),
    [
        ("plan", ["10", "40", "1", "3600", "32", "8"]),
        ("apply", ["in the XDG state folder"]),
        ("simulate", ["0.2, at least the median"]),
    ],
)
def test_the_help_shows_defaults(verb: str, defaults: list[str]) -> None:
    shown = " ".join(batchgw(verb, "--help").out.split())
    for default in defaults:
        assert f"[default: {default}]" in shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_help_shows_every_flag_whole_at_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = batchgw(*name.split(), "--help-all").out.splitlines()
    assert max(map(len, lines)) < 80
    shown = [flag for line in lines if re.match("  -", line) for flag in re.findall(r"--[\w-]+", line)]
    assert set(shown) >= {
        option for each in COMMANDS[name].params for option in each.opts if option.startswith("--")
    }


@pytest.mark.parametrize("verb", sorted({*COMMANDS} - {"simulate"}))
def test_the_help_fits_a_tall_window(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """66 are the lines of a printed page. Of a simulated world there is more to say."""
    monkeypatch.setenv("COLUMNS", "80")
    assert len(batchgw(*verb.split(), "--help").out.splitlines()) <= 66


def test_the_help_leaves_out_what_few_need_and_says_how_to_see_it() -> None:
    short, whole = (batchgw("apply", flag).out for flag in ("--help", "--help-all"))
    assert "--help-all" in short
    assert "--force-lock" not in short
    assert whole.startswith(short.rstrip())
    assert "\nAdvanced:\n" in whole
    for flag in ("--stop-after", "--skip-gate", "--reason", "--wait-for-window", "--allow", "--deadline"):
        assert flag in short  # what a rollout needs


@pytest.mark.parametrize(
    ("verb", "written"),
    [
        ("apply", "  --quota-scope SCOPE         account-region (the default), or account."),
        ("apply", f"  -o, --output FORM           {SUMMARY_FORMS}. [default: table]"),
        ("plan", "  --attempts N                Tries of a call that fails. [default: 8]"),
    ],
)
def test_a_flag_is_a_line_that_says_what_it_takes(
    verb: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert written in batchgw(verb, "--help").out.splitlines()


def test_simulate_has_every_option_of_the_simulator_with_its_default() -> None:
    assert options_of(WorldFlags()) == ServeOptions()
    assert {f.name for f in fields(WorldFlags)} ^ {f.name for f in fields(ServeOptions)} == {
        "refused_role",
        "refused_roles",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["nosuchverb"],
        ["plan"],
        ["plan", "p.yaml", "--nosuch"],
        ["plan", "p.yaml", "--rate", "fast"],
        ["plan", "p.yaml", "--rate", "0"],
        ["plan", "p.yaml", "--share", "1.5"],
        ["plan", "p.yaml", "--output", "xml"],
        ["show", "p.plan", "extra"],
        ["runs", "show"],
    ],
)
def test_usage_errors_are_one_paragraph_and_exit_64(arguments: list[str]) -> None:
    done = batchgw(*arguments)
    assert (done.code, done.out) == (64, "")
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert done.err.rstrip().endswith("--help'.")


def test_a_misspelt_verb_or_flag_is_recognised() -> None:
    assert "'plan'" in batchgw("plam").err
    assert "--region" in batchgw("plan", "p.yaml", "--regoin", "x").err


@pytest.mark.parametrize("arguments", [[], ["runs"]])
def test_no_verb_at_all_shows_the_help(arguments: list[str]) -> None:
    done = batchgw(*arguments)
    assert (done.code, done.out) == (64, "")
    assert done.err == batchgw(*arguments, "--help").out


def test_the_help_names_every_verb_in_lines_that_fit() -> None:
    shown = batchgw("--help").out
    assert all(len(each) <= 80 for each in shown.splitlines())
    for verb in ("init", "plan", "apply", "resume", "runs", "simulate"):
        assert f"\n  {verb} " in shown


def test_help_loads_nothing_heavy() -> None:
    heavy = [
        "sqlalchemy",
        "aioboto3",
        "botocore",
        "aiohttp",
        "structlog",
        "pydantic",
        "ruamel.yaml",
        "anyio",
        "rich",
    ]
    code = (
        "import sys; from batchgw.cli.main import run; run(['--help']); "
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_validate_loads_nothing_of_the_engine(tmp_path: Any) -> None:
    (tmp_path / "p.yaml").write_text("version: 1\nresponses: {THROTTLED: default}\n")
    heavy = ["sqlalchemy", "aioboto3", "botocore", "aiohttp", "structlog", "rich"]
    code = (
        "import sys; from batchgw.cli.main import run; run(['validate', 'p.yaml']); "
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stderr == "[]\n"
    assert "valid" in done.stdout
