"""What a rollout is allowed is enough for each call of it, and no statement can be left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypedDict

import pytest

from batchgw.control_plane.aws.credentials.session_policy import Access, session_policy
from batchgw.control_plane.interface import ControlPlane, Request
from batchgw.control_plane.operations import (
    CreateDeployment,
    DeleteDeployment,
    DeploymentId,
    GetApiSummary,
    GetDeployment,
    GetDeployments,
    GetExport,
    GetGatewayResponses,
    GetResources,
    GetRestApis,
    GetStage,
    GetStages,
    PatchOperation,
    UpdateStage,
)
from batchgw.control_plane.operations.cloudwatch import DescribeAlarms, GetMetricData, MetricQuery
from batchgw.control_plane.operations.ssm import GetCalendarState
from batchgw.errors import AccessDenied
from batchgw.model import AccountId, Region, RestApiId, RoleLink, Scope, Selection, Selector
from batchgw.model.rollout.gate import AlarmCheck, CalendarCheck, CommandCheck, Gate, MetricCheck, MetricName
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.window import CalendarWindow
from batchgw.permissions.job import Needs, statements
from batchgw.permissions.kinds import Job
from batchgw.permissions.statement import Statement, document
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.roles import Iam, Role
from batchgw.simulator.plane import SimulatedControlPlane, simulate
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World
from tests.virtual import virtually

MEMBER = AccountId("222222222222")
HERE = Scope(account=MEMBER, region=Region("eu-west-1"))
PUBLIC = Selector(tags={"tier": "public"})
ALARM = Gate(name="alarm", check=AlarmCheck(alarm="errors"))
METRIC = Gate(name="metric", check=MetricCheck(metric=MetricName.SERVER_ERRORS))
CALENDAR = Gate(name="calendar", check=CalendarCheck(calendar="freeze"))
COMMAND = Gate(name="command", check=CommandCheck(argv=("./smoke.sh",)))
ROLLOUT = Rollout(gates=(ALARM, METRIC, CALENDAR, COMMAND))
ARN = "arn:aws:ssm:us-east-1:333333333333:document/freeze"


def needs(job: Job = Job.APPLY, *, rollout: Rollout | None = ROLLOUT, live: bool = True) -> Needs:
    return Needs(job=job, apis=Selection(), live=live, live_reach=None, rollout=rollout)


def sids(found: Sequence[Statement]) -> list[str]:
    return [each.sid for each in found]


PLAN = ["ListRestApis", "ReadGatewayResponses"]
LIVE = ["ReadWhatIsLive"]
APPLY = [*PLAN, "WriteGatewayResponses"]
GATES = ["AskAlarms", "AskMetrics", "AskCalendars"]


@pytest.mark.parametrize(
    ("job", "live", "expected"),
    [
        (Job.DISCOVER, True, ["ListRestApis"]),
        (Job.PLAN, True, [*PLAN, *LIVE]),
        (Job.CHECK, True, [*PLAN, *LIVE]),
        (Job.APPLY, True, [*APPLY, *LIVE, "Deploy", "MoveStages", *GATES]),
        (Job.DEPLOY, True, [*APPLY, *LIVE, "Deploy", "MoveStages", *GATES]),
        (Job.PLAN, False, PLAN),
        (Job.APPLY, False, [*APPLY, *GATES]),
        (Job.DEPLOY, False, [*APPLY, *LIVE, "Deploy", "MoveStages", *GATES]),
        (Job.PRUNE, True, ["ListRestApis", "ReadDeployments", "DeleteDeployments"]),
    ],
)
def test_what_a_policy_says_of_stages_and_gates_is_part_of_its_verbs(
    job: Job, expected: list[str], *, live: bool
) -> None:
    assert sids(statements(needs(job, live=live))) == expected


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        (None, {}),
        (Rollout(), {}),
        (Rollout(gates=(COMMAND,)), {}),
        (Rollout(gates=(ALARM, ALARM)), {"AskAlarms": ("*",)}),
        (Rollout(gates=(METRIC,)), {"AskMetrics": ("*",)}),
        (
            Rollout(gates=(CALENDAR,)),
            {
                "AskCalendars": (
                    "arn:aws:ssm:eu-west-1:*:document/freeze",
                    "arn:aws:ssm:us-east-1:*:document/freeze",
                )
            },
        ),
        (
            Rollout(
                gates=(Gate(name="c", check=CalendarCheck(calendar=ARN)),), windows=(CalendarWindow(arn=ARN),)
            ),
            {"AskCalendars": (ARN,)},
        ),
    ],
)
def test_what_gates_and_windows_ask_is_narrowed_as_far_as_iam_can_say_it(
    rollout: Rollout | None, expected: dict[str, tuple[str, ...]]
) -> None:
    regions = (Region("eu-west-1"), Region("us-east-1"))
    found = statements(Needs(job=Job.APPLY, apis=Selection(), regions=regions, rollout=rollout))
    assert {each.sid: each.resources for each in found if each.sid.startswith("Ask")} == expected


def test_a_plain_name_of_a_calendar_is_one_of_any_region_where_none_is_listed() -> None:
    (asked,) = [each for each in statements(needs()) if each.sid == "AskCalendars"]
    assert asked.resources == ("arn:aws:ssm:*:*:document/freeze",)


def test_where_rules_say_what_is_made_live_only_that_is_deployed() -> None:
    """Whatever rules say of gateway responses."""
    found = {
        each.sid: each
        for each in statements(
            Needs(job=Job.APPLY, apis=Selection(), reach=None, live=True, live_reach=((PUBLIC,),))
        )
    }
    assert found["Deploy"].condition == {"StringEquals": {"aws:ResourceTag/tier": "public"}}
    assert not found["WriteGatewayResponses"].condition
    assert found["ReadWhatIsLive"].resources == tuple(
        f"arn:aws:apigateway:*::/restapis/*/{part}"
        for part in ("stages", "stages/*", "deployments", "deployments/*", "resources")
    )


def test_what_is_excluded_is_not_pruned() -> None:
    apis = Selection(include=(PUBLIC,), exclude=(Selector(id=RestApiId("abc")),))
    found = {each.sid: each for each in statements(Needs(job=Job.PRUNE, apis=apis))}
    assert found["DeleteDeployments"].condition == {"StringEquals": {"aws:ResourceTag/tier": "public"}}
    denied = found["LeaveExcludedDeployments"]
    assert (denied.effect, denied.actions) == ("Deny", ("apigateway:DELETE",))
    assert denied.resources == ("arn:aws:apigateway:*::/restapis/abc/deployments/*",)


def world_of(found: Sequence[Statement], access: Access = Access.DEPLOY) -> SimulatedControlPlane:
    """A world whose roles may do what the statements say, in sessions as narrow as the verb's."""
    role = Role(name="Batchgw", policies=(read(document(found), Kind.IDENTITY),))
    return simulate(
        World.generate(apis=8, accounts=2, regions=1),
        trust=Trust(iam=Iam(roles=(role,))),
        roles=[RoleLink(role="Batchgw")],
        session_policy=session_policy(access, "aws"),
        signals={"alarms": [{"name": "errors"}], "calendars": [{"name": "freeze"}]},
    )


