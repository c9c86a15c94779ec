"""Whether a call of the simulated world is allowed: what IAM is asked about it, and the refusal.

GetCallerIdentity needs no permission (STS API reference). AssumeRole asks here for each of its parts, because
the trust policy of the role has a say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from batchgw.simulator.call import Call
from batchgw.simulator.iam.decision import Layer, denial
from batchgw.simulator.iam.documents import Policy
from batchgw.simulator.iam.principals import Principal
from batchgw.simulator.iam.request import Lazy, Request
from batchgw.simulator.iam.wildcards import Values
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.resources import resource_of, resource_tags
from batchgw.simulator.services import GLOBAL_REGION
from batchgw.simulator.world.keys import USER, Key
from batchgw.simulator.world.organization.paths import names_of, path_of
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World


def refusal(world: World, trust: Trust, call: Call) -> ServiceFault | None:
    """Make the refusal of a call that its caller may not make; None for one that is allowed.

    Without policies everything is. A call where the account's keys are not valid is left to the service.
    """
    session = None if call.caller is None else call.caller.session
    if not trust.iam and (session is None or session.policy is None):
        return None
    if call.service.name == "sts" or not _at_home(world, call):
        return None
    caller = call.caller or world.keys.long_term(call.account)
    resource = resource_of(world, call)
    values = Lazy(lambda: _values(world, trust, call, caller))
    reason = denied(world, trust, caller, Request(action=call.needs[0], resource=resource, values=values))
    return None if reason is None else call.denied(reason, resource=resource)


def _values(world: World, trust: Trust, call: Call, caller: Key) -> Values:
    return {
        **caller_values(world, trust, caller, call.region),
        "aws:resourceaccount": (call.account,),
        **tagged("aws:resourcetag", resource_tags(world, call)),
        **requested_tags(call.params.get("tags")),
    }


def check(world: World, trust: Trust) -> None:
    """Raise ValueError for policies of accounts and OUs that the world does not have."""
    iam, tree = trust.iam, world.organization.tree
    named = [*(r.accounts for r in iam.roles), *(u.accounts for u in iam.users)]
    for accounts in (*named, *(a.accounts for a in iam.attachments)):
        for account in sorted((accounts.only or frozenset()) | accounts.but):
            world.organization.account(account)
    for unit in sorted(unit for attached in iam.attachments for unit in attached.units):
        if tree.get(unit) is None:
            tree.at(names_of(unit))


def denied(
    world: World, trust: Trust, caller: Key, request: Request, *, needs_identity: bool = True
) -> str | None:
    """Say why a caller's own policies deny a request; None when they allow it.

    `needs_identity` is off where a policy of the resource has allowed it already.
    """
    return denial(request, _layers(world, trust, caller, needs_identity=needs_identity))


def principal(trust: Trust, caller: Key) -> Principal:
    """Describe a caller as IAM sees it."""
    session = caller.session
    return Principal(
        account=caller.account,
        arn=caller.arn,
        identity=caller.arn if session is None else session.role_arn,
        tags=_principal_tags(trust, caller),
    )


def caller_values(world: World, trust: Trust, caller: Key, region: str) -> Values:
    """Give what conditions see of any call: who makes it, and where."""
    who = principal(trust, caller)
    session = caller.session
    values = {
        "aws:principalaccount": (who.account,),
        "aws:principalarn": (who.identity,),
        "aws:principaltype": ("User" if session is None else "AssumedRole",),
        "aws:requestedregion": (region,),
        "aws:userid": (caller.user_id,),
        **tagged("aws:principaltag", who.tags),
    }
    unit = world.organization.unit_of(caller.account)
    if unit is not None:
        values["aws:principalorgid"] = (world.organization.id,)
        values["aws:principalorgpaths"] = (world.organization.path_to(unit),)
    if session is None:
        values["aws:username"] = (USER,)
    elif session.source_identity is not None:
        values["aws:sourceidentity"] = (session.source_identity,)
    return values


def tagged(prefix: str, tags: Mapping[str, str]) -> Values:
    """Give tags under their condition keys."""
    return {f"{prefix}/{key.lower()}": (value,) for key, value in tags.items()}


def requested_tags(tags: object) -> Values:
    """Give the tags of a request, and their keys."""
    if not isinstance(tags, Mapping) or not tags:
        return {}
    texts = {str(key): str(value) for key, value in tags.items()}
    return {**tagged("aws:requesttag", texts), "aws:tagkeys": tuple(texts)}


def _at_home(world: World, call: Call) -> bool:
    """Whether the account's keys are good at the endpoint."""
    if call.service.has_global_endpoint and call.region == GLOBAL_REGION:
        return call.account in world.accounts
    return world.organization.is_on(call.account, call.region)


def _layers(world: World, trust: Trust, caller: Key, *, needs_identity: bool) -> Iterator[Layer]:
    organization = world.organization
    if caller.account != organization.management:  # which is never restricted
        above = _above(world, caller.account)
        for attached in trust.iam.attachments:
            if attached.covers(caller.account, above):
                yield Layer(
                    kind="a service control policy",
                    policies=attached.policies,
                    allows_all=attached.full_access,
                )
    policies = _identity_policies(trust, caller)
    yield Layer(
        kind="an identity-based policy",
        policies=policies or (),
        allows_all=policies is None or not needs_identity,
    )
    if caller.session is not None and caller.session.policy is not None:
        yield Layer(kind="a session policy", policies=(caller.session.policy,))


def _above(world: World, account: str) -> frozenset[str]:
    """Name what an account stands in, up to the root, by id and by path."""
    organization = world.organization
    unit = organization.unit_of(account)
    if unit is None:
        return frozenset()
    return frozenset(
        name for each in organization.tree.upwards(unit) for name in (each.id, path_of(each.names))
    )


def _identity_policies(trust: Trust, caller: Key) -> Sequence[Policy] | None:
    if caller.session is None:
        return trust.iam.user(caller.account).policies
    role = trust.iam.role(caller.account, caller.session.role)
    return None if role is None else role.policies


def _principal_tags(trust: Trust, caller: Key) -> Mapping[str, str]:
    """Give the tags of the user or the role; those of the session win, whatever their case."""
    if caller.session is None:
        return trust.iam.user(caller.account).tags
    role = trust.iam.role(caller.account, caller.session.role)
    own = {} if role is None else role.tags
    return {k.lower(): v for tags in (own, caller.session.tags) for k, v in tags.items()}
