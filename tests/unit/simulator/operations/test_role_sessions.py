"""AssumeRole: trust policies, session policies, tags, source identities, and chains of roles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from batchgw.simulator.iam.documents import Policy
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.roles import Accounts, Attachment, Iam, Role, User
from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.keys import Key
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

NOW = 1_800_000_000.0
FIRST, SECOND, THIRD = "111111111111", "222222222222", "333333333333"
HUB = f"arn:aws:iam::{FIRST}:role/Hub"
WORKER = f"arn:aws:iam::{SECOND}:role/Worker"
USER = f"arn:aws:iam::{FIRST}:user/batchgw"
READ = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"}}
)


def trust(principal: object = "*", *actions: str, **elements: object) -> Policy:
    statement = {"Effect": "Allow", "Action": actions or "sts:AssumeRole", **elements}
    statement["Principal"] = principal if principal == "*" else {"AWS": principal}
    return read({"Version": "2012-10-17", "Statement": [statement]}, Kind.TRUST)


def policy(action: object, resource: object = "*", **elements: object) -> Policy:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **elements}
    return read({"Version": "2012-10-17", "Statement": [statement]}, Kind.IDENTITY)


class Sts:
    """STS of a world of three accounts, the first of which manages it."""

    def __init__(self, *roles: Role, region: str = "eu-west-1", **iam: Any) -> None:
        world = World.empty(accounts=[FIRST, SECOND, THIRD], regions=[region])
        self.region = region
        self.service = Service(world, now=lambda: NOW, trust=Trust(iam=Iam(roles=roles, **iam)))

    def assume(self, arn: str, by: Key | str = FIRST, **params: Any) -> Any:
        """Give the answer."""
        caller = by if isinstance(by, Key) else self.service.world.keys.long_term(by)
        given = {"RoleArn": arn, "RoleSessionName": "run1", **params}
        return self.service.dispatch("AssumeRole", caller.account, self.region, given, caller=caller).body

    def key(self, arn: str, by: Key | str = FIRST, **params: Any) -> Key:
        """Give the session's key."""
        issued = self.assume(arn, by, **params)["Credentials"]["AccessKeyId"]
        key = self.service.world.keys.find(issued)
        assert key is not None
        return key

    def refusal(self, arn: str, by: Key | str = FIRST, **params: Any) -> tuple[str, str]:
        """Give code and message."""
        with pytest.raises(ServiceFault) as caught:
            self.assume(arn, by, **params)
        return caught.value.code, caught.value.message


def denied(who: str, action: str, arn: str, reason: str = "") -> tuple[str, str]:
    text = f"User: {who} is not authorized to perform: {action} on resource: {arn} {reason}".rstrip()
    return "AccessDenied", text


def tags(**given: str) -> list[Mapping[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        ("*", True),
        (FIRST, True),
        (f"arn:aws:iam::{FIRST}:root", True),
        (USER, True),
        ([WORKER, USER], True),
        (SECOND, False),
        (f"arn:aws:iam::{SECOND}:root", False),
        (f"arn:aws:iam::{FIRST}:user/somebody", False),
    ],
)
def test_a_trust_policy_names_accounts_and_identities(principal: object, *, trusted: bool) -> None:
    sts = Sts(Role(name="Worker", trust=trust(principal)))
    if trusted:
        assert sts.key(WORKER).account == SECOND
    else:
        assert sts.refusal(WORKER) == denied(USER, "sts:AssumeRole", WORKER)


def test_a_service_or_a_provider_is_nobody_who_calls() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    sts = Sts(Role(name="Worker", trust=read({"Statement": statement}, Kind.TRUST)))
    assert sts.refusal(WORKER) == denied(USER, "sts:AssumeRole", WORKER)


def test_a_deny_of_the_trust_policy_wins() -> None:
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}
    deny = {"Effect": "Deny", "Action": "sts:*", "Principal": {"AWS": USER}}
    sts = Sts(Role(name="Worker", trust=read({"Statement": [allow, deny]}, Kind.TRUST)))
    assert sts.refusal(WORKER) == denied(USER, "sts:AssumeRole", WORKER)
    assert sts.assume(WORKER, THIRD)


