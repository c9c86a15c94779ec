"""Whatever is wrong from outside: one clear paragraph on stderr, the right exit code, nothing lost."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.errors import JournalUnusable
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import POLICY, Result, batchgw, clean_environment, served

RAW = "responses: {THROTTLED: {responseParameters: {gatewayresponse.header.X: %s}}}\n"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadyInfo]:
    with served(monkeypatch) as info:
        yield info


def refused(done: Result, code: int, *words: str) -> None:
    """Assert that the last thing said is one paragraph holding these words, and that there is no data."""
    assert done.code == code, done.err
    assert done.out == ""
    last = done.err.splitlines()[-1]
    assert last.startswith("error: ")
    assert "Traceback" not in done.err
    assert "unexpected" not in done.err
    for word in words:
        assert word in done.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nresponses: {A: [\n", ["bad.yaml:3:1:", "YAML"]),
        ('{"version": 1,', ["bad.yaml:"]),
        ("version: 1\nresponses: {UNAUTHORISED: {status: 401}}\n", ["bad.yaml:2:13:", "mean UNAUTHORIZED?"]),
        ("version: 1\nrespnses: {UNAUTHORIZED: default}\n", ["bad.yaml:2:1:", "did you mean responses?"]),
        ("version: 1\n" + RAW % "abc", ["bad.yaml:2:", "single quotes"]),
        ("version: 1\n" + RAW % "'\"abc\"'", ["bad.yaml:2:", "double"]),
        ("version: 1\nresponses: {THROTTLED: {status: 999}}\n", ["bad.yaml:2:"]),
        ("", ["empty", "batchgw init"]),
        ("version: 1\n", ["bad.yaml"]),
        ("\xff\xfe\x00", ["bad.yaml"]),
    ],
)
@pytest.mark.parametrize("verb", [["validate"], ["plan"], ["check"], ["apply", "--yes"]])
def test_a_bad_policy(verb: list[str], text: str, words: list[str]) -> None:
    Path("bad.yaml").write_text(text, encoding="latin-1")
    refused(batchgw(*verb, "bad.yaml"), 64, *words)


def test_a_missing_policy() -> None:
    refused(batchgw("plan", "polcy.yaml"), 64, "polcy.yaml", "did you mean policy.yaml?")


def test_a_folder_as_policy() -> None:
    Path("folder").mkdir()
    refused(batchgw("plan", "folder"), 64, "folder")


def test_a_missing_plan() -> None:
    refused(batchgw("apply", "--plan", "no.plan", "--yes"), 64, "no.plan", "batchgw plan")


@pytest.mark.parametrize("content", [b"", b"not a plan\n", b"\x00\xff\x00", b'{"kind":"plan"}\n'])
def test_an_unreadable_plan(content: bytes) -> None:
    Path("bad.plan").write_bytes(content)
    refused(batchgw("apply", "--plan", "bad.plan", "--yes"), 64, "bad.plan")


@pytest.mark.usefixtures("world")
def test_a_truncated_or_edited_plan() -> None:
    assert batchgw("plan", "policy.yaml", "--out", "p.plan").code == 2
    whole = Path("p.plan").read_bytes()
    Path("p.plan").write_bytes(whole[: len(whole) // 2])
    refused(batchgw("apply", "--plan", "p.plan", "--yes"), 64, "p.plan")
    Path("p.plan").write_bytes(whole.replace(b"'1'", b"'2'"))
    refused(batchgw("apply", "--plan", "p.plan", "--yes"), 64, "p.plan")


@pytest.mark.usefixtures("world")
def test_a_plan_that_cannot_be_saved_where_asked() -> None:
    refused(batchgw("plan", "policy.yaml", "--out", "no/such/p.plan"), 64, "no/such/p.plan")


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--region", "us-east-1"], ["--region", "whole"]),
        (["--strict"], ["--strict", "--rate"]),
        (["--burst", "9"], ["--burst", "--rate"]),
        (["--quota-file", "quotas.yaml", "--rate", "unknown"], ["quotas.yaml:1:8", "share"]),
    ],
)
@pytest.mark.parametrize("yes", [[], ["--yes"]])
def test_flags_that_contradict_a_plan(flags: list[str], words: list[str], yes: list[str]) -> None:
    """They do so before anybody is asked, and whether or not somebody can be."""
    Path("quotas.yaml").write_text("share: 0.5\n")
    assert batchgw("plan", "policy.yaml", "--out", "p.plan", "--rate", "unknown").code == 2
    done = batchgw("apply", "--plan", "p.plan", *flags, *yes)
    refused(done, 64, *words)
    assert "--yes" not in done.err


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--region", "eu-wets-1", "a1b2c3"], "did you mean eu-west-1?"),
        (["--account", "12", "a1b2c3"], "twelve digits"),
        (["a/b/c/d"], "in the arguments"),
        (["--tag", "=x"], "has no key"),
    ],
)
def test_what_put_cannot_use_is_said_before_it_asks(flags: list[str], word: str) -> None:
    done = batchgw("put", "--type", "THROTTLED", "--default", *flags)
    refused(done, 64, word)
    assert "--yes" not in done.err


def test_nothing_to_apply() -> None:
    refused(batchgw("apply", "--yes"), 64, "a policy file, or --plan")


def test_nobody_to_ask() -> None:
    refused(batchgw("apply", "policy.yaml"), 64, "--yes", "nothing was written")
    refused(batchgw("put", "--type", "THROTTLED", "--default", "abc"), 64, "--yes")


@pytest.mark.parametrize("verb", [["resume"], ["runs", "show"]])
@pytest.mark.parametrize("run", ["nosuchrun", "last"])
def test_an_unknown_run(verb: list[str], run: str) -> None:
    refused(batchgw(*verb, run), 64, "--journal")


@pytest.mark.parametrize(
    ("journal", "word"),
    [
        ("/no/such/folder/journal.db", "/no/such/folder"),
        ("nosuchscheme://x/y", "--journal"),
        ("policy.yaml", "policy.yaml"),
    ],
)
@pytest.mark.parametrize(
    "verb",
    [
        ["apply", "policy.yaml", "--yes"],
        ["put", "--type", "THROTTLED", "--default", "eu-west-1/a1b2c3", "--yes"],
        ["resume", "last"],
        ["runs", "list"],
        ["runs", "show", "last"],
        ["limits"],
    ],
)
def test_a_journal_that_cannot_be_used(verb: list[str], journal: str, word: str) -> None:
    """Nothing is begun without one, so it is a matter of usage; 3 is for one that fails on the way."""
    done = batchgw(*verb, "--journal", journal)
    refused(done, JournalUnusable.exit_code, word)
    assert done.code == 64
    assert Path("policy.yaml").read_text() == POLICY


@pytest.mark.parametrize(
    "journal",
    ["sqlite://", "sqlite:///", "sqlite:///:memory:", ":memory:", "sqlite:///file::memory:?uri=true"],
)
@pytest.mark.parametrize(
    "verb",
    [
        ["apply", "policy.yaml", "--yes"],
        ["put", "--type", "THROTTLED", "--default", "eu-west-1/a1b2c3", "--yes"],
        ["resume", "last"],
        ["resume", "--unfinished"],
    ],
)
def test_a_journal_that_would_end_with_the_command(verb: list[str], journal: str) -> None:
    """`sqlite:///$FOLDER` is one where the variable is empty: before-images and locks would be nowhere."""
    refused(batchgw(*verb, "--journal", journal), 64, "in memory", "--journal")


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "policy.yaml", "--name", "\udcff"],
        ["put", "--type", "THROTTLED", "--status", "429", "a1b2c3", "--yes", "--header", "X-A=\udcff"],
        ["put", "--type", "THROTTLED", "--status", "429", "a1b2c3\udcff", "--yes"],
        ["resume", "\udcff", "--yes"],
        ["runs", "show", "20261130\udcff"],
        ["runs", "list", "--journal", "j\udcff.db"],
    ],
)
def test_bytes_that_are_not_text(words: list[str]) -> None:
    """What a shell gives in another encoding is said to be wrong: not a defect, and not a damaged journal."""
    refused(batchgw(*words), 64, "is not UTF-8 text", "\\udcff")


def test_a_variable_that_is_not_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHGW_NAME", "\udcff")
    refused(batchgw("plan", "policy.yaml"), 64, "is not UTF-8 text", "BATCHGW_NAME")


def test_a_state_folder_that_is_not_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "\udcff"))
    refused(batchgw("runs", "list"), 64, "its path is not UTF-8 text", "--journal")


@pytest.mark.usefixtures("world")
def test_a_policy_whose_name_is_not_text() -> None:
    Path("\udcff.yaml").write_text(POLICY)
    assert batchgw("plan", "\udcff.yaml").code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_for_the_journal() -> None:
    refused(batchgw("apply", "policy.yaml", "--yes", "--journal", "/dev/full"), 64, "full")


_LIMITED = """
import resource, sys
from batchgw.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
main(sys.argv[2:])
"""
"""batchgw on a disk that takes no file larger than the first argument, in bytes."""


@pytest.mark.usefixtures("world")
def test_a_disk_that_is_full_half_way_stops_the_run_which_resumes() -> None:
    assert batchgw("plan", "policy.yaml", "--out", "p.plan").code == 2
    assert batchgw("runs", "list", "--journal", "j.db").code == 0  # makes the journal
    room = 90_000  # of the log of writes: for the plan, and some of the outcomes
    apply = ["apply", "--plan", "p.plan", "--no-recheck", "--yes", "--journal", "j.db", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(room), *apply], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("batchgw resume ") == 1
    resumed = batchgw("resume", "last", "--yes", "--journal", "j.db", "-o", "json")
    assert (resumed.code, resumed.json["proves"]) == (0, True), resumed.err
    assert batchgw("check", "policy.yaml").code == 0


@pytest.mark.usefixtures("world")
def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    refused(batchgw("plan", "policy.yaml"), 4, "no AWS credentials", "--profile")


@pytest.mark.usefixtures("world")
def test_an_unknown_profile() -> None:
    refused(batchgw("plan", "policy.yaml", "--profile", "nosuch"), 64, "nosuch")


@pytest.mark.usefixtures("world")
def test_credentials_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAXXXXXXXXXXXXXXXX")
    done = batchgw("plan", "policy.yaml", "--account", "current")
    refused(done, 4, "security token", "profile")


def test_a_wrong_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    refused(batchgw("plan", "policy.yaml", "--region", "eu-wets-1"), 64, "did you mean eu-west-1?")


@pytest.mark.usefixtures("world")
def test_no_region_at_all() -> None:
    Path("p.yaml").write_text("version: 1\nresponses: {THROTTLED: default}\n")
    refused(batchgw("plan", "p.yaml"), 64, "--region", "AWS_REGION")


@pytest.mark.usefixtures("world")
def test_an_unreachable_endpoint() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = batchgw(
            "plan", "policy.yaml", "--account", "current", "--endpoint-url", url, "--attempts", "1"
        )
    refused(done, 4, url, "connection refused")


def test_an_endpoint_that_is_no_url() -> None:
    refused(batchgw("plan", "policy.yaml", "--endpoint-url", "localhost:99"), 64, "localhost:99", "http")


@pytest.mark.usefixtures("world")
def test_a_role_that_cannot_be_assumed_makes_its_scopes_unread() -> None:
    """Of another account: the credentials' own is reached without it."""
    other = ("--account", "222222222222")
    done = batchgw("plan", "policy.yaml", "--role-name", "NoSuchRole", *other)
    assert done.code == 4
    assert "Not read to the end: 2 scopes" in done.out
    assert "cannot assume arn:aws:iam::ACCOUNT:role/NoSuchRole" in done.out
    assert done.out.splitlines()[-1] == "No changes found, but not everything could be read."
    applied = batchgw("apply", "policy.yaml", "--role-name", "NoSuchRole", *other, "--yes")
    assert applied.code == 4
    assert "Not read to the end: 2 scopes" in applied.out


