"""The permissions of a policy's job: the least that it can do with."""

from __future__ import annotations

import json

import pytest

from batchgw.errors import UsageError
from batchgw.model import (
    AccountId,
    AccountSelection,
    AccountSelector,
    EnabledRegions,
    ExplicitApi,
    OuPattern,
    Region,
    RestApiId,
    RoleLink,
    Selection,
    Selector,
    Targets,
)
from batchgw.model.rulebook import Reach
from batchgw.permissions.job import Needs, statements
from batchgw.permissions.kinds import Job
from batchgw.permissions.narrowing import MOST_OF_RULES, Narrowed, changed, excluded, included
from batchgw.permissions.organization import reading_side
from batchgw.permissions.roles import MOST_NAMED, Chain, trust
from batchgw.permissions.statement import Statement

ALL = Selection()
PUBLIC = Selector(tags={"tier": "public"})
PUBLIC_X = Selector(tags={"tier": "public"}, name="x")


def _sids(found: tuple[Statement, ...]) -> list[str]:
    return [each.sid for each in found]


@pytest.mark.parametrize(
    ("job", "sids"),
    [
        (Job.DISCOVER, ["ListRestApis"]),
        (Job.PLAN, ["ListRestApis", "ReadGatewayResponses"]),
        (Job.CHECK, ["ListRestApis", "ReadGatewayResponses"]),
        (Job.APPLY, ["ListRestApis", "ReadGatewayResponses", "WriteGatewayResponses"]),
        (
            Job.DEPLOY,
            [
                "ListRestApis",
                "ReadGatewayResponses",
                "WriteGatewayResponses",
                "ReadWhatIsLive",
                "Deploy",
                "MoveStages",
            ],
        ),
    ],
)
def test_each_verb_adds_to_the_one_before(job: Job, sids: list[str]) -> None:
    assert _sids(statements(Needs(job=job, apis=ALL))) == sids


@pytest.mark.parametrize("job", [Job.DISCOVER, Job.PLAN, Job.CHECK])
def test_a_verb_that_reads_may_do_nothing_but_read(job: Job) -> None:
    found = statements(Needs(job=job, apis=ALL, owners=True, own_regions=True))
    actions = {action for each in found for action in each.actions}
    assert actions == {"apigateway:GET", "account:ListRegions", "cloudformation:DescribeStackResources"}


def test_who_shows_stages_may_list_them_and_who_tells_owners_may_already() -> None:
    stages = statements(Needs(job=Job.PLAN, apis=ALL, stages=True))[-1]
    assert (stages.sid, stages.resources) == ("ReadStages", ("arn:aws:apigateway:*::/restapis/*/stages",))
    both = statements(Needs(job=Job.PLAN, apis=ALL, stages=True, owners=True))
    assert "ReadStages" not in _sids(both)
    assert "arn:aws:apigateway:*::/restapis/*/stages" in {each for one in both for each in one.resources}


def test_regions_and_partition_stand_in_every_resource() -> None:
    regions = (Region("cn-north-1"), Region("cn-northwest-1"))
    listing, *_ = statements(Needs(job=Job.PLAN, apis=ALL, regions=regions, partition="aws-cn"))
    assert listing.resources == (
        "arn:aws-cn:apigateway:cn-north-1::/restapis",
        "arn:aws-cn:apigateway:cn-northwest-1::/restapis",
    )


@pytest.mark.parametrize(
    ("selection", "narrowed"),
    [
        (ALL, [Narrowed()]),
        (Selection(include=(PUBLIC,)), [Narrowed(tags={"tier": "public"})]),
        (Selection(include=(PUBLIC, Selector(name="x"))), [Narrowed()]),
        (
            Selection(include=(PUBLIC, Selector(tags={"tier": "public"}, name="x"))),
            [Narrowed(tags={"tier": "public"})],
        ),
        (Selection(include=(Selector(id=RestApiId("abc")),)), [Narrowed(api="abc")]),
        (Selection(include=(PUBLIC,), explicit=(ExplicitApi(id=RestApiId("abc")),)), [Narrowed(api="abc")]),
        (Selection(include=(Selector(tags={"tier": "[ab]*"}),)), [Narrowed()]),
    ],
)
def test_apis_are_narrowed_as_far_as_iam_can_say_it(selection: Selection, narrowed: list[Narrowed]) -> None:
    assert list(included(selection)) == narrowed


