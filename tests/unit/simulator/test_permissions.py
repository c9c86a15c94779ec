"""What a caller may do in a world: the action and resource of each call, and every kind of policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
import pytest

from batchgw.simulator.engine import Engine
from batchgw.simulator.iam.documents import Policy
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.roles import Accounts, Attachment, Iam, Role, User
from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.api_state import Attributes
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.keys import Key
from batchgw.simulator.world.organization.changes import Move
from batchgw.simulator.world.organization.plan import AccountPlan, OrganizationPlan
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

MANAGEMENT, PAYMENTS, SANDBOX = "111111111111", "222222222222", "333333333333"
REGION = "eu-west-1"
ROLE = "Batchgw"
SESSION = f"arn:aws:sts::{PAYMENTS}:assumed-role/{ROLE}/run1"


def documents(*statements: Mapping[str, object], kind: Kind = Kind.IDENTITY) -> tuple[Policy, ...]:
    return (read({"Version": "2012-10-17", "Statement": list(statements)}, kind),)


def allow(action: object, resource: object = "*", **elements: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: object, resource: object = "*", **elements: object) -> dict[str, object]:
    return {**allow(action, resource, **elements), "Effect": "Deny"}


def role(*statements: Mapping[str, object], **more: Any) -> Role:
    return Role(name=ROLE, policies=documents(*statements), **more)


class Desk:
    """An engine over three accounts, each with one API that has a tag, called by a role's session."""

    def __init__(self, *roles: Role, region: str = REGION, **iam: Any) -> None:
        plan = OrganizationPlan(
            accounts=(
                AccountPlan(id=MANAGEMENT, name="management"),
                AccountPlan(id=PAYMENTS, name="payments", ou=("Prod", "Payments")),
                AccountPlan(id=SANDBOX, name="sandbox", ou=("Sandbox",)),
            ),
            regions=(region, "us-east-1") if region == REGION else (region,),
        )
        world = World.organized(plan)
        self.region = region
        self.engine = Engine(Service(world, trust=Trust(iam=Iam(roles=roles, **iam))))
        tagged = Attributes(name="orders", created=0.0, tags={"tier": "internal"})
        self.apis = {a: self._create(world, a, tagged) for a in world.accounts}

    def _create(self, world: World, account: str, attributes: Attributes) -> str:
        apis = world.scope(account, self.region)
        return apis.id(apis.create(attributes))

    def session(self, account: str = PAYMENTS, **params: object) -> Key:
        arn = f"arn:aws:iam::{account}:role/{ROLE}"
        asked: Any = self.engine.service.dispatch(
            "AssumeRole", MANAGEMENT, self.region, {"RoleArn": arn, "RoleSessionName": "run1", **params}
        ).body
        key = self.engine.service.world.keys.find(asked["Credentials"]["AccessKeyId"])
        assert key is not None
        return key

    def call(self, operation: str, key: Key, region: str | None = None, **params: object) -> str:
        """Give "" for a success, and the message of a refusal."""
        given = {"restApiId": self.apis[key.account], **params} if operation in PARAMS else dict(params)
        given = {**PARAMS.get(operation, {}), **given}

        async def main() -> str:
            try:
                await self.engine.handle(operation, key.account, region or self.region, given, caller=key)
            except ServiceFault as fault:
                return (
                    fault.message
                    if "AccessDenied" in fault.code or "Unauthorized" in fault.code
                    else f"{fault.code}: {fault.message}"
                )
            return ""

        return anyio.run(main)


PARAMS: Mapping[str, Mapping[str, object]] = {
    "GetGatewayResponses": {},
    "PutGatewayResponse": {"responseType": "WAF_FILTERED", "statusCode": "403"},
    "DeleteGatewayResponse": {"responseType": "WAF_FILTERED"},
    "GetStages": {},
}
"""Calls about an API, and what they take beside its id."""


def refused(action: str, resource: str, reason: str, who: str = SESSION) -> str:
    return f"User: {who} is not authorized to perform: {action} on resource: {resource} {reason}"


def test_a_role_without_a_policy_may_do_everything() -> None:
    desk = Desk(Role(name=ROLE))
    assert desk.call("GetRestApis", desk.session()) == ""
    assert desk.call("PutGatewayResponse", desk.session()) == ""


