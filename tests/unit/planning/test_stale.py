"""What is said when an API is no longer what it was when the plan was made."""

import pytest

from batchgw.model import (
    Desired,
    GatewayResponse,
    ResponseChange,
    ResponseType,
    Rule,
    Settings,
    Unlisted,
)
from batchgw.model.inheritance import Observed
from batchgw.planning.diff import diff
from batchgw.planning.stale import staleness

T = ResponseType
DEFAULT = {"application/json": '{"message":$context.error.messageString}'}
OWN = {"application/json": "{}"}
X = {"gatewayresponse.header.X": "'1'"}
X2 = {"gatewayresponse.header.X": "'2'"}


def own(
    response_type: ResponseType,
    status: str | None = None,
    parameters: dict[str, str] | None = None,
    templates: dict[str, str] | None = None,
) -> GatewayResponse:
    return GatewayResponse(
        type=response_type,
        settings=Settings(status_code=status, parameters=parameters or {}, templates=templates or DEFAULT),
        default_response=False,
    )


def answer(*responses: GatewayResponse) -> Observed:
    return {r.type: r for r in responses}


DESIRED = Desired(
    rules={T.UNAUTHORIZED: Rule(settings=Settings(status_code="418")), T.THROTTLED: Rule(settings=None)}
)
"""It changes UNAUTHORIZED and leaves THROTTLED as it is."""


def planned(observed: Observed, desired: Desired = DESIRED) -> tuple[ResponseChange, ...]:
    return diff(observed, desired)


@pytest.mark.parametrize(
    "state",
    [
        answer(),
        answer(own(T.UNAUTHORIZED, "401", X)),
        answer(own(T.DEFAULT_4XX, "444", X, OWN), own(T.UNAUTHORIZED, "402")),
    ],
)
def test_the_same_state_is_not_stale(state: Observed) -> None:
    assert staleness(planned(state), state, DESIRED) == ()


def test_types_the_plan_does_not_speak_of_do_not_count() -> None:
    assert (
        staleness(planned(answer()), answer(own(T.WAF_FILTERED, "418"), own(T.DEFAULT_5XX, "599")), DESIRED)
        == ()
    )


def test_an_answer_that_fills_in_defaults_is_the_same_as_one_that_does_not() -> None:
    bare = GatewayResponse(type=T.UNAUTHORIZED, settings=Settings(parameters=X), default_response=False)
    assert staleness(planned(answer(bare)), answer(own(T.UNAUTHORIZED, "401", X)), DESIRED) == ()


@pytest.mark.parametrize(
    ("then", "now", "says"),
    [
        (answer(), answer(own(T.UNAUTHORIZED, "401")),
         ["UNAUTHORIZED was not customised when the plan was made, and is now"]),
        (answer(own(T.UNAUTHORIZED, "401")), answer(),
         ["UNAUTHORIZED was customised when the plan was made, and is not any more"]),
        (answer(), answer(own(T.THROTTLED)),  # a NO_OP is a promise, too
         ["THROTTLED was not customised when the plan was made, and is now"]),
        (answer(own(T.UNAUTHORIZED, "401", X)), answer(own(T.UNAUTHORIZED, "402", X2, OWN)),
         ["UNAUTHORIZED: status was 401 when the plan was made, and is 402 now",
          "UNAUTHORIZED: header X was '1' when the plan was made, and is '2' now",
          "UNAUTHORIZED: template application/json is not what it was when the plan was made"]),
        (answer(own(T.UNAUTHORIZED, "401", X)), answer(own(T.UNAUTHORIZED, "401")),
         ["UNAUTHORIZED: header X was there when the plan was made, and is not any more"]),
        (answer(own(T.UNAUTHORIZED, "401")), answer(own(T.UNAUTHORIZED, "401", X)),
         ["UNAUTHORIZED: header X was not there when the plan was made, and is now"]),
        (answer(), answer(own(T.DEFAULT_4XX, "444")),  # both types show what their family was changed to
         ["THROTTLED: inherited status was 429 when the plan was made, and is 444 now",
          "UNAUTHORIZED: inherited status was 401 when the plan was made, and is 444 now"]),
    ],
)  # fmt: skip
def test_what_differs_is_said(then: Observed, now: Observed, says: list[str]) -> None:
    assert list(staleness(planned(then), now, DESIRED)) == says


def test_a_changed_family_the_plan_speaks_of_is_said_once() -> None:
    desired = Desired(rules={T.DEFAULT_4XX: Rule(settings=None)}, unlisted=Unlisted.RESET)
    plan = planned(answer(), desired)
    now = answer(own(T.DEFAULT_4XX, "444"), own(T.THROTTLED, "429"))
    assert staleness(plan, now, desired) == (
        "DEFAULT_4XX was not customised when the plan was made, and is now",
        "THROTTLED was not customised when the plan was made, and is now",
    )


def test_what_an_api_customised_itself_counts_where_the_policy_covers_it() -> None:
    """It was not among the plan's types, and a plan made now would change it."""
    covering = Desired(rules={}, wherever_customised={T.WAF_FILTERED: Settings(parameters=X)})
    then, now = answer(own(T.WAF_FILTERED, "403")), answer(own(T.WAF_FILTERED, "403", X))
    assert staleness(planned(then, covering), then, covering) == ()
    assert staleness(planned(then, covering), now, covering) == (
        "WAF_FILTERED: header X was not there when the plan was made, and is now",
    )
    assert staleness(planned(answer(), covering), now, covering) == (
        "WAF_FILTERED was not customised when the plan was made, and is now",
    )
    assert staleness(planned(now, covering), answer(), covering) == (
        "WAF_FILTERED was customised when the plan was made, and is not any more",
    )
    assert staleness(planned(answer(), covering), answer(own(T.THROTTLED)), covering) == ()