@pytest.mark.parametrize(
    ("selector", "denied"),
    [
        (PUBLIC, True),
        (Selector(tags={"tier": "public"}, name="x"), False),
        (Selector(tags={"a": "[x]"}), False),
    ],
)
def test_iam_never_denies_more_than_is_excluded(selector: Selector, *, denied: bool) -> None:
    assert bool(list(excluded(Selection(exclude=(selector,))))) is denied


def test_apis_that_are_named_by_id_share_a_statement_and_so_do_those_of_the_same_tags() -> None:
    """A managed policy has room for a hundred ids in one statement, and not for a hundred statements."""
    ids = [Selector(id=RestApiId(f"api{n:07}")) for n in range(40)]
    apis = Selection(
        include=(*ids, PUBLIC), exclude=(Selector(id=RestApiId("old1")), Selector(id=RestApiId("old2")))
    )
    found = {each.sid: each for each in statements(Needs(job=Job.DEPLOY, apis=apis))}
    assert found["Deploy"].resources == tuple(
        f"arn:aws:apigateway:*::/restapis/api{n:07}/deployments" for n in range(40)
    )
    assert not found["Deploy"].condition
    assert found["Deploy2"].condition == {"StringEquals": {"aws:ResourceTag/tier": "public"}}
    assert "Deploy3" not in found
    assert found["LeaveExcludedAlone"].resources == (
        "arn:aws:apigateway:*::/restapis/old1/gatewayresponses/*",
        "arn:aws:apigateway:*::/restapis/old2/gatewayresponses/*",
    )
    assert "LeaveExcludedAlone2" not in found


def test_globs_are_compared_as_globs() -> None:
    assert Narrowed(tags={"a": "x*", "b": "y"}).condition == {
        "StringEquals": {"aws:ResourceTag/b": "y"},
        "StringLike": {"aws:ResourceTag/a": "x*"},
    }


INTERNAL = Selector(tags={"tier": "internal"})
ABC = Selector(id=RestApiId("abc"))
OF_EDGE = Selector(tags={"team": "edge"})