def test_an_operation_is_its_method_on_its_path() -> None:
    """What batchgw's own reading needs: the list, and the responses below each API."""
    desk = Desk(
        role(
            allow("apigateway:GET", "arn:aws:apigateway:*::/restapis"),
            allow("apigateway:GET", "arn:aws:apigateway:*::/restapis/*/gatewayresponses"),
        )
    )
    key = desk.session()
    assert desk.call("GetRestApis", key) == ""
    assert desk.call("GetGatewayResponses", key) == ""
    api = f"arn:aws:apigateway:{REGION}::/restapis/{desk.apis[PAYMENTS]}"
    no_policy = "because no identity-based policy allows the apigateway:{} action"
    assert desk.call("PutGatewayResponse", key) == refused(
        "apigateway:PUT", f"{api}/gatewayresponses/WAF_FILTERED", no_policy.format("PUT")
    )
    assert desk.call("GetStages", key) == refused("apigateway:GET", f"{api}/stages", no_policy.format("GET"))


def test_a_session_policy_that_only_reads_lets_nothing_be_written() -> None:
    """Whatever the role may do, and whatever else the session is given."""
    desk = Desk(Role(name=ROLE))
    reading = json.dumps({"Version": "2012-10-17", "Statement": [allow("apigateway:GET")]})
    key = desk.session(Policy=reading)
    assert desk.call("GetRestApis", key) == ""
    resource = f"arn:aws:apigateway:{REGION}::/restapis/{desk.apis[PAYMENTS]}/gatewayresponses/WAF_FILTERED"
    for operation, action in (("PutGatewayResponse", "PUT"), ("DeleteGatewayResponse", "DELETE")):
        reason = f"because no session policy allows the apigateway:{action} action"
        assert desk.call(operation, key) == refused(f"apigateway:{action}", resource, reason)
    assert desk.call("PutGatewayResponse", desk.session()) == ""


def test_a_session_policy_gives_nothing_that_the_role_does_not_have() -> None:
    desk = Desk(role(allow("apigateway:GET")))
    everything = json.dumps({"Version": "2012-10-17", "Statement": [allow("*")]})
    reason = "because no identity-based policy allows the apigateway:PUT action"
    assert desk.call("PutGatewayResponse", desk.session(Policy=everything)).endswith(reason)


