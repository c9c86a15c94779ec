"""Which customised types answer without the headers that the policy sets for their family."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchgw.model import Desired, GatewayResponse, Mode, ResponseType, Rule, Settings, Unlisted
from batchgw.model.response_change import TARGETS
from batchgw.planning.coverage import header_names, owed, uncovered

T = ResponseType
X, Y = "gatewayresponse.header.X", "gatewayresponse.header.Y"
BOTH = Settings(parameters={X: "'1'", Y: "'2'"})
ONE = Settings(parameters={X.lower(): "'1'"})
FAMILY = Rule(settings=BOTH)
FILLED = Desired(rules={T.DEFAULT_4XX: Rule(settings=BOTH, mode=Mode.FILL)})
POLICY = Desired(rules={T.DEFAULT_4XX: FAMILY})


def own(t: ResponseType, **parameters: str) -> dict[ResponseType, GatewayResponse]:
    settings = Settings(parameters={f"gatewayresponse.header.{name}": v for name, v in parameters.items()})
    return {t: GatewayResponse(type=t, settings=settings, default_response=False)}


@pytest.mark.parametrize(
    ("desired", "observed", "lacking"),
    [
        (POLICY, own(T.THROTTLED), (T.THROTTLED,)),
        (POLICY, own(T.THROTTLED, X="'other'"), (T.THROTTLED,)),  # Y is missing
        (POLICY, own(T.THROTTLED, x="'other'", y="'value'"), ()),  # whatever they say, and in any case
        (POLICY, own(T.INTEGRATION_TIMEOUT), ()),  # of the other family
        (POLICY, own(T.DEFAULT_4XX), ()),  # the policy itself says what that shall be
        (replace(POLICY, unlisted=Unlisted.RESET), own(T.THROTTLED), ()),
        (Desired(rules={T.DEFAULT_4XX: Rule(settings=None)}), own(T.THROTTLED), ()),
        (replace(POLICY, wherever_customised={T.THROTTLED: BOTH}), own(T.THROTTLED), ()),
        (replace(POLICY, wherever_customised={T.THROTTLED: ONE}), own(T.THROTTLED), (T.THROTTLED,)),
        (replace(POLICY, wherever_customised={T.THROTTLED: ONE}), own(T.THROTTLED, Y="'2'"), ()),
        (FILLED, own(T.DEFAULT_4XX), (T.DEFAULT_4XX,)),
        (FILLED, {}, ()),
    ],
)  # fmt: skip
def test_a_type_lacks_what_its_family_gets(
    desired: Desired, observed: dict[ResponseType, GatewayResponse], lacking: tuple[ResponseType, ...]
) -> None:
    assert uncovered(observed, owed(desired)) == tuple(TARGETS[t] for t in lacking)


def test_what_is_only_inherited_lacks_nothing() -> None:
    shown = GatewayResponse(type=T.THROTTLED, settings=Settings(), default_response=True)
    assert uncovered({T.THROTTLED: shown}, owed(POLICY)) == ()


def test_headers_are_named_as_the_policy_spells_them() -> None:
    covering = replace(POLICY, wherever_customised={T.WAF_FILTERED: ONE})
    assert header_names(T.THROTTLED, covering) == ("X", "Y")
    assert header_names(T.WAF_FILTERED, covering) == ("Y",)