@pytest.mark.parametrize(
    ("selection", "reach", "narrowed"),
    [
        # selection, what the rules are about, what may be changed
        (ALL, None, [Narrowed()]),
        (ALL, ((INTERNAL,),), [Narrowed(tags={"tier": "internal"})]),
        (ALL, ((INTERNAL,), (Selector(name="x"),)), [Narrowed()]),
        (
            ALL,
            ((ABC,), (INTERNAL,)),
            [Narrowed(api="abc"), Narrowed(tags=INTERNAL.tags)],
        ),
        (ALL, ((INTERNAL, OF_EDGE), (INTERNAL,)), [Narrowed(tags=INTERNAL.tags)]),
        (ALL, ((INTERNAL, ABC),), [Narrowed(api="abc", tags=INTERNAL.tags)]),
        (ALL, ((INTERNAL, PUBLIC),), []),
        (Selection(include=(PUBLIC,)), ((INTERNAL,),), []),
        (Selection(include=(PUBLIC,)), ((Selector(name="x"),),), [Narrowed(tags=PUBLIC.tags)]),
        (Selection(include=(PUBLIC,)), ((OF_EDGE,),), [Narrowed(tags={"tier": "public", "team": "edge"})]),
        (Selection(include=(PUBLIC,)), ((Selector(tags={"tier": "p*"}),),), [Narrowed(tags=PUBLIC.tags)]),
        (Selection(include=(Selector(tags={"tier": "i*"}),)), ((INTERNAL,),), [Narrowed(tags=INTERNAL.tags)]),
        (Selection(explicit=(ExplicitApi(id=RestApiId("abc")),)), ((Selector(id=RestApiId("xyz")),),), []),
        (ALL, tuple((Selector(tags={"n": str(n)}),) for n in range(MOST_OF_RULES + 1)), [Narrowed()]),
    ],
)
def test_where_only_rules_say_something_only_what_they_are_about_may_be_changed(
    selection: Selection, reach: Reach | None, narrowed: list[Narrowed]
) -> None:
    assert list(changed(selection, reach)) == narrowed
    found = statements(Needs(job=Job.APPLY, apis=selection, reach=reach))
    assert len([each for each in found if each.sid.startswith("WriteGatewayResponses")]) == len(narrowed)
    assert [each for each in found if each.sid.startswith("Read")] == [
        each
        for each in statements(Needs(job=Job.APPLY, apis=selection))
        if each.sid.startswith("Read")  # a plan reads what no rule is about, too
    ]
    live = statements(Needs(job=Job.DEPLOY, apis=selection, reach=reach))
    at = "arn:aws:apigateway:*::/restapis"
    deployed = [each for each in live if each.sid.startswith("Deploy")]
    assert [(each.resources, each.condition) for each in deployed] == [
        ((f"{at}/{each.api}/deployments",), each.condition) for each in narrowed
    ]
    ids = [each.api for each in narrowed]
    moved = [(each.resources, each.condition) for each in live if each.sid == "MoveStages"]
    assert moved == (
        [(tuple(f"{at}/{api}/stages/*" for api in (["*"] if "*" in ids else ids)), {})] if ids else []
    )


def test_statements_have_ids_of_their_own() -> None:
    selection = Selection(include=(PUBLIC, Selector(tags={"tier": "internal"})), exclude=(PUBLIC,))
    sids = _sids(statements(Needs(job=Job.DEPLOY, apis=selection)))
    assert len(set(sids)) == len(sids)


LINK = RoleLink(
    role="Batchgw", external_id="id-1", session_tags={"team": "edge"}, source_identity="nightly-check"
)


def test_the_trust_policy_asks_for_what_batchgw_gives() -> None:
    principal = "arn:aws:iam::111122223333:role/Runner"
    found = [each.to_json() for each in trust(Chain(before=(), last=LINK), [principal])]
    assert [(each["Action"], each["Condition"]) for each in found] == [
        ("sts:AssumeRole", {"StringEquals": {"sts:ExternalId": "id-1"}}),
        ("sts:TagSession", {"StringEquals": {"aws:RequestTag/team": "edge"}}),
        ("sts:SetSourceIdentity", {"StringEquals": {"sts:SourceIdentity": "nightly-check"}}),
    ]
    assert all(each["Principal"] == {"AWS": principal} for each in found)


@pytest.mark.parametrize("principal", ["Runner", "*", "arn:aws:s3:::bucket", "arn:aws:iam::1:role/x"])
def test_who_can_be_no_principal_is_refused(principal: str) -> None:
    with pytest.raises(UsageError, match="--principal"):
        trust(Chain(before=(), last=LINK), [principal])


def test_a_policy_without_a_role_has_no_role_to_describe() -> None:
    with pytest.raises(UsageError, match=r"targets\.role"):
        Chain.of(Targets())


@pytest.mark.parametrize(
    ("targets", "sids"),
    [
        (Targets(role="R"), ["AssumeRoles"]),
        (
            Targets(role="R", organization=AccountSelection(everything=True)),
            ["ListAccounts", "ReadOus", "AssumeRoles"],
        ),
        (
            Targets(
                role="R",
                organization=AccountSelection(include=(AccountSelector(ou=OuPattern.parse("/Prod")),)),
                enabled_regions=EnabledRegions(),
            ),
            ["ListAccounts", "ReadOus", "ListRegionsOfAccounts", "AssumeRoles"],
        ),
        (
            Targets(
                role="R",
                organization=AccountSelection(everything=True, exclude=(AccountSelector(tags={"a": "b"}),)),
            ),
            ["ListAccounts", "ReadOus", "ReadTagsOfAccounts", "AssumeRoles"],
        ),
    ],
)
def test_the_reading_side_may_do_what_the_selection_needs(targets: Targets, sids: list[str]) -> None:
    assert _sids(reading_side(targets, "aws")) == sids