class About(TypedDict):
    """What each of the calls names."""

    scope: Scope
    api: RestApiId


def rolled_out(api: RestApiId, stage: str, old: DeploymentId) -> Iterator[Request[object]]:
    """The calls of a rollout about an API."""
    about: About = {"scope": HERE, "api": api}
    yield GetGatewayResponses(**about)
    yield GetStages(**about)
    yield GetStage(**about, stage=stage)
    yield GetExport(**about, stage=stage)
    yield GetDeployments(**about)
    yield GetDeployment(**about, deployment=old)
    yield GetApiSummary(**about, deployment=old)
    yield GetResources(**about)
    yield CreateDeployment(**about, description="batchgw run")
    move = PatchOperation(op="replace", path="/deploymentId", value=old)
    yield UpdateStage(**about, stage=stage, patch=(move,))
    yield DescribeAlarms(scope=HERE, names=("errors",))
    query = MetricQuery(id="q", metric="5XXError", dimensions={"ApiName": "a", "Stage": "s"})
    yield GetMetricData(scope=HERE, queries=(query,), start=0.0, end=60.0)
    yield GetCalendarState(scope=HERE, calendar="freeze")


async def denied(plane: ControlPlane, requests: Sequence[Request[object]]) -> list[str]:
    """The operations that are refused, in their order."""
    refused = []
    for request in requests:
        try:
            await plane.send(request)
        except AccessDenied:
            refused.append(request.operation.name)
    return refused


