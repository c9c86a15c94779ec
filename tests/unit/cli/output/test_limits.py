"""`batchgw limits`, and commands that start with the quotas as the last one left them."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.cli.flags.endpoint import AWS, endpoint_of
from batchgw.cli.flags.options import ConnectionFlags
from batchgw.cli.observers.hints import Hints
from batchgw.cli.output.console import Console
from batchgw.events import QuotaShared
from batchgw.journal import Limit
from batchgw.model import AccountId, Region
from batchgw.simulator.over_http.options import ReadyInfo
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import TOTAL, Quota
from batchgw.times import timestamp
from tests.at_once import at_once
from tests.unit.cli_driver import POLICY, batchgw, clean_environment, served
from tests.unit.journal.sql.sqlite import database, opened
from tests.unit.remembered import remember, remembered

FIRST, SECOND = "111111111111", "222222222222"
AGO = 3 * 3600
HEAD = [
    "account",
    "region",
    "operation",
    "stated",
    "learned",
    "level",
    "age",
    "calls",
    "refused",
    "%",
    "waited",
]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text(POLICY)


def learned(
    key: BucketKey, *, stated: Quota | None = TOTAL, rate: float = 8.0, level: float = 4.0
) -> Learned:
    belief = Belief(rate=rate, burst=40.0, level=level)
    return Learned(key=key, stated=stated, belief=belief, sent=1200, refused=3, waited=252.0)


@pytest.fixture
def four_quotas() -> None:
    """Four buckets, learned of three hours ago: full by now."""
    remember(
        learned(BucketKey(FIRST, "eu-west-1")),
        learned(BucketKey(FIRST, "eu-west-1", "CreateDeployment"), stated=Quota(0.2, 1), rate=0.2),
        learned(BucketKey(FIRST, None)),
        learned(BucketKey(SECOND, "us-east-1"), stated=None),
        clock=lambda: time.time() - AGO,
    )


def test_nothing_is_known_yet() -> None:
    done = batchgw("limits")
    assert (done.code, done.out) == (0, "")
    assert done.err.endswith("journal.db has nothing about any quota yet.\n")
    assert batchgw("limits", "--quiet").err == ""
    assert batchgw("limits", "-o", "json").json == []
    assert batchgw("limits", "-o", "jsonl").out == ""


@pytest.mark.usefixtures("four_quotas")
class TestShown:
    def test_a_table(self) -> None:
        done = batchgw("limits")
        assert (done.code, done.err) == (0, "")
        lines = [re.split(r"\s{2,}", text.strip()) for text in done.out.splitlines()]
        spent = ["1,200", "3", "0.2", "4 min 12 s"]
        assert lines == [
            HEAD,
            [FIRST, "*", "*", "10/s 40", "8/s 40", "40", "3 h 00 min", *spent],
            [FIRST, "eu-west-1", "*", "10/s 40", "8/s 40", "40", "3 h 00 min", *spent],
            [FIRST, "eu-west-1", "CreateDeployment", "0.2/s 1", "0.2/s 40", "40", "3 h 00 min", *spent],
            [SECOND, "us-east-1", "*", "unknown", "8/s 40", "40", "3 h 00 min", *spent],
        ]

    def test_records(self) -> None:
        records = batchgw("limits", "-o", "json").json
        assert batchgw("limits", "-o", "jsonl").lines[0].keys() == records[0].keys()
        record = records[2]
        assert AGO - 1 <= record.pop("age") < AGO + 60
        assert record.pop("learned_at") < timestamp(time.time() - AGO + 1)
        spent = {"calls": 1200, "refused": 3, "waited": 252.0}
        assert record == {
            "endpoint": None,
            "account": FIRST,
            "region": "eu-west-1",
            "operation": "CreateDeployment",
            "stated": {"rate": 0.2, "burst": 1.0},
            "share": 1.0,
            "learned": {"rate": 0.2, "burst": 40.0},
            "level": 40.0,
            "last_run": spent,
            "all_runs": spent,
        }
        assert records[0]["region"] is None
        assert records[3]["stated"] is None

    @pytest.mark.parametrize(
        ("filters", "number"),
        [
            ([], 4),
            (["--account", FIRST], 3),
            (["--account", f"{FIRST},{SECOND}"], 4),
            (["--region", "eu-west-1"], 2),
            (["--region", "*"], 1),
            (["--region", "eu-west-1", "--region", "us-east-1", "--account", SECOND], 1),
        ],
    )
    def test_some_are_shown_or_forgotten(self, filters: list[str], number: int) -> None:
        shown = batchgw("limits", *filters, "-o", "json").json
        assert len(shown) == number
        done = batchgw("limits", *filters, "--forget")
        assert (done.code, done.out) == (0, "")
        assert done.err == f"Forgot {number} {'quota' if number == 1 else 'quotas'}.\n"
        assert len(batchgw("limits", "-o", "json").json) == 4 - number

    def test_what_nothing_is_known_of(self) -> None:
        done = batchgw("limits", "--account", "333333333333")
        assert (done.code, done.out) == (0, "")
        assert "has nothing about these quotas yet" in done.err

    def test_an_invalid_account_is_refused(self) -> None:
        done = batchgw("limits", "--forget", "--account", "current")
        assert done.code == 64
        assert "--account current is not twelve digits" in done.err

    def test_an_address_of_one_s_own_is_named(self) -> None:
        remember(learned(BucketKey(FIRST, "eu-west-1")), endpoint="http://127.0.0.1:4566")
        lines = batchgw("limits").out.splitlines()
        assert [text.split()[0] for text in lines] == ["endpoint", *["AWS"] * 4, "http://127.0.0.1:4566"]

    def test_a_share_is_shown_with_what_it_is_of(self) -> None:
        journal = opened(None)
        with database(journal).write() as connection:
            connection.exec_driver_sql("UPDATE limits SET share = 0.5")
        at_once(journal.close())
        assert "10/s 40 x 0.5" in batchgw("limits").out


@pytest.mark.parametrize(
    ("given", "variables", "expected"),
    [
        ({}, {}, AWS),
        ({"endpoint_url": "http://127.0.0.1:4566/"}, {}, "http://127.0.0.1:4566"),
        ({}, {"AWS_ENDPOINT_URL": "http://a:1"}, "http://a:1"),
        ({}, {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_API_GATEWAY": "http://b:2"}, "http://b:2"),
        ({}, {"AWS_ENDPOINT_URL_STS": "http://a:1"}, AWS),
        (
            {"endpoint_url": "http://c"},
            {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_API_GATEWAY": "http://b:2"},
            "http://c",
        ),
        ({}, {"AWS_ENDPOINT_URL": "http://a:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, AWS),
        ({"endpoint_url": "https://apigateway.eu-west-1.amazonaws.com"}, {}, AWS),
        ({"endpoint_url": "https://vpce-1.apigateway.eu-west-1.vpce.amazonaws.com"}, {}, AWS),
        ({"endpoint_url": "https://me:hunter2@gateway.example"}, {}, "https://gateway.example"),
        ({"profile": "lab"}, {}, "http://127.0.0.1:9000"),
        ({"profile": "mixed"}, {}, "http://127.0.0.1:9001"),
        ({}, {"AWS_PROFILE": "lab"}, "http://127.0.0.1:9000"),
        ({"profile": "lab"}, {"AWS_ENDPOINT_URL": "http://a:1"}, "http://a:1"),
    ],
)
def test_whose_quotas_they_are(
    given: dict[str, str],
    variables: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "config").write_text(
        "[profile lab]\nendpoint_url = http://127.0.0.1:9000\n"
        "[profile mixed]\nendpoint_url = http://127.0.0.1:9000\nservices = own\n"
        "[services own]\napi_gateway =\n  endpoint_url = http://127.0.0.1:9001\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert endpoint_of(ConnectionFlags(**given)) == expected  # type: ignore[arg-type]


class TestFromCommandToCommand:
    """In a world whose burst a single command uses up."""

    @pytest.fixture
    def world(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadyInfo]:
        with served(monkeypatch, apis=160, no_throttle=False, rate=10, burst=20) as info:
            monkeypatch.setenv("BATCHGW_RATE", "10")
            monkeypatch.setenv("BATCHGW_BURST", "20")
            yield info

    def known(self) -> list[Limit]:
        return remembered()

    def test_every_verb_that_calls_leaves_what_it_learned(self, world: ReadyInfo) -> None:
        where = ["--region", "eu-west-1", "--account", FIRST, "--role-name", "OrganizationBatchgw"]
        began = time.time()
        assert batchgw("discover", *where).code == 0
        (limit,) = self.known()
        assert limit.endpoint == world.endpoint
        assert limit.key == BucketKey(FIRST, "eu-west-1")
        assert (limit.last.calls, limit.total.calls) == (1, 1)
        assert batchgw("plan", "policy.yaml", *where, "--out", "p.plan").code == 2
        assert batchgw("check", "policy.yaml", *where).code == 2
        (limit,) = self.known()
        assert limit.total.calls == 1 + 2 * (1 + 40)
        assert limit.belief.level <= 20 - 83 + 10 * (limit.at - began), "three commands drew on one bucket"

    def test_the_next_command_goes_on_at_the_level_the_last_one_left(self, world: ReadyInfo) -> None:
        """The first spends the burst; the second would be refused if it took the buckets for full."""
        assert batchgw("check", "policy.yaml").code == 2
        first = {limit.key: limit for limit in self.known()}
        assert len(first) == 4
        assert batchgw("check", "policy.yaml").code == 2
        for limit in self.known():
            assert limit.total.refused == 0
            assert limit.total.calls == first[limit.key].total.calls + limit.last.calls
        assert world.endpoint in batchgw("limits").out


def test_without_memory_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch):
        assert batchgw("plan", "policy.yaml", "--no-memory").code == 2
    assert not (Path(os.environ["XDG_STATE_HOME"]) / "batchgw").exists()


def test_a_rate_that_only_grew_is_not_shown_as_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was refused: the run asked for as much as it dared, and nobody measured anything."""
    where = ["--region", "eu-west-1", "--account", FIRST, "--role-name", "OrganizationBatchgw"]
    with served(monkeypatch):
        monkeypatch.setenv("BATCHGW_RATE", "unknown")
        assert batchgw("plan", "policy.yaml", *where, "--out", "p.plan").code == 2
    (record,) = batchgw("limits", "-o", "json").json
    assert record["last_run"]["calls"] > 1
    assert record["last_run"]["refused"] == 0
    assert record["learned"]["rate"] is None
    head, row = [re.split(r"\s{2,}", text.strip()) for text in batchgw("limits").out.splitlines()]
    shown = dict(zip(head, row, strict=True))
    assert (shown["stated"], shown["learned"]) == ("unknown", "-")