@pytest.mark.parametrize(
    ("condition", "operation", "allowed"),
    [
        ({"StringEquals": {"aws:ResourceTag/tier": "internal"}}, "GetGatewayResponses", True),
        ({"StringEquals": {"aws:ResourceTag/tier": "internal"}}, "PutGatewayResponse", True),
        ({"StringEquals": {"aws:ResourceTag/tier": "public"}}, "PutGatewayResponse", False),
        ({"StringEquals": {"aws:ResourceTag/tier": "internal"}}, "GetRestApis", False),  # no API, no tag
        ({"Null": {"aws:ResourceTag/tier": "true"}}, "GetRestApis", True),
        ({"StringEquals": {"aws:RequestedRegion": REGION}}, "GetRestApis", True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, "GetRestApis", False),
        ({"StringEquals": {"aws:PrincipalTag/run": "night"}}, "GetRestApis", True),
        ({"StringEquals": {"aws:PrincipalTag/team": "platform"}}, "GetRestApis", True),
        ({"StringEquals": {"aws:PrincipalTag/team": "payments"}}, "GetRestApis", False),
        ({"StringEquals": {"aws:ResourceTag/tier": "${aws:PrincipalTag/tier}"}}, "GetGatewayResponses", True),
        ({"StringEquals": {"aws:ResourceTag/tier": "${aws:PrincipalTag/run}"}}, "GetGatewayResponses", False),
        ({"StringEquals": {"aws:SourceIdentity": "nightly"}}, "GetRestApis", True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-batchgw0001"}}, "GetRestApis", True),
        ({"StringLike": {"aws:PrincipalOrgPaths": "o-batchgw0001/r-*/ou-*/ou-*/"}}, "GetRestApis", True),
        ({"StringEquals": {"aws:PrincipalAccount": PAYMENTS}}, "GetRestApis", True),
        ({"StringEquals": {"aws:ResourceAccount": MANAGEMENT}}, "GetRestApis", False),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{ROLE}"}}, "GetRestApis", True),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, "GetRestApis", False),
        ({"Null": {"aws:username": "true"}}, "GetRestApis", True),
    ],
)
def test_conditions_see_the_call(condition: object, operation: str, *, allowed: bool) -> None:
    """The role has the tag team=x, which the session overrides; gateway responses have their API's tags."""
    desk = Desk(role(allow("apigateway:*", Condition=condition), tags={"team": "x", "tier": "internal"}))
    given = [{"Key": "run", "Value": "night"}, {"Key": "Team", "Value": "platform"}]
    key = desk.session(Tags=given, SourceIdentity="nightly")
    assert (desk.call(operation, key) == "") is allowed


def test_a_stage_s_own_tags_come_before_those_of_its_api() -> None:
    own = {"StringEquals": {"aws:ResourceTag/tier": "canary"}}
    desk = Desk(role(allow("apigateway:GET", Condition=own)), Role(name="Owner"))
    api, key = desk.apis[PAYMENTS], desk.session()
    service = desk.engine.service
    where = {
        "restApiId": api,
        "resourceId": service.world.scope(PAYMENTS, REGION).root(0),
        "httpMethod": "GET",
    }
    for operation, params in (
        ("PutMethod", {**where, "authorizationType": "NONE"}),
        ("PutIntegration", {**where, "type": "MOCK"}),
    ):
        service.dispatch(operation, PAYMENTS, REGION, params)
    made: Any = service.dispatch("CreateDeployment", PAYMENTS, REGION, {"restApiId": api}).body
    for name, tags in (("own", {"tier": "canary"}), ("inherited", {})):
        stage = {"restApiId": api, "stageName": name, "deploymentId": made["id"], "tags": tags}
        service.dispatch("CreateStage", PAYMENTS, REGION, stage)
    assert desk.call("GetStage", key, restApiId=api, stageName="own") == ""
    assert "no identity-based policy" in desk.call("GetStage", key, restApiId=api, stageName="inherited")


def test_tags_of_a_request() -> None:
    """Tags that are given where something is made."""
    condition = {"StringEquals": {"aws:RequestTag/team": "platform"}}
    desk = Desk(role(allow("apigateway:POST", Condition=condition)))
    assert desk.call("CreateRestApi", desk.session(), name="a", tags={"team": "platform"}) == ""
    assert desk.call("CreateRestApi", desk.session(), name="b", tags={"team": "x"}) != ""
    assert desk.call("CreateRestApi", desk.session(), name="c") != ""


def test_who_the_account_s_own_key_is() -> None:
    desk = Desk(
        users=[User(accounts=Accounts(only=frozenset({PAYMENTS})), policies=documents(allow("sts:*")))]
    )
    keys = desk.engine.service.world.keys
    user = f"arn:aws:iam::{PAYMENTS}:user/batchgw"
    reason = "because no identity-based policy allows the apigateway:GET action"
    listing = f"arn:aws:apigateway:{REGION}::/restapis"
    assert desk.call("GetRestApis", keys.long_term(PAYMENTS)) == refused(
        "apigateway:GET", listing, reason, user
    )
    assert desk.call("GetRestApis", keys.long_term(SANDBOX)) == ""


NOT_OUTSIDE_EUROPE = deny("apigateway:*", Condition={"StringNotLike": {"aws:RequestedRegion": ["eu-*"]}})
BY_SCP = "with an explicit deny in a service control policy"


@pytest.mark.parametrize("where", [{"units": frozenset({"/"})}, {"accounts": Accounts()}])
def test_a_service_control_policy_denies_a_region_to_all_but_the_management_account(where: Any) -> None:
    scp = Attachment(policies=documents(NOT_OUTSIDE_EUROPE, kind=Kind.SCP), **where)
    desk = Desk(Role(name=ROLE), attachments=[scp])
    key = desk.session()
    assert desk.call("GetRestApis", key) == ""
    listing = "arn:aws:apigateway:us-east-1::/restapis"
    assert desk.call("GetRestApis", key, "us-east-1") == refused("apigateway:GET", listing, BY_SCP)
    assert desk.call("GetRestApis", desk.session(MANAGEMENT), "us-east-1") == ""


@pytest.mark.parametrize(
    ("unit", "payments", "sandbox"),
    [("/", True, True), ("/Prod", True, False), ("/Prod/Payments", True, False), ("/Sandbox", False, True)],
)
def test_an_ou_s_policies_reach_all_accounts_below_it(unit: str, *, payments: bool, sandbox: bool) -> None:
    by_path = documents(deny("apigateway:PUT"), kind=Kind.SCP)
    desk = Desk(Role(name=ROLE), attachments=[Attachment(policies=by_path, units=frozenset({unit}))])
    found = [desk.call("PutGatewayResponse", desk.session(account)) for account in (PAYMENTS, SANDBOX)]
    assert [message.endswith(BY_SCP) for message in found] == [payments, sandbox]


def test_an_ou_can_be_named_by_its_id_and_what_it_reaches_moves_with_the_account() -> None:
    tree = Desk().engine.service.world.organization.tree
    prod = tree.at(("Prod",)).id
    scp = Attachment(policies=documents(deny("apigateway:*"), kind=Kind.SCP), units=frozenset({prod}))
    desk = Desk(Role(name=ROLE), attachments=[scp])
    sandbox = desk.session(SANDBOX)
    assert desk.call("GetRestApis", sandbox) == ""
    desk.engine.service.world.organization.change(Move(account=SANDBOX, ou=("Prod",)))
    assert desk.call("GetRestApis", sandbox).endswith(BY_SCP)


def test_without_full_access_only_what_an_attached_policy_allows_is_left() -> None:
    only = Attachment(
        policies=documents(allow("apigateway:GET"), kind=Kind.SCP),
        units=frozenset({"/Prod"}),
        full_access=False,
    )
    desk = Desk(Role(name=ROLE), attachments=[only])
    assert desk.call("GetRestApis", desk.session()) == ""
    reason = "because no service control policy allows the apigateway:PUT action"
    assert desk.call("PutGatewayResponse", desk.session()).endswith(reason)


@pytest.mark.parametrize(
    ("operation", "params", "action", "resource"),
    [
        ("ListAccounts", {}, "organizations:ListAccounts", "*"),
        ("ListRoots", {}, "organizations:ListRoots", "*"),
        ("DescribeOrganization", {}, "organizations:DescribeOrganization", "*"),
        (
            "ListTagsForResource",
            {"ResourceId": PAYMENTS},
            "organizations:ListTagsForResource",
            f"arn:aws:organizations::{MANAGEMENT}:account/o-batchgw0001/{PAYMENTS}",
        ),
        (
            "ListAccountsForParent",
            {"ParentId": "r-abcd"},
            "organizations:ListAccountsForParent",
            f"arn:aws:organizations::{MANAGEMENT}:root/o-batchgw0001/r-abcd",
        ),
        (
            "ListOrganizationalUnitsForParent",
            {"ParentId": "ou-abcd-12345678"},
            "organizations:ListOrganizationalUnitsForParent",
            f"arn:aws:organizations::{MANAGEMENT}:ou/o-batchgw0001/ou-abcd-12345678",
        ),
    ],
)
def test_operations_of_organizations(
    operation: str, params: dict[str, object], action: str, resource: str
) -> None:
    desk = Desk(role(allow("apigateway:*")))
    key = desk.session(MANAGEMENT)
    who = SESSION.replace(PAYMENTS, MANAGEMENT)
    reason = f"because no identity-based policy allows the {action} action"
    assert desk.call(operation, key, "us-east-1", **params) == refused(action, resource, reason, who)
    enough = Desk(role(allow(action, resource)))
    message = enough.call(operation, enough.session(MANAGEMENT), "us-east-1", **params)
    assert "no identity-based policy" not in message


@pytest.mark.parametrize(
    ("operation", "params", "action", "resource", "message"),
    [
        (
            "ListRegions",
            {},
            "account:ListRegions",
            f"arn:aws:account::{PAYMENTS}:account",
            f"account:ListRegions on resource: arn:aws:account::{PAYMENTS}:account because no identity-based",
        ),
        (
            "ListRegions",
            {"AccountId": SANDBOX},
            "account:ListRegions",
            f"arn:aws:account::{MANAGEMENT}:account/o-batchgw0001/{SANDBOX}",
            f"arn:aws:account::{MANAGEMENT}:account/o-batchgw0001/{SANDBOX} because no identity-based policy",
        ),
        (
            "DescribeRegions",
            {},
            "ec2:DescribeRegions",
            "*",
            "not authorized to perform: ec2:DescribeRegions because no identity-based policy allows the ec2:",
        ),
        (
            "DescribeStackResources",
            {"PhysicalResourceId": "none"},
            "cloudformation:DescribeStackResources",
            f"arn:aws:cloudformation:*:{PAYMENTS}:stack/*",
            f"arn:aws:cloudformation:{REGION}:{PAYMENTS}:stack/*/* because no identity-based policy",
        ),
        (
            "DescribeStackResources",
            {"StackName": "Orders"},
            "cloudformation:DescribeStackResources",
            f"arn:aws:cloudformation:{REGION}:{PAYMENTS}:stack/Orders/*",
            f"arn:aws:cloudformation:{REGION}:{PAYMENTS}:stack/Orders/* because no identity-based policy",
        ),
    ],
)
def test_operations_of_the_services_that_discovery_asks(
    operation: str, params: dict[str, Any], action: str, resource: str, message: str
) -> None:
    desk = Desk(role(allow("apigateway:*")))
    assert message in desk.call(operation, desk.session(), **params)
    enough = Desk(role(allow(action, resource)))
    assert "no identity-based policy" not in enough.call(operation, enough.session(), **params)


def test_ec2_words_its_denials_in_its_own_way() -> None:
    desk = Desk(role(allow("apigateway:*")))
    assert desk.call("DescribeRegions", desk.session()) == (
        f"You are not authorized to perform this operation. User: {SESSION} is not authorized to perform: "
        "ec2:DescribeRegions because no identity-based policy allows the ec2:DescribeRegions action"
    )


def test_a_stack_is_found_by_the_api_that_it_made() -> None:
    """So a policy that names one stack is enough for its API, and for no other."""
    world = World.generate(apis=40, accounts=1, regions=1, proportions=Proportions(owned=1.0))
    apis = world.scope(MANAGEMENT, REGION)
    stacks = {apis.id(n): o.stack_id for n in apis.numbers() if (o := apis.owner(n)) and o.stack is not None}
    (one, stack), (other, _) = list(stacks.items())[:2]
    only = User(policies=documents(allow("cloudformation:DescribeStackResources", stack)))
    engine = Engine(Service(world, trust=Trust(iam=Iam(users=(only,)))))

    async def main() -> None:
        ask = partial(engine.handle, "DescribeStackResources", MANAGEMENT, REGION)
        assert (await ask({"PhysicalResourceId": one})).status == 200
        with pytest.raises(ServiceFault, match="no identity-based policy"):
            await ask({"PhysicalResourceId": other})

    anyio.run(main)


def test_the_partition_stands_in_the_resource() -> None:
    allowed = allow("apigateway:GET", "arn:aws-cn:apigateway:cn-north-1::/restapis")
    desk = Desk(users=[User(policies=documents(allowed))], region="cn-north-1")
    keys = desk.engine.service.world.keys
    assert desk.call("GetRestApis", keys.long_term(PAYMENTS)) == ""
    assert "arn:aws-cn:apigateway:cn-north-1::" in desk.call("GetStages", keys.long_term(PAYMENTS))


def test_nobody_needs_a_permission_to_ask_who_they_are() -> None:
    scp = Attachment(policies=documents(deny("*"), kind=Kind.SCP), units=frozenset({"/"}))
    desk = Desk(role(deny("sts:GetCallerIdentity")), attachments=[scp])
    assert desk.call("GetCallerIdentity", desk.session()) == ""


def test_a_region_that_is_off_is_told_before_any_policy() -> None:
    desk = Desk(role(deny("*")))

    async def main() -> str:
        with pytest.raises(ServiceFault) as caught:
            await desk.engine.handle("GetRestApis", PAYMENTS, "af-south-1", {}, caller=desk.session())
        return caught.value.code

    assert anyio.run(main) == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("iam", "message"),
    [
        (Iam(roles=(Role(name=ROLE, accounts=Accounts(only=frozenset({"9" * 12}))),)), "no account 9999"),
        (Iam(users=(User(accounts=Accounts(but=frozenset({"9" * 12}))),)), "no account 9999"),
        (Iam(attachments=(Attachment(policies=(), units=frozenset({"/Prod"})),)), "there is no OU /Prod"),
        (Iam(attachments=(Attachment(policies=(), units=frozenset({"ou-x"})),)), "'ou-x' is no path"),
    ],
)
def test_a_world_is_not_made_with_policies_of_what_it_does_not_have(iam: Iam, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Service(World.empty(accounts=[MANAGEMENT]), trust=Trust(iam=iam))
