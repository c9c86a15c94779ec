"""What follows a plan or a run reaches the same place in the same way, and no secret is kept for it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from batchgw import api
from batchgw.cli import session
from batchgw.cli.flags.options import (
    ConnectionFlags,
    LogFlags,
    OutputFlags,
    RunFlags,
    SelectionFlags,
)
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.loading import plan_options, targets_of
from batchgw.cli.run_options import run_options, targets_with_run_options, with_run_options
from batchgw.cli.verbs.simulate import WorldFlags
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws import Access, AwsControlPlane, connect
from batchgw.errors import UsageError
from batchgw.journal.options import kept, visible
from batchgw.model import Desired, Policy, Region, ResponseType, RoleLink, Rule, Settings, Targets
from batchgw.planning.plan_file.header import PlanHeader
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.totals import PlanTotals
from tests.unit.cli_driver import batchgw, clean_environment, served

TARGETS = Targets(
    regions=(Region("cn-north-1"), Region("cn-northwest-1")),
    role="R",
    external_id="sesame-17",
    session_tags={"wave": "1"},
    source_identity="alice",
    roles=(
        RoleLink(role="Hub", external_id="sesame-18", session_tags={"team": "edge"}, source_identity="alice"),
        RoleLink(role="Spoke"),
    ),
    organization_roles=(RoleLink(role="Reader"), RoleLink(role="Lister", external_id="sesame-19")),
    session_name="nightly",
)


def flags(**connection: Any) -> RunFlags:
    return RunFlags(
        connection=ConnectionFlags(**connection), pace=PaceFlags(rate=5), output=OutputFlags(), log=LogFlags()
    )


def test_a_run_is_reached_again_as_it_was() -> None:
    options = json.loads(json.dumps(run_options(flags(profile="ops", endpoint_url="http://x/@y"), TARGETS)))
    assert targets_with_run_options(Targets(), options) == TARGETS
    again = with_run_options(flags(), options)
    assert (again.connection.profile, again.connection.endpoint_url) == ("ops", "http://x/@y")
    assert again.pace == PaceFlags(rate=5)


def test_flags_come_before_what_was_recorded() -> None:
    options = run_options(flags(endpoint_url="http://x"), TARGETS)
    given = Targets(
        regions=(Region("us-east-1"),),
        role="Other",
        external_id="other",
        session_tags={"wave": "2"},
        source_identity="bob",
        roles=(RoleLink(role="OtherHub", external_id="other"),),
        organization_roles=(RoleLink(role="OtherReader"),),
        session_name="daily",
    )
    assert targets_with_run_options(given, options) == given
    assert with_run_options(flags(endpoint_url="http://y"), options).connection.endpoint_url == "http://y"


def test_a_password_in_the_endpoint_is_not_kept() -> None:
    endpoint = "https://me:hunter2@gateway.example/prod"
    for found in (
        run_options(flags(endpoint_url=endpoint), TARGETS),
        plan_options(Policy(desired=Desired(rules={})), flags(endpoint_url=endpoint), TARGETS),
    ):
        assert found["endpoint_url"] == "https://gateway.example/prod"


def test_a_plan_keeps_no_external_id_of_any_link() -> None:
    assert "sesame" not in json.dumps(plan_options(Policy(desired=Desired(rules={})), flags(), TARGETS))


def test_the_journal_keeps_what_a_chain_needs_and_shows_no_external_id() -> None:
    options = json.loads(json.dumps(kept(run_options(flags(), TARGETS))))
    assert targets_with_run_options(Targets(), options) == TARGETS
    shown = visible(options)
    assert "sesame" not in json.dumps(shown)
    assert shown["roles"] == [
        {"role": "Hub", "session_tags": {"team": "edge"}, "source_identity": "alice"},
        {"role": "Spoke"},
    ]


def test_external_ids_that_somebody_took_out_leave_the_links_as_they_are() -> None:
    options = run_options(flags(), TARGETS) | {"external_ids": {"roles": []}}
    again = targets_with_run_options(Targets(), options)
    assert [link.role for link in again.roles] == ["Hub", "Spoke"]
    assert [link.external_id for link in (*again.roles, *again.organization_roles)] == [None] * 4


def test_a_saved_plan_of_a_chain_with_external_ids_wants_the_policy_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "p.plan"
    policy = Policy(desired=Desired(rules={}), targets=TARGETS)
    header = PlanHeader.of(policy, plan_options(policy, flags(), TARGETS))
    plan = SimpleNamespace(path=path, header=header, totals=PlanTotals())
    with pytest.raises(
        UsageError, match=r"external ids of its chain of roles.*name the policy beside --plan"
    ):
        targets_of(cast("Plan", plan), Targets(external_id="sesame-17"))
    given = replace(TARGETS, regions=())
    assert targets_of(cast("Plan", plan), given) == TARGETS


@pytest.mark.parametrize(
    ("verb", "access"),
    [
        ("plan", Access.READ),
        ("check", Access.READ),
        ("discover", Access.READ),
        ("apply", Access.WRITE),
        ("put", Access.WRITE),
    ],
)
def test_a_verb_asks_for_no_more_than_it_needs_and_names_its_sessions_after_its_run(
    verb: str, access: Access, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text("version: 1\nresponses: {THROTTLED: {status: 420}}\n")
    asked: list[Access] = []
    named: list[Callable[[], str]] = []

    @asynccontextmanager
    async def spied(**options: Any) -> AsyncIterator[AwsControlPlane]:
        asked.append(options["access"])
        named.append(options["session_name"])
        async with connect(**options) as plane:
            yield plane

    monkeypatch.setattr(session, "connect", spied)
    with served(monkeypatch):
        of_put = ["--type", "THROTTLED", "--status", "420", "--yes", "--name", "*"]
        arguments = {"put": of_put, "discover": [], "apply": ["policy.yaml", "--yes"]}
        done = batchgw(verb, *arguments.get(verb, ["policy.yaml"]), "--region", "eu-west-1")
    assert done.code in {0, 2}, done.err
    assert asked == [access]
    if access is Access.WRITE:
        assert named[0]() == f"batchgw-{batchgw('runs', 'list', '-o', 'json').json[0]['run']}"
    assert re.fullmatch(r"batchgw-[\w-]+", named[0]())


@pytest.mark.parametrize("holder", [SelectionFlags, WorldFlags])
def test_no_repr_of_flags_shows_an_external_id(holder: Any) -> None:
    assert "external_id" in {f.name for f in fields(holder)}
    assert "sesame-17" not in repr(holder(external_id="sesame-17"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str | None]:
    """Give the regions of the connections that are opened from now on."""
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "policy.yaml").write_text("version: 1\nresponses: {THROTTLED: {status: 420}}\n")
    regions: list[str | None] = []

    @asynccontextmanager
    async def spied(**options: Any) -> AsyncIterator[AwsControlPlane]:
        regions.append(options["region"])
        assert isinstance(options["stop"], StopSignal), "Ctrl-C must end the wait for STS"
        async with connect(**options) as plane:
            yield plane

    monkeypatch.setattr(session, "connect", spied)
    return regions


@pytest.mark.parametrize("saved", [True, False])
def test_where_sts_is_asked_is_remembered_by_plans_and_runs(
    asked: list[str | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, saved: bool
) -> None:
    """The region of the environment is gone when a saved plan is applied, or when a run is resumed."""
    first = {"operation": "PutGatewayResponse", "first": 1}
    given_up = [{"match": first, "fault": {"other_account": "999999999999"}}]
    (tmp_path / "faults.json").write_text(json.dumps(given_up))
    with served(monkeypatch, faults=tmp_path / "faults.json"):
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        if saved:
            assert batchgw("plan", "policy.yaml", "--out", "p.plan").code == 2
            monkeypatch.delenv("AWS_REGION")
        stopped = batchgw(
            "apply", *(["--plan", "p.plan"] if saved else ["policy.yaml"]), "--yes", "-o", "json"
        )
        assert stopped.json["not_attempted"] > 0, stopped.err
        monkeypatch.delenv("AWS_REGION", raising=False)
        assert batchgw("resume", "last", "--yes", "-o", "json").json["not_attempted"] == 0
    assert asked == ([None, "us-east-1", "us-east-1"] if saved else [None, "us-east-1"])


def test_a_plan_of_somebody_s_program_says_where_it_looked_too(
    asked: list[str | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It has no options of the command line, but scopes."""
    path = tmp_path / "p.plan"
    rules = {ResponseType.THROTTLED: Rule(settings=Settings(status_code="420"))}
    policy = Policy(desired=Desired(rules=rules), targets=Targets(regions=(Region("us-east-1"),)))

    async def program() -> None:
        async with connect(region="eu-west-1") as plane:
            with await api.plan(policy, plane=plane, out=path):
                pass

    with served(monkeypatch):
        anyio.run(program)
        assert batchgw("apply", "--plan", path, "--yes").code == 0
    assert asked == ["us-east-1"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile", 5),
        ("endpoint_url", ["x"]),
        ("ca_bundle", 5),
        ("role", {}),
        ("roles", "Hub"),
        ("roles", ["Hub"]),
        ("roles", [{}]),
        ("organization_roles", [{"role": 5}]),
        ("session_tags", ["a"]),
        ("session_tags", {"a": 5}),
        ("source_identity", 5),
        ("external_ids", ["a"]),
        ("external_ids", {"roles": "a"}),
        ("external_ids", {"roles": [5]}),
        ("sts_rate", "fast"),
        ("external_id", 5),
        ("session_name", True),
        ("regions", 5),
        ("regions", [5]),
        ("client_fast_path", "yes"),
        ("polite", 1),
        ("rate", "abc"),
        ("rate", [1]),
        ("burst", "x"),
        ("share", -3),
        ("share", 2),
        ("workers", "x"),
        ("attempts", float("nan")),
        ("patience", "y"),
        ("reread_after", "soon"),
        ("quota_scope", "x"),
        ("quota_file", 5),
        ("quota_file", {"rate": "x"}),
    ],
)
def test_an_option_that_cannot_have_been_recorded_is_told(name: str, value: Any) -> None:
    """Somebody edited the plan or the journal: it ended a resume as a defect."""
    for laid in (
        lambda: with_run_options(flags(), {name: value}),
        lambda: targets_with_run_options(Targets(), {name: value}),
    ):
        with pytest.raises(UsageError, match=f"option `{name}` is not what batchgw writes"):
            laid()
