"""Who is asking: what a trust policy names, and what conditions see of a caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.simulator.iam.documents import Effect, Policy
from batchgw.simulator.iam.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller.

    Attributes:
        account: its own.
        arn: of the user, or of the role's session.
        identity: ARN of the user, or of the role behind the session: `aws:PrincipalArn`.
        tags: the identity's, overlaid by the session's.
    """

    account: str
    arn: str
    identity: str
    tags: Mapping[str, str] = field(default_factory=dict)


def named(principals: tuple[str, ...], caller: Principal) -> bool:
    """Whether a trust policy names a caller: everybody, its account, its identity, or its session."""
    return any(_names(principal, caller) for principal in principals)


def _names(principal: str, caller: Principal) -> bool:
    if principal in ("*", caller.account, caller.identity, caller.arn):
        return True
    account, _, what = principal.rpartition(":")
    return what == "root" and account.endswith(f":iam::{caller.account}")


def trust_effects(policy: Policy, request: Request, caller: Principal) -> set[Effect]:
    """Give the effects of the statements of a trust policy that name the caller and are about the request."""
    return {
        s.effect
        for s in policy.statements
        if named(s.principals or (), caller) and s.covers(request, variables=policy.variables)
    }


def names_itself(policy: Policy, request: Request, caller: Principal) -> bool:
    """Whether a trust policy allows the caller by its own ARN, not by its account.

    Within one account that suffices: the caller's own policies need not allow it (IAM user guide, policy
    evaluation within a single account).
    """
    own, variables = {caller.identity, caller.arn}, policy.variables
    return any(
        s.effect == "Allow" and own & set(s.principals or ()) and s.covers(request, variables=variables)
        for s in policy.statements
    )