@pytest.mark.parametrize(
    ("condition", "params", "trusted"),
    [
        ({"StringEquals": {"sts:ExternalId": "secret"}}, {"ExternalId": "secret"}, True),
        ({"StringEquals": {"sts:ExternalId": "secret"}}, {"ExternalId": "wrong"}, False),
        ({"StringEquals": {"sts:ExternalId": "secret"}}, {}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-batchgw0001"}}, {}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-somebodyelse"}}, {}, False),
        ({"StringLike": {"sts:RoleSessionName": "run*"}}, {}, True),
        ({"StringLike": {"sts:RoleSessionName": "other*"}}, {}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/batchgw"}}, {}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, {}, False),
    ],
)
def test_conditions_of_a_trust_policy(condition: object, params: dict[str, Any], *, trusted: bool) -> None:
    sts = Sts(Role(name="Worker", trust=trust(Condition=condition)))
    if trusted:
        assert sts.assume(WORKER, **params)
    else:
        assert sts.refusal(WORKER, **params)[0] == "AccessDenied"


def test_a_role_is_missing_where_it_is_not_said_to_be() -> None:
    """AWS does not tell a role that is missing from one that trusts somebody else."""
    sts = Sts(Role(name="Worker", accounts=Accounts(but=frozenset({SECOND}))))
    assert sts.refusal(WORKER) == denied(USER, "sts:AssumeRole", WORKER)
    assert sts.key(WORKER.replace(SECOND, THIRD)).account == THIRD


def test_a_role_can_differ_from_account_to_account() -> None:
    here, there = Accounts(only=frozenset({SECOND})), Accounts(but=frozenset({SECOND}))
    sts = Sts(
        Role(name="Worker", accounts=here, external_id="two"),
        Role(name="Worker", accounts=there, external_id="rest"),
    )
    assert sts.assume(WORKER, ExternalId="two")
    assert sts.refusal(WORKER, ExternalId="rest")[0] == "AccessDenied"
    assert sts.assume(WORKER.replace(SECOND, THIRD), ExternalId="rest")


def test_the_path_of_a_role_is_part_of_its_arn() -> None:
    sts = Sts(Role(name="Worker", path="/team/"))
    assert sts.refusal(WORKER)[0] == "AccessDenied"
    key = sts.key(f"arn:aws:iam::{SECOND}:role/team/Worker")
    assert key.arn == f"arn:aws:sts::{SECOND}:assumed-role/Worker/run1"  # where AWS leaves the path out


@pytest.mark.parametrize(
    ("region", "partition", "other"),
    [("cn-north-1", "aws-cn", "aws"), ("us-gov-west-1", "aws-us-gov", "aws"), ("eu-west-1", "aws", "aws-cn")],
)
def test_a_partition_is_a_world_of_its_own(region: str, partition: str, other: str) -> None:
    sts = Sts(region=region)
    arn = f"arn:{partition}:iam::{SECOND}:role/Worker"
    assert sts.key(arn).arn == f"arn:{partition}:sts::{SECOND}:assumed-role/Worker/run1"
    assert sts.service.world.keys.long_term(FIRST).arn == f"arn:{partition}:iam::{FIRST}:user/batchgw"
    foreign = arn.replace(partition, other)
    assert sts.refusal(foreign) == ("ValidationError", f"{foreign} is invalid")


# The caller's own policies


def test_the_caller_needs_a_policy_that_allows_it() -> None:
    only = policy("sts:AssumeRole", "arn:aws:iam::*:role/Worker")
    sts = Sts(Role(name="Worker"), Role(name="Other"), users=[User(policies=(only,))])
    assert sts.assume(WORKER)
    other = WORKER.replace("Worker", "Other")
    reason = "because no identity-based policy allows the sts:AssumeRole action"
    assert sts.refusal(other) == denied(USER, "sts:AssumeRole", other, reason)


def test_within_an_account_a_trust_policy_that_names_the_caller_suffices() -> None:
    nothing = (policy("s3:GetObject"),)
    by_arn = Sts(Role(name="Hub", trust=trust(USER)), users=[User(policies=nothing)])
    assert by_arn.assume(HUB)
    by_account = Sts(Role(name="Hub", trust=trust(FIRST)), users=[User(policies=nothing)])
    assert "no identity-based policy" in by_account.refusal(HUB)[1]
    across = Sts(Role(name="Worker", trust=trust(USER)), users=[User(policies=nothing)])
    assert "no identity-based policy" in across.refusal(WORKER)[1]


