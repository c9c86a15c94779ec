"""AssumeRole and GetCallerIdentity."""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.simulator.iam.principals import names_itself, trust_effects
from batchgw.simulator.iam.request import Request
from batchgw.simulator.iam.roles import Role
from batchgw.simulator.iam.wildcards import Values
from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.session_request import SessionRequest, invalid, read
from batchgw.simulator.permissions import caller_values, denied, principal, requested_tags, tagged
from batchgw.simulator.reply import Body
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.keys import Key, RoleSession

STS = AwsService(
    name="sts",
    protocol="query",
    throttled=("Throttling", 400, "Rate exceeded"),
    denied=("AccessDenied", 403),
    throttle_is_modelled=False,
    has_global_endpoint=True,
)


def caller_identity(caller: Key) -> Body:
    """Give whose key signed the call."""
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def assume_role(given: Input) -> Body:
    """Hand out credentials of a role in this or another account."""
    wanted = read(given.params, given.caller, given.region)
    role = _role(given, wanted)
    for action in wanted.actions:
        _require_allowed(given, wanted, role, action)
    if wanted.seconds > role.max_session and given.trust.session is None:
        raise invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    expires = given.now + (wanted.seconds if given.trust.session is None else given.trust.session)
    session = RoleSession(
        role=role.name,
        name=wanted.name,
        role_arn=wanted.arn,
        policy=wanted.policy,
        tags=wanted.tags,
        transitive=wanted.transitive,
        source_identity=wanted.source_identity,
    )
    key = given.world.keys.issue(account=wanted.account, session=session, expires=expires, now=given.now)
    answer: Body = {
        "Credentials": {
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "SessionToken": key.session_token,
            "Expiration": expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": key.user_id, "Arn": key.arn},
    }
    if wanted.packed:
        answer["PackedPolicySize"] = wanted.packed
    if wanted.source_identity is not None:
        answer["SourceIdentity"] = wanted.source_identity
    return answer


def _role(given: Input, wanted: SessionRequest) -> Role:
    """Find the role. One that is not there is refused as one that trusts somebody else."""
    trust = given.trust
    role = trust.role(wanted.account, wanted.role)
    if (
        role is None
        or wanted.account not in given.world.accounts
        or not given.world.organization.is_open(wanted.account)
        or wanted.account in trust.refused
        or (trust.iam.defines(role.name) and role.path != wanted.path)
        or role.external_id not in (None, wanted.external_id)
    ):
        raise STS.not_allowed(user=given.caller.arn, action="sts:AssumeRole", resource=wanted.arn)
    return role


def _require_allowed(given: Input, wanted: SessionRequest, role: Role, action: str) -> None:
    """Ask the caller's policies and the role's trust policy. Both must allow, and neither may deny.

    Raises:
        ServiceFault: AccessDenied. What the trust policy says is not told, as across accounts.
    """
    caller = given.caller
    request = Request(action=action, resource=wanted.arn, values=_values(given, wanted, role))
    who = principal(given.trust, caller)
    itself = False
    effects = {"Allow"}
    if role.trust is not None:
        effects = {*trust_effects(role.trust, request, who)}
        itself = who.account == wanted.account and names_itself(role.trust, request, who)
    reason = denied(given.world, given.trust, caller, request, needs_identity=not itself)
    if reason is not None or "Deny" in effects or "Allow" not in effects:
        raise STS.not_allowed(user=caller.arn, action=action, resource=wanted.arn, reason=reason or "")


def _values(given: Input, wanted: SessionRequest, role: Role) -> Values:
    """Give what conditions of the caller's policies and of the trust policy see."""
    texts = {
        "aws:resourceaccount": wanted.account,
        "sts:externalid": wanted.external_id,
        "sts:rolesessionname": wanted.name,
        "sts:sourceidentity": wanted.source_identity,
    }
    return {
        **caller_values(given.world, given.trust, given.caller, given.region),
        **tagged("aws:resourcetag", role.tags),
        **requested_tags(wanted.requested_tags),
        **{key: (value,) for key, value in texts.items() if value is not None},
        **({"sts:transitivetagkeys": tuple(sorted(wanted.transitive))} if wanted.transitive else {}),
    }


OPERATIONS: Mapping[str, Operation] = {
    "AssumeRole": answers(assume_role),
    "GetCallerIdentity": answers(lambda i: caller_identity(i.caller)),
}