HUB = RoleLink(role="arn:aws:iam::999999999999:role/Hub", session_tags={"team": "edge"}, source_identity="me")


def test_what_an_earlier_link_passes_on_is_taken_without_a_condition() -> None:
    """Tags that are inherited are not in the request."""
    found = trust(Chain(before=(HUB,), last=RoleLink(role="R")), [HUB.role])
    assert [(each.sid, each.condition) for each in found] == [
        ("LetBatchgwIn", {}),
        ("TakeSessionTags", {}),
        ("TakeSourceIdentity", {}),
    ]


def test_whoever_stands_before_a_link_may_assume_it() -> None:
    targets = Targets(roles=(RoleLink(role="arn:aws:iam::999999999999:role/Door"), HUB), role="R")
    found = [(each.sid, each.actions, each.resources) for each in reading_side(targets, "aws")]
    handed_on = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    assert found == [
        ("AssumeRoles", ("sts:AssumeRole",), ("arn:aws:iam::999999999999:role/Door",)),
        ("AssumeRolesOfLink2", handed_on, (HUB.role,)),
        ("AssumeRolesOfLink3", handed_on, ("arn:aws:iam::*:role/R",)),
    ]


READER = RoleLink(role="arn:aws:iam::111111111111:role/Reader")
ANY = AccountSelection(everything=True)


@pytest.mark.parametrize(
    ("targets", "sids"),
    [
        (Targets(role="R", organization_roles=(READER,)), ["AssumeRoles"]),  # nobody asks the organisation
        (
            Targets(role="R", organization=ANY, organization_roles=(READER,)),
            ["ListAccounts", "ReadOus", "AssumeRoles", "AssumeReader"],
        ),
        (
            Targets(role="R", roles=(HUB,), organization=ANY, organization_roles=(HUB, READER)),
            ["ListAccounts", "ReadOus", "AssumeRoles", "AssumeRolesOfLink2", "AssumeReaderOfLink2"],
        ),
        (
            Targets(role="R", roles=(HUB,), organization=ANY, organization_roles=(HUB,)),
            ["ListAccounts", "ReadOus", "AssumeRoles", "AssumeRolesOfLink2"],
        ),
    ],
)
def test_the_role_that_reads_the_organisation_is_assumed_as_well(targets: Targets, sids: list[str]) -> None:
    assert _sids(reading_side(targets, "aws")) == sids


def test_the_reader_takes_over_what_the_link_before_it_hands_on() -> None:
    targets = Targets(role="R", organization=ANY, organization_roles=(HUB, READER))
    *_, hub, reader = reading_side(targets, "aws")
    handed_on = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    assert [(each.sid, each.actions, each.resources) for each in (hub, reader)] == [
        ("AssumeReader", handed_on, (HUB.role,)),
        ("AssumeReaderOfLink2", handed_on, (READER.role,)),
    ]


def _resources(found: tuple[Statement, ...], sid: str) -> tuple[str, ...]:
    (resources,) = [each.resources for each in found if each.sid == sid]
    return resources


ACCOUNTS = tuple(AccountId(f"{number:012}") for number in range(MOST_NAMED + 1))


def test_accounts_that_a_policy_names_stand_in_the_resource() -> None:
    """Other roles of the same name cannot be assumed. Very many names would be too long for a policy."""
    for number, wanted in (
        (2, ("arn:aws:iam::000000000000:role/R", "arn:aws:iam::000000000001:role/R")),
        (MOST_NAMED + 1, ("arn:aws:iam::*:role/R",)),
    ):
        targets = Targets(roles=(HUB,), role="R", accounts=ACCOUNTS[:number])
        found = reading_side(targets, "aws")
        assert _resources(found, "AssumeRolesOfLink2") == wanted
        assert _resources(found, "AssumeRoles") == (HUB.role,)