def test_a_service_control_policy_can_forbid_it() -> None:
    deny = read({"Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}}, Kind.SCP)
    sts = Sts(attachments=[Attachment(accounts=Accounts(), policies=(deny,))])
    by = f"arn:aws:iam::{SECOND}:user/batchgw"
    reason = "with an explicit deny in a service control policy"
    assert sts.refusal(WORKER, SECOND) == denied(by, "sts:AssumeRole", WORKER, reason)
    assert sts.assume(WORKER, FIRST)  # the management account is never restricted


# Chains


def test_a_chain_is_trusted_link_by_link() -> None:
    """The second link trusts the role of the first, not whoever assumed that."""
    sts = Sts(Role(name="Hub"), Role(name="Worker", trust=trust(HUB)))
    assert sts.refusal(WORKER) == denied(USER, "sts:AssumeRole", WORKER)
    worker = sts.key(WORKER, sts.key(HUB))
    assert worker.arn == f"arn:aws:sts::{SECOND}:assumed-role/Worker/run1"


def test_a_link_can_trust_one_session_only() -> None:
    session = f"arn:aws:sts::{FIRST}:assumed-role/Hub/run1"
    sts = Sts(Role(name="Hub"), Role(name="Worker", trust=trust(session)))
    assert sts.assume(WORKER, sts.key(HUB))
    other = sts.key(HUB, RoleSessionName="run2")
    assert sts.refusal(WORKER, other) == denied(other.arn, "sts:AssumeRole", WORKER)


def test_a_session_policy_decides_which_roles_come_next() -> None:
    sts = Sts(Role(name="Hub"), Role(name="Worker"))
    hub = sts.key(HUB, Policy=READ)
    reason = "because no session policy allows the sts:AssumeRole action"
    assert sts.refusal(WORKER, hub) == denied(hub.arn, "sts:AssumeRole", WORKER, reason)


def test_a_session_lasts_as_long_as_its_role_allows() -> None:
    sts = Sts(Role(name="Worker"), Role(name="Hub", max_session=7200))
    assert sts.key(HUB, DurationSeconds=7200).expires == NOW + 7200
    too_long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    assert sts.refusal(WORKER, DurationSeconds=3601) == ("ValidationError", too_long)
    chained = sts.key(WORKER)
    assert "role chaining" in sts.refusal(HUB, chained, DurationSeconds=3601)[1]


# Session policies


@pytest.mark.parametrize(
    ("policy", "code", "message"),
    [
        ("{", "MalformedPolicyDocument", "This policy contains invalid Json"),
        ("[]", "MalformedPolicyDocument", "Syntax errors in policy. a policy is a mapping"),
        (
            READ.replace("Allow", "allow"),
            "MalformedPolicyDocument",
            "Statement.Effect: the effect is Allow or Deny",
        ),
        (READ.replace('"Resource"', '"Resorce"'), "MalformedPolicyDocument", "did you mean Resource?"),
        (
            READ.replace('"Resource"', '"Principal": "*", "Resource"'),
            "MalformedPolicyDocument",
            "a session policy has no principal",
        ),
        (READ + " " * 2048, "ValidationError", "length less than or equal to 2048"),
        ("", "ValidationError", "length greater than or equal to 1"),
    ],
)
def test_session_policies_that_sts_does_not_take(policy: str, code: str, message: str) -> None:
    found = Sts().refusal(WORKER, Policy=policy)
    assert found[0] == code
    assert message in found[1]


def test_a_session_policy_of_full_length_is_taken() -> None:
    answer = Sts().assume(WORKER, Policy=READ + " " * (2048 - len(READ)))
    assert answer["PackedPolicySize"] == 50


def test_managed_session_policies_are_not_passed_over() -> None:
    arns = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    assert "PolicyArns cannot be used" in Sts().refusal(WORKER, PolicyArns=arns)[1]


# Tags and source identities


def test_tags_and_a_source_identity_need_actions_of_their_own() -> None:
    sts = Sts(Role(name="Worker", trust=trust("*")))
    assert sts.refusal(WORKER, Tags=tags(run="1")) == denied(USER, "sts:TagSession", WORKER)
    assert sts.refusal(WORKER, SourceIdentity="me") == denied(USER, "sts:SetSourceIdentity", WORKER)
    open_role = Role(
        name="Worker", trust=trust("*", "sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    )
    answer = Sts(open_role).assume(WORKER, Tags=tags(run="1"), SourceIdentity="me")
    assert answer["SourceIdentity"] == "me"
    may_assume = User(policies=(policy("sts:AssumeRole"),))
    refused = Sts(open_role, users=[may_assume]).refusal(WORKER, Tags=tags(run="1"))
    reason = "because no identity-based policy allows the sts:TagSession action"
    assert refused == denied(USER, "sts:TagSession", WORKER, reason)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "payments"}}, True),
        ({"StringEquals": {"aws:RequestTag/team": "orders"}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "run"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["run"]}}, False),
        ({"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["team"]}}, True),
        ({"Null": {"sts:TransitiveTagKeys": "true"}}, False),
        ({"StringEquals": {"sts:SourceIdentity": "me"}}, True),
    ],
)
def test_conditions_on_tags_of_a_session(condition: object, *, allowed: bool) -> None:
    actions = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    sts = Sts(Role(name="Worker", trust=trust("*", *actions, Condition=condition)))
    params: Any = {"Tags": tags(team="payments"), "TransitiveTagKeys": ["team"], "SourceIdentity": "me"}
    if allowed:
        assert sts.assume(WORKER, **params)
    else:
        assert sts.refusal(WORKER, **params)[0] == "AccessDenied"


