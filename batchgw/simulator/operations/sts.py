"""AssumeRole and GetCallerIdentity."""

from __future__ import annotations

import re
from collections.abc import Mapping

from batchgw.simulator.operations.operation import Operation, answers
from batchgw.simulator.operations.params import optional_text, text, whole
from batchgw.simulator.reply import Body, Params, ServiceFault
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.keys import Key
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

STS = AwsService(
    name="sts",
    protocol="query",
    throttled=("Throttling", 400, "Rate exceeded"),
    throttle_is_modelled=False,
    has_global_endpoint=True,
)

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<role>[\w+=,.@-]{1,64})")
_SHORTEST, _LONGEST, _LONGEST_CHAINED = 900, 43_200, 3_600  # seconds (API reference, AssumeRole)


def caller_identity(caller: Key) -> Body:
    """Give whose key signed the call."""
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def assume_role(world: World, trust: Trust, caller: Key, params: Params, now: float) -> Body:
    """Hand out credentials of a role in this or another account."""
    arn = text(params, "RoleArn")
    match = _ROLE_ARN.fullmatch(arn)
    if match is None:
        raise _invalid(f"{arn} is invalid")
    session = text(params, "RoleSessionName")
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", session):
        raise _invalid(
            f"1 validation error detected: Value '{session}' at 'roleSessionName' "
            r"failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"
        )
    seconds = _duration(whole(params, "DurationSeconds"), caller)
    account, role = match["account"], match["role"]
    if not _trusted(world, trust, account, role, optional_text(params, "ExternalId")):
        raise ServiceFault(
            "AccessDenied",
            403,
            f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            modelled=False,
        )
    expires = now + (seconds if trust.session is None else trust.session)
    key = world.keys.issue(account=account, role=role, session=session, expires=expires, now=now)
    return {
        "Credentials": {
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "SessionToken": key.session_token,
            "Expiration": expires,
        },
        "AssumedRoleUser": {"AssumedRoleId": key.user_id, "Arn": key.arn},
    }


def _trusted(world: World, trust: Trust, account: str, role: str, external_id: str | None) -> bool:
    return (
        account in world.accounts
        and account not in trust.refused
        and (trust.roles is None or role in trust.roles)
        and trust.external_ids.get(role) in (None, external_id)
    )


def _duration(wanted: int | None, caller: Key) -> int:
    seconds = 3_600 if wanted is None else wanted
    if caller.assumed_role and seconds > _LONGEST_CHAINED:
        raise _invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit "
            "for roles assumed by role chaining"
        )
    if not _SHORTEST <= seconds <= _LONGEST:
        bound = f"less than or equal to {_LONGEST}"
        if seconds < _SHORTEST:
            bound = f"greater than or equal to {_SHORTEST}"
        raise _invalid(
            f"1 validation error detected: Value '{seconds}' at 'durationSeconds' "
            f"failed to satisfy constraint: Member must have value {bound}"
        )
    return seconds


def _invalid(message: str) -> ServiceFault:
    return ServiceFault("ValidationError", 400, message, modelled=False)


OPERATIONS: Mapping[str, Operation] = {
    "AssumeRole": answers(lambda i: assume_role(i.world, i.trust, i.caller, i.params, i.now)),
    "GetCallerIdentity": answers(lambda i: caller_identity(i.caller)),
}