@pytest.mark.parametrize("role", ["arn:*:iam::*:role/x/R", "arn:{partition}:iam::{account}:role/x/R", "x/R"])
def test_what_a_role_leaves_open_is_filled_in(role: str) -> None:
    found = reading_side(Targets(role=role, accounts=ACCOUNTS[:1]), "aws-cn")
    assert _resources(found, "AssumeRoles") == ("arn:aws-cn:iam::000000000000:role/x/R",)


def test_what_is_below_apis_that_are_named_by_id_is_narrowed_to_them() -> None:
    """Stages not by tags: one may have others than its API. A deployment has those of its API."""
    named = Selection(explicit=(ExplicitApi(id=RestApiId("abc")),))
    regions = (Region("eu-west-1"),)
    for apis, which in ((named, "abc"), (Selection(include=(PUBLIC,)), "*")):
        found = statements(Needs(job=Job.DEPLOY, apis=apis, owners=True, regions=regions))
        at = f"arn:aws:apigateway:eu-west-1::/restapis/{which}"
        assert _resources(found, "Deploy") == (f"{at}/deployments",)
        assert _resources(found, "MoveStages") == (f"{at}/stages/*",)
        conditions = {each.sid: each.condition for each in found}
        assert conditions["Deploy"] == included(apis)[0].condition
        assert not any(conditions[sid] for sid in ("MoveStages", "ReadStagesAndDeployments"))
        assert _resources(found, "ReadStagesAndDeployments") == (f"{at}/stages", f"{at}/deployments/*")
        assert _resources(found, "FindStacks") == ("*",)  # it is asked by an API's id: no stack is named


def test_what_is_excluded_by_its_id_is_never_deployed() -> None:
    """What is excluded by tags is not deployed either. Its stages may have other tags."""
    by_id = Selector(id=RestApiId("abc"))
    for job, excluded_apis, denied in (
        (Job.DEPLOY, (by_id, PUBLIC), ["deployments", "stages/*"]),
        (Job.DEPLOY, (PUBLIC,), []),
        (Job.APPLY, (by_id,), []),
    ):
        found = statements(Needs(job=job, apis=Selection(exclude=excluded_apis)))
        denials = [each for each in found if each.sid == "LeaveExcludedLive"]
        assert [r for each in denials for r in each.resources] == [
            f"arn:aws:apigateway:*::/restapis/abc/{part}" for part in denied
        ]
        assert {(each.effect, each.actions) for each in denials} <= {
            ("Deny", ("apigateway:POST", "apigateway:PATCH"))
        }
        by_tags = [each for each in found if each.sid.startswith("LeaveExcludedUndeployed")]
        assert [(each.effect, each.actions, each.resources, each.condition) for each in by_tags] == [
            (
                "Deny",
                ("apigateway:POST",),
                ("arn:aws:apigateway:*::/restapis/*/deployments",),
                {"StringEquals": {"aws:ResourceTag/tier": "public"}},
            )
            for each in excluded_apis
            if each.tags and job is Job.DEPLOY
        ]


def test_the_reader_may_ask_about_members_alone() -> None:
    """It never asks about its own account in this way."""
    selection = AccountSelection(everything=True)
    targets = Targets(role="R", organization=selection, enabled_regions=EnabledRegions())
    found = reading_side(targets, "aws-us-gov")
    assert _resources(found, "ListRegionsOfAccounts") == ("arn:aws-us-gov:account::*:account/o-*/*",)


def test_documents_are_json() -> None:
    assert json.loads(json.dumps(Statement(sid="A", actions=("a:b",), resources=("*",)).to_json())) == {
        "Sid": "A",
        "Effect": "Allow",
        "Action": "a:b",
        "Resource": "*",
    }