def an_api(plane: SimulatedControlPlane) -> tuple[RestApiId, str, DeploymentId]:
    apis = plane.engine.service.world.scope(HERE.account, HERE.region)
    for number in apis.numbers():
        for stage in apis.detail(number).stages.values():
            return RestApiId(apis.id(number)), stage.name, DeploymentId(stage.deployment)
    raise AssertionError("no API has a stage")


LACKING = {
    "ListRestApis": ["GetRestApis"],
    "ReadGatewayResponses": ["GetGatewayResponses"],
    "WriteGatewayResponses": [],  # of the rollout's own calls none writes one
    "ReadWhatIsLive": [
        "GetStages",
        "GetStage",
        "GetExport",
        "GetDeployments",
        "GetDeployment",
        "GetDeployment",
        "GetResources",
    ],
    "Deploy": ["CreateDeployment"],
    "MoveStages": ["UpdateStage"],
    "AskAlarms": ["DescribeAlarms"],
    "AskMetrics": ["GetMetricData"],
    "AskCalendars": ["GetCalendarState"],
}
"""By the statement that is left out: what is refused then."""


@pytest.mark.parametrize("left_out", [None, *LACKING])
def test_each_call_of_a_rollout_is_allowed_by_one_statement(left_out: str | None) -> None:
    found = statements(needs())
    assert {*sids(found)} == {*LACKING}
    plane = world_of([each for each in found if each.sid != left_out])
    requests = [GetRestApis(scope=HERE), *rolled_out(*an_api(plane))]

    async def main() -> None:
        assert await denied(plane, requests) == ([] if left_out is None else LACKING[left_out])

    virtually(main)


@pytest.mark.parametrize(
    ("job", "access", "refused"),
    [
        (Job.DEPLOY, Access.DEPLOY, ["DeleteDeployment"]),
        (Job.PRUNE, Access.PRUNE, ["CreateDeployment", "UpdateStage"]),
        (Job.PRUNE, Access.DEPLOY, ["CreateDeployment", "UpdateStage", "DeleteDeployment"]),
    ],
)
def test_a_rollout_may_not_delete_a_deployment_and_who_prunes_may_write_nothing_else(
    job: Job, access: Access, refused: list[str]
) -> None:
    plane = world_of(statements(needs(job)), access)
    api, stage, old = an_api(plane)
    apis = plane.engine.service.world.scope(HERE.account, HERE.region)
    number = apis.require(api)
    detail = apis.detail(number)
    detail.deployments["spare1"] = replace(detail.deployments[old], id="spare1")
    apis.keep(number, detail)
    writes = [each for each in rolled_out(api, stage, old) if each.operation.writes]
    delete = DeleteDeployment(scope=HERE, api=api, deployment=DeploymentId("spare1"))

    async def main() -> None:
        assert await denied(plane, [*writes, delete]) == refused

    virtually(main)


@pytest.mark.parametrize("job", Job)
def test_a_session_policy_allows_what_its_verb_is_allowed(job: Job) -> None:
    """By the statements' own actions: what the role may do and the session may not would be denied."""
    access = {Job.APPLY: Access.DEPLOY, Job.DEPLOY: Access.DEPLOY, Job.PRUNE: Access.PRUNE}.get(
        job, Access.READ
    )
    actions = {
        action
        for statement in json.loads(session_policy(access, "aws"))["Statement"]
        for action in statement["Action"]
    }
    allowed = [each for each in statements(needs(job)) if each.effect == "Allow"]
    assert {action for each in allowed for action in each.actions} <= actions
