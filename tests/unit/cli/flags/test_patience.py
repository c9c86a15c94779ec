"""A question may stand open for long: what was read for it is old then, and is read again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import boto3
import pytest

from batchgw.cli.verbs.rollout import carrying_out
from batchgw.cli.verbs.rollout.carrying_out import Applying
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import Result, batchgw, clean_environment, served

MINUTE = 60.0


class Person:
    """Says yes after a while, in which somebody else changes an API. Their watch is the clock."""

    def __init__(self, world: ReadyInfo, takes: float) -> None:
        self._gateway = boto3.client("apigateway", region_name="eu-west-1", endpoint_url=world.endpoint)
        self._takes = takes
        self._now = 1_000_000.0

    def clock(self) -> float:
        return self._now

    async def confirm(self, *_: object, **__: object) -> None:
        self._now += self._takes
        api = self._gateway.get_rest_apis()["items"][0]["id"]
        self._gateway.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="400")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    (tmp_path / "policy.yaml").write_text("version: 1\nresponses: {THROTTLED: {status: 420}}\n")
    with served(monkeypatch, apis=4, accounts=1, regions=1) as info:
        yield info


def agreed(monkeypatch: pytest.MonkeyPatch, person: Person, *arguments: str) -> Result:
    """Run a command in which the person is asked."""
    monkeypatch.setattr(carrying_out, "Applying", partial(Applying, clock=person.clock))
    monkeypatch.setattr(carrying_out, "refuse_unasked", lambda _console: None)
    monkeypatch.setattr(carrying_out, "confirm", person.confirm)
    return batchgw(*arguments, "-o", "json")


PUT = ("put", "--type", "THROTTLED", "--status", "420", "--name", "*")


@pytest.mark.parametrize("command", [("apply", "policy.yaml"), PUT])
def test_a_yes_that_comes_within_five_minutes_is_taken_as_it_is(
    command: tuple[str, ...], world: ReadyInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = agreed(monkeypatch, Person(world, 4.9 * MINUTE), *command)
    assert (done.code, done.json["applied"]) == (0, 4)


@pytest.mark.parametrize("command", [("apply", "policy.yaml"), PUT])
def test_after_five_minutes_what_changed_meanwhile_is_not_overwritten(
    command: tuple[str, ...], world: ReadyInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = agreed(monkeypatch, Person(world, 5.0 * MINUTE), *command)
    assert (done.code, done.out) == (5, "")
    assert "The plan is 5 min old: its APIs are read again." in done.err
    assert "THROTTLED was not customised when the plan was made, and is now" in done.err


@pytest.mark.parametrize("command", [("apply", "policy.yaml"), PUT])
def test_with_no_recheck_nothing_is_read_again(
    command: tuple[str, ...], world: ReadyInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = agreed(monkeypatch, Person(world, 60 * MINUTE), *command, "--no-recheck")
    assert (done.code, done.json["applied"]) == (0, 4)


@pytest.mark.parametrize("command", [("apply", "policy.yaml"), PUT])
@pytest.mark.parametrize(
    ("flags", "overwritten"),
    [
        ((), False),
        (("--reread-after", "3601"), True),
        (("--no-recheck",), True),
        (("--no-recheck", "--reread-after", "60"), False),
    ],
)
def test_an_api_that_is_written_late_is_read_again(
    command: tuple[str, ...],
    flags: tuple[str, ...],
    world: ReadyInfo,
    monkeypatch: pytest.MonkeyPatch,
    *,
    overwritten: bool,
) -> None:
    """Every turn comes an hour after the plan was read here. The person changes one API of four."""
    monkeypatch.setattr("batchgw.concurrency.clock.Moment.age", 60 * MINUTE)
    done = agreed(monkeypatch, Person(world, 0.0), *command, *flags)
    assert (done.json["applied"], done.json["failed"]) == ((4, 0) if overwritten else (3, 1))
    assert done.code == (0 if overwritten else 1)
    assert ["ChangedMeanwhile"] * (not overwritten) == [r["code"] for r in done.json["reasons"]]


@pytest.mark.parametrize("takes", [0.0, 60 * MINUTE, -60 * MINUTE])
def test_a_saved_plan_is_always_checked_whatever_the_clock_says(
    takes: float, world: ReadyInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert batchgw("plan", "policy.yaml", "--out", "p.plan").code == 2
    done = agreed(monkeypatch, Person(world, takes), "apply", "--plan", "p.plan")
    assert (done.code, "old: its APIs" in done.err) == (5, False)
