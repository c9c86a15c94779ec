"""docs/organization.md shows what the commands print, in the organisation of examples/organization."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli_driver import Result, batchgw, clean_environment, served

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "organization"
PAGE = (ROOT / "docs" / "organization.md").read_text(encoding="utf-8")
PLATFORM = "222222222222"
"""The account of the identity that runs batchgw on the page."""

ELSEWHERE = "..."
"""Stands for what the page leaves out: lines, or the rest of a line."""

ACCOUNT_ROW = re.compile(r"  \d{12}  ")

FILLED_IN = re.compile(r"\.\.\.|\b\w+:[A-Z]\w+(?: on \*)?|\b[A-Z]+\b(?!-)|\d of \d|\*")
"""What differs in a message from case to case: names in capitals, actions of IAM, counts."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def sessions() -> list[tuple[str, list[str]]]:
    """Give each command of the page with the lines that it shows."""
    found: list[tuple[str, list[str]]] = []
    for text in "".join(blocks("console")).splitlines():
        if text.startswith("$ "):
            found.append((text[2:], []))
        elif text and text != ELSEWHERE:
            found[-1][1].append(text)
    return found


def shows(printed: list[str], line: str) -> bool:
    if line.endswith(ELSEWHERE):
        beginning = line.removesuffix(ELSEWHERE).rstrip()
        return any(each.startswith(beginning) for each in printed)
    return line in printed


def messages() -> list[str]:
    """Give the messages of the table, as the page writes them."""
    table = PAGE.split("\n## What messages mean\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    found = [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]
    assert found
    return found


def in_the_code() -> str:
    """Give the program's text, with texts in one piece that go on in the next line."""
    code = "".join(path.read_text() for path in sorted((ROOT / "batchgw").rglob("*.py")))
    return re.sub(r"\"\n\s*f?\"", "", code)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    clean_environment(monkeypatch, tmp_path)
    for file in EXAMPLE.iterdir():
        shutil.copy(file, tmp_path)
    files = {"organization": Path("organization.yaml"), "iam": Path("iam.yaml")}
    with served(monkeypatch, **files, apis=24, owned=0.4) as info:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", info.keys[PLATFORM]["access_key_id"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", info.keys[PLATFORM]["secret_access_key"])
        yield info.endpoint


def change_the_organisation(endpoint: str) -> None:
    """Make the changes that the page makes between its plan and its apply."""
    (body,) = re.findall(r"curl -d '(\[.*?\])'", PAGE, re.DOTALL)
    url = f"{endpoint}/_batchgw/organization"
    request = urllib.request.Request(url, body.encode(), method="POST")  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert json.load(answer) == {"changes": 3}


def test_the_commands_print_what_the_page_shows(endpoint: str) -> None:
    """And each message in its table is one of theirs, or one whose words stand in the code."""
    last: Result | None = None
    all_printed = ""
    for command, shown in sessions():
        if command == "echo $?":
            assert last is not None
            assert shown == [str(last.code)]
            continue
        verb, *arguments = shlex.split(command)
        assert verb == "batchgw"
        if arguments[0] == "apply":
            change_the_organisation(endpoint)
        last = batchgw(*arguments)
        printed = [line.rstrip() for line in (last.out + last.err).splitlines()]
        all_printed += "\n".join(printed)
        missing = [line for line in shown if not shows(printed, line)]
        assert not missing, (command, last.out, last.err)
        in_order = [line for line in shown if ACCOUNT_ROW.match(line) and not line.endswith(ELSEWHERE)]
        assert [line for line in printed if line in in_order] == in_order, command
    known = all_printed + in_the_code()
    for message in messages():
        for piece in FILLED_IN.split(message):
            assert piece.strip(" ()") in known, (message, piece)


def test_the_run_of_a_saved_plan_tells_who_began_it_and_a_second_run_names_it(endpoint: str) -> None:
    assert endpoint
    batchgw("plan", "policy.yaml", "--out", "first.plan")
    batchgw("apply", "--plan", "first.plan", "--yes")
    told = batchgw("runs", "show", "last").out
    assert f"identity  arn:aws:iam::{PLATFORM}:user/batchgw\n" in told
    assert "organization_accounts = 8 accounts; --output json has all\n" in told
    again = batchgw("apply", "--plan", "first.plan", "--yes")
    run = batchgw("runs", "list", "-o", "jsonl").lines[-1]["run"]
    assert again.code == 5
    assert f"Run {run} has applied this plan already" in again.err


def test_the_organisation_of_the_page_is_served_by_what_it_says_to_paste(tmp_path: Path) -> None:
    served, changes = blocks("sh")[-2:]
    shutil.copytree(EXAMPLE, tmp_path / "examples" / "organization")
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.defpath}", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-c", f"{served}\n{changes}"],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    server = re.search(r"To end it sooner: kill (\d+)", done.stderr)
    assert server, done.stderr
    os.kill(int(server[1]), signal.SIGTERM)
    assert '{"changes": 3}' in done.stdout or shutil.which("curl") is None
    for line in PAGE.split("$ batchgw discover policy.yaml\n")[1].split("$ ")[0].splitlines():
        if ACCOUNT_ROW.match(line) or line.startswith("15 REST APIs"):
            assert line.removesuffix(ELSEWHERE).rstrip() in done.stderr


def test_the_policies_are_those_of_the_example() -> None:
    assert blocks("yaml") == [(EXAMPLE / name).read_text() for name in ("policy.yaml", "payments.yaml")]


@pytest.mark.parametrize(
    ("file", "flags"),
    [
        ("role.json", []),
        ("reader.json", ["--organization"]),
        ("trust.json", ["--trust", "--principal", f"arn:aws:iam::{PLATFORM}:user/batchgw"]),
    ],
)
def test_the_permissions_of_the_example_are_those_that_are_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, flags: list[str]
) -> None:
    clean_environment(monkeypatch, tmp_path)
    printed = batchgw("iam-policy", EXAMPLE / "policy.yaml", EXAMPLE / "payments.yaml", *flags)
    assert printed.out == (EXAMPLE / file).read_text()