def test_a_denied_account_is_not_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, denied=frozenset({"222222222222"})):
        done = batchgw("apply", "policy.yaml", "--yes", "-o", "json")
    assert done.code == 4
    unread = {s["account"] for s in done.json["scopes"] if s["unread"]}
    assert unread == {"222222222222"}


@pytest.mark.parametrize("form", ["table", "jsonl"])
@pytest.mark.parametrize("verb", ["plan", "check", "discover"])
def test_what_was_not_read_is_told_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verb: str, form: str
) -> None:
    """On a terminal both streams are read by the same person. Data for programs has it as well."""
    with served(monkeypatch, denied=frozenset({"222222222222"})):
        done = batchgw(verb, "policy.yaml", "-o", form, "--log-file", "run.log")
    assert done.code == 4
    seen = done.err if form == "jsonl" else done.out + done.err
    assert seen.count("is not authorized to perform: apigateway:GET") == 1
    assert "Not read to the end: 2 scopes" in seen
    if form == "jsonl":
        assert sum(each.get("kind") == "unread-scope" for each in done.lines) == 2
    assert (tmp_path / "run.log").read_text().count("batchgw.scope.given_up") == 2


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--type", "UNAUTHORISED", "--status", "401"], "did you mean UNAUTHORIZED?"),
        (["--type", "UNAUTHORIZED"], "say what to put"),
        (["--type", "UNAUTHORIZED", "--default", "--status", "401"], "--default"),
        (["--type", "UNAUTHORIZED", "--status", "99"], "cannot be put"),
        (["--type", "UNAUTHORIZED", "--header", "X"], "NAME=VALUE"),
        (["--type", "UNAUTHORIZED", "--header", "Retry-After: 5"], "an equals sign and no colon"),
        (["--type", "UNAUTHORIZED", "--header-from", "X=nonsense"], "cannot be put"),
        (["--type", "UNAUTHORIZED", "--template", "application/json=@no.file"], "no.file"),
        (["--type", "UNAUTHORIZED", "--response-parameters", "{"], "not JSON"),
        (["--type", "UNAUTHORIZED", "--template", "application/json=@/dev/zero"], "larger than 2 MB"),
        (["--type", "UNAUTHORIZED", "--response-templates", "[]"], "JSON object"),
        (["--type", "UNAUTHORIZED", "--response-templates", "[" * 50_000], "nested too deeply"),
        (
            ["--type", "UNAUTHORIZED", "--response-parameters", '{"gatewayresponse.header.X": "bare"}'],
            "quotes",
        ),
    ],
)
def test_a_response_that_cannot_be_put(flags: list[str], word: str) -> None:
    refused(batchgw("put", *flags, "abc", "--region", "eu-west-1", "--yes"), 64, word)


def test_put_onto_nothing_is_not_put_onto_everything() -> None:
    refused(batchgw("put", "--type", "THROTTLED", "--default", "--yes"), 64, "which REST APIs")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--accounts", "0"], "--accounts"),
        (["--latency", "1", "--latency-p99", "0.5"], "No such world"),
        (["--faults", "no.file"], "no.file"),
        (["--organization", "no.file"], "The organisation file no.file cannot be read"),
        (["--denied", "999999999999"], "--denied: the simulator has no account '999999999999'"),
        (["--operation-quota", "CreateDeploymet=1"], "did you mean 'CreateDeployment'?"),
        (["--service-quota", "s3=1"], "--service-quota: the simulator has no other service 's3'"),
    ],
)
def test_a_world_with_impossible_options(arguments: list[str], told: str) -> None:
    refused(batchgw("simulate", *arguments, "--max-seconds", "0.01"), 64, told)


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(batchgw("simulate", "--port", str(port), "--max-seconds", "5"), 64, str(port))