def test_transitive_tags_and_the_source_identity_go_on_in_a_chain() -> None:
    sts = Sts(Role(name="Hub"), Role(name="Worker"))
    hub = sts.key(HUB, Tags=tags(Run="1", team="x"), TransitiveTagKeys=["Run"], SourceIdentity="me")
    worker = sts.key(WORKER, hub, Tags=tags(step="2"))
    assert worker.session is not None
    assert worker.session.tags == {"Run": "1", "step": "2"}
    assert worker.session.transitive == {"run"}
    assert worker.session.source_identity == "me"


def test_what_goes_on_needs_the_next_trust_policy_and_cannot_be_changed() -> None:
    """Recorded by users: a link without sts:TagSession refuses a session with transitive tags."""
    sts = Sts(Role(name="Hub"), Role(name="Worker", trust=trust(HUB)), Role(name="Open"))
    hub = sts.key(HUB, Tags=tags(run="1"), TransitiveTagKeys=["run"])
    assert sts.refusal(WORKER, hub) == denied(hub.arn, "sts:TagSession", WORKER)
    named = sts.key(HUB, SourceIdentity="me")
    assert sts.refusal(WORKER, named) == denied(named.arn, "sts:SetSourceIdentity", WORKER)
    into = WORKER.replace("Worker", "Open")
    assert sts.assume(into, named, SourceIdentity="me")
    already = "The source identity is already set for this assume role session"
    assert sts.refusal(into, named, SourceIdentity="you") == ("ValidationError", already)
    code, message = sts.refusal(into, hub, Tags=tags(RUN="2"))
    assert (code, "conflicts with a transitive tag key" in message) == ("InvalidParameterValue", True)


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"Tags": tags(**{f"k{n}": "" for n in range(51)})}, "ValidationError", "less than or equal to 50"),
        ({"Tags": tags(**{"k" * 129: ""})}, "ValidationError", "a key of 1 to 128 characters"),
        ({"Tags": tags(k="v" * 257)}, "ValidationError", "a value of at most 256"),
        ({"Tags": tags(run="1", RUN="2")}, "InvalidParameterValue", "Duplicate tag keys found."),
        ({"TransitiveTagKeys": ["run"]}, "InvalidParameterValue", "must be included in the requested tags"),
        (
            {"Tags": tags(**{f"k{n}": "v" * 100 for n in range(50)})},
            "PackedPolicyTooLarge",
            "Packed size of session tags consumes 126% of allotted space.",
        ),
        ({"SourceIdentity": "a b"}, "ValidationError", "'sourceIdentity'"),
        ({"ExternalId": "x"}, "ValidationError", "'externalId' failed to satisfy constraint"),
        ({"RoleSessionName": "x"}, "ValidationError", "length greater than or equal to 2"),
        ({"RoleSessionName": "x" * 65}, "ValidationError", "length less than or equal to 64"),
        ({"RoleSessionName": "né"}, "ValidationError", "regular expression pattern: [\\w+=,.@-]*"),
        ({"ExternalId": "clé"}, "ValidationError", "'externalId' failed to satisfy constraint"),
        ({"SourceIdentity": "né"}, "ValidationError", "'sourceIdentity' failed to satisfy constraint"),
        ({"Tags": tags(**{"a#b": ""})}, "ValidationError", "pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"),
        ({"Tags": tags(a="b#")}, "ValidationError", "pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"),
        ({"Policy": '{"Ω": 1}'}, "ValidationError", "'policy' failed to satisfy constraint"),
    ],
)
def test_what_sts_does_not_take(params: dict[str, Any], code: str, message: str) -> None:
    found = Sts().refusal(WORKER, **params)
    assert found[0] == code
    assert message in found[1]


def test_tags_may_be_in_any_script() -> None:
    assert Sts().key(WORKER, Tags=tags(**{"cost centre": "日本", "a:b/c=d+e-f@g": ""})).session
