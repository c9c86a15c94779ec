"""How policies of several kinds decide together, and in which words."""

from __future__ import annotations

import pytest

from batchgw.simulator.iam.decision import Layer, denial
from batchgw.simulator.iam.documents import Policy
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.request import Request

LIST = Request(action="apigateway:GET", resource="arn:aws:apigateway:eu-west-1::/restapis")
PUT = Request(action="apigateway:PUT", resource=f"{LIST.resource}/a1/gatewayresponses/WAF_FILTERED")


def policy(**elements: object) -> Policy:
    statement = {"Effect": "Allow", "Action": "apigateway:*", "Resource": "*", **elements}
    statement = {name: value for name, value in statement.items() if value is not None}
    return read({"Version": "2012-10-17", "Statement": statement}, Kind.IDENTITY)


def layers(scp: Policy | None, identity: Policy | None, session: Policy | None) -> list[Layer]:
    kinds = {
        "a service control policy": scp,
        "an identity-based policy": identity,
        "a session policy": session,
    }
    return [Layer(kind=kind, policies=[p]) for kind, p in kinds.items() if p is not None]


EVERYTHING = policy()
READ = policy(Action="apigateway:GET")
NO_WRITE = policy(Effect="Deny", Action=["apigateway:PUT", "apigateway:DELETE"])


@pytest.mark.parametrize(
    ("scp", "identity", "session", "reason"),
    [
        (EVERYTHING, EVERYTHING, EVERYTHING, None),
        (None, EVERYTHING, None, None),
        (None, READ, None, "because no identity-based policy allows the apigateway:PUT action"),
        (None, EVERYTHING, READ, "because no session policy allows the apigateway:PUT action"),
        (READ, EVERYTHING, EVERYTHING, "because no service control policy allows the apigateway:PUT action"),
        (READ, READ, READ, "because no service control policy allows the apigateway:PUT action"),
        (NO_WRITE, EVERYTHING, None, "with an explicit deny in a service control policy"),
        (EVERYTHING, NO_WRITE, None, "with an explicit deny in an identity-based policy"),
        (EVERYTHING, EVERYTHING, NO_WRITE, "with an explicit deny in a session policy"),
        (READ, READ, NO_WRITE, "with an explicit deny in a session policy"),  # a deny is told first
    ],
)
def test_every_kind_must_allow_and_a_deny_wins(
    scp: Policy | None, identity: Policy, session: Policy | None, reason: str | None
) -> None:
    assert denial(PUT, layers(scp, identity, session)) == reason


def test_what_allows_all_still_denies() -> None:
    layer = Layer(kind="an identity-based policy", policies=[NO_WRITE], allows_all=True)
    assert denial(LIST, [layer]) is None
    assert denial(PUT, [layer]) == "with an explicit deny in an identity-based policy"


@pytest.mark.parametrize(
    ("elements", "listing", "putting"),
    [
        ({"Action": "APIGateway:get"}, True, False),  # an action's case does not count
        ({"Action": "*"}, True, True),
        ({"Action": "apigateway:P?T"}, False, True),
        ({"Action": None, "NotAction": "apigateway:PUT"}, True, False),
        ({"Action": None, "NotAction": "iam:*"}, True, True),
        ({"Resource": "arn:aws:apigateway:*::/restapis"}, True, False),
        ({"Resource": "arn:aws:apigateway:*::/restapis/*/gatewayresponses/*"}, False, True),
        ({"Resource": None, "NotResource": "arn:aws:apigateway:*::/restapis/*"}, True, False),
        ({"Resource": ["arn:aws:s3:::*", "arn:aws:apigateway:eu-west-1::/*"]}, True, True),
        ({"Resource": "arn:aws-cn:apigateway:*::/*"}, False, False),
    ],
)
def test_elements(elements: dict[str, object], *, listing: bool, putting: bool) -> None:
    found = [denial(r, [Layer(kind="a policy", policies=[policy(**elements)])]) is None for r in (LIST, PUT)]
    assert found == [listing, putting]


def test_of_several_policies_of_a_kind_one_must_allow() -> None:
    one = Layer(kind="an identity-based policy", policies=[policy(Action="s3:*"), READ])
    assert denial(LIST, [one]) is None
    assert denial(PUT, [one]) is not None