def test_a_verb_with_a_journal_of_its_own_keeps_it_there(monkeypatch: pytest.MonkeyPatch) -> None:
    put = ["put", "--type", "THROTTLED", "--status", "420", "--name", "*", "--region", "eu-west-1", "--yes"]
    with served(monkeypatch):
        assert batchgw(*put, "--journal", "own.db").code == 0
    assert batchgw("limits", "-o", "json").json == []
    (limit,) = batchgw("limits", "--journal", "own.db", "-o", "json").json
    assert limit["region"] == "eu-west-1"


class TestTrouble:
    """Whatever the matter is with the journal: a command that only reads goes on, and says so once."""

    @pytest.fixture(autouse=True)
    def world(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        with served(monkeypatch):
            yield

    def planned(self, *more: str) -> str:
        done = batchgw("plan", "policy.yaml", "--log-file", "log.jsonl", *more)
        assert done.code == 2
        assert done.err.count("batchgw.limits.not_remembered") == 1
        entries = [json.loads(text) for text in Path("log.jsonl").read_text().splitlines()]
        (entry,) = [e for e in entries if e["event"] == "batchgw.limits.not_remembered"]
        assert entry["level"] == "warning"
        return str(entry["reason"])

    def test_a_folder_that_cannot_be_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("occupied").write_text("")
        monkeypatch.setenv("XDG_STATE_HOME", str(Path("occupied").absolute()))
        assert "cannot be opened" in self.planned()

    def test_a_database_of_something_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with sqlite3.connect("other.db") as other:
            other.execute("CREATE TABLE mine (x)")
        other.close()
        monkeypatch.setenv("BATCHGW_JOURNAL", "other.db")
        assert "a database of something else" in self.planned()

    def test_one_that_another_process_keeps_locked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        at_once(opened("journal.db").close())
        monkeypatch.setenv("BATCHGW_JOURNAL", "journal.db")
        other = sqlite3.connect("journal.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert "another process keeps it locked" in self.planned()
        other.close()

    def test_a_journal_of_a_newer_batchgw(self, monkeypatch: pytest.MonkeyPatch) -> None:
        at_once(opened("journal.db").close())
        with sqlite3.connect("journal.db") as other:
            other.execute("UPDATE batchgw_schema SET version = 99")
        other.close()
        monkeypatch.setenv("BATCHGW_JOURNAL", "journal.db")
        assert "has schema 99" in self.planned()


def test_who_shares_a_quota_is_told_which_flag_says_so_once() -> None:
    err = io.StringIO()
    hints = Hints(Console(err=err))
    regions = (Region("eu-west-1"), Region("us-east-1"))
    for _ in range(2):
        hints.notify(QuotaShared(account=AccountId(FIRST), regions=regions))
    assert err.getvalue() == (
        f"Account {FIRST}: eu-west-1, us-east-1 together get no more than one quota allows, so they are "
        "paced as one. If they share a quota, pass --quota-scope account, which does so from the start. "
        "If each has a smaller quota, pass that as --rate.\n"
    )
