"""Which change each rule makes of each state, worked by hand."""

from collections.abc import Mapping

import pytest

from batchgw.model import (
    Action,
    Desired,
    GatewayResponse,
    Mode,
    ResponseChange,
    ResponseType,
    Rule,
    Settings,
    Unlisted,
)
from batchgw.model.inheritance import Observed
from batchgw.planning.diff import diff, leaves

T = ResponseType
JSON = "application/json"
DEFAULT = {JSON: '{"message":$context.error.messageString}'}
OWN = {JSON: '{"m":$context.error.messageString}'}
NOTHING = Settings()


def header(name: str, value: str = "'v'") -> dict[str, str]:
    return {f"gatewayresponse.header.{name}": value}


def put(status: str | None = None, *headers: str, templates: Mapping[str, str] | None = None) -> Settings:
    parameters = {k: v for name in headers for k, v in header(name).items()}
    return Settings(status_code=status, parameters=parameters, templates=templates or {})


def customised(response_type: ResponseType, settings: Settings) -> Observed:
    """Settings as an answer carries them: effective."""
    response = GatewayResponse(type=response_type, settings=settings, default_response=False)
    return {response_type: response}


def only(response_type: ResponseType, settings: Settings | None, mode: Mode = Mode.REPLACE) -> Desired:
    return Desired(rules={response_type: Rule(settings=settings, mode=mode)})


def one(observed: Observed, desired: Desired) -> ResponseChange:
    (change,) = diff(observed, desired)
    return change


def test_replace_of_an_uncustomised_type_creates_and_fills_in_nothing() -> None:
    change = one({}, only(T.UNAUTHORIZED, put(None, "X")))
    assert (change.action, change.after) == (Action.CREATE, put(None, "X"))
    assert change.before == GatewayResponse(
        type=T.UNAUTHORIZED, settings=put("401", templates=DEFAULT), default_response=True
    )


def test_replace_creates_even_when_the_inherited_values_are_equal() -> None:
    family = customised(T.DEFAULT_4XX, put(None, "X", templates=DEFAULT))
    change = one(family, only(T.UNAUTHORIZED, put("401", "X", templates=DEFAULT)))
    assert change.before.settings == put("401", "X", templates=DEFAULT)
    assert change.action is Action.CREATE


@pytest.mark.parametrize(
    ("wanted", "action"),
    [
        (put(None, "X"), Action.NO_OP),
        (put("401", "X"), Action.NO_OP),
        (put("401", "X", templates=DEFAULT), Action.NO_OP),
        (put("402", "X"), Action.UPDATE),
        (put(None, "x"), Action.UPDATE),  # replace means exactly this, the spelling of a header too
        (put(None, "X", "Y"), Action.UPDATE),
        (put(None), Action.UPDATE),
        (put(None, "X", templates=OWN), Action.UPDATE),
    ],
)
def test_replace_compares_effective_values(wanted: Settings, action: Action) -> None:
    observed = customised(T.UNAUTHORIZED, put("401", "X", templates=DEFAULT))
    change = one(observed, only(T.UNAUTHORIZED, wanted))
    assert (change.action, change.after) == (action, wanted)
    assert change.before is observed[T.UNAUTHORIZED]


def test_an_answer_without_defaults_filled_in_is_no_drift() -> None:
    observed = customised(T.UNAUTHORIZED, put(None, "X"))
    assert one(observed, only(T.UNAUTHORIZED, put("401", "X"))).action is Action.NO_OP


def test_integration_failure_without_a_status_is_what_504_shows() -> None:
    observed = customised(T.INTEGRATION_FAILURE, put("504", "X", templates=DEFAULT))
    change = one(observed, only(T.INTEGRATION_FAILURE, put(None, "X")))
    assert (change.action, change.after) == (Action.NO_OP, put(None, "X"))


@pytest.mark.parametrize("mode", [Mode.REPLACE, Mode.MERGE])
def test_default_takes_a_customisation_away(mode: Mode) -> None:
    observed = customised(T.THROTTLED, put("429", "X", templates=DEFAULT))
    change = one(observed, only(T.THROTTLED, None, mode))
    assert (change.action, change.after) == (Action.RESET, None)
    unchanged = one({}, only(T.THROTTLED, None, mode))
    assert (unchanged.action, unchanged.after) == (Action.NO_OP, None)


def test_unlisted_reset_takes_unnamed_customisations_away_and_nothing_else() -> None:
    own = customised(T.WAF_FILTERED, put("403", "X", templates=DEFAULT))
    desired = Desired(
        rules={T.DEFAULT_4XX: Rule(settings=put(None, "X"), mode=Mode.FILL)}, unlisted=Unlisted.RESET
    )
    changes = diff(own, desired)
    assert [c.type for c in changes] == list(T)
    assert {c.type: c.action for c in changes if c.action is not Action.NO_OP} == {
        T.DEFAULT_4XX: Action.CREATE,
        T.WAF_FILTERED: Action.RESET,
    }


def test_inheritance_at_work_is_no_change_of_the_types_that_inherit() -> None:
    desired = Desired(
        rules={
            T.UNAUTHORIZED: Rule(settings=None),
            T.DEFAULT_4XX: Rule(settings=put("418", "X")),
        }
    )
    family, unauthorized = diff({}, desired)
    assert (family.type, family.action) == (T.DEFAULT_4XX, Action.CREATE)
    assert (unauthorized.type, unauthorized.action) == (T.UNAUTHORIZED, Action.NO_OP)


@pytest.mark.parametrize("settings", [put("418", "Z"), NOTHING, None])
def test_fill_leaves_what_is_customised(settings: Settings | None) -> None:
    observed = customised(T.THROTTLED, put("429", "X", templates=DEFAULT))
    change = one(observed, only(T.THROTTLED, settings, Mode.FILL))
    assert (change.action, change.after) == (Action.NO_OP, put("429", "X", templates=DEFAULT))


def test_fill_creates_where_nothing_is_customised() -> None:
    change = one({}, only(T.THROTTLED, put(None, "X"), Mode.FILL))
    assert (change.action, change.after) == (Action.CREATE, put(None, "X"))


@pytest.mark.parametrize(
    ("own", "listed", "after", "action"),
    [
        # what is not listed stays; the default status and the only default template are not spelled out
        (put("429", "X", templates=DEFAULT), put(None, "Y"), put(None, "X", "Y"), Action.UPDATE),
        (put("420", "X", templates=OWN), put(None, "Y"), put("420", "X", "Y", templates=OWN), Action.UPDATE),
        # listed keys win
        (put("420", "X", templates=OWN), put("421"), put("421", "X", templates=OWN), Action.UPDATE),
        (put("429", templates=OWN), put(templates=DEFAULT), put(templates=DEFAULT), Action.UPDATE),
        # another spelling of a header is the same header; the listed one stands
        (put("429", "x-ORIGIN", "Y", templates=DEFAULT), put(None, "X-Origin"), put(None, "Y", "X-Origin"),
         Action.UPDATE),
        # a template beside the default one: PUT replaces all, so the default one has to be repeated
        (put("429", templates=DEFAULT), put(templates={"text/plain": "no"}),
         put(templates={**DEFAULT, "text/plain": "no"}), Action.UPDATE),
        # nothing to do
        (put("420", "X", "Y", templates=OWN), put("420", "Y"), put("420", "X", "Y", templates=OWN),
         Action.NO_OP),
        (put("429", "X", templates=DEFAULT), NOTHING, put(None, "X"), Action.NO_OP),
    ],
)  # fmt: skip
def test_merge_with_a_customisation(own: Settings, listed: Settings, after: Settings, action: Action) -> None:
    change = one(customised(T.THROTTLED, own), only(T.THROTTLED, listed, Mode.MERGE))
    assert (change.action, change.after) == (action, after)


def test_merge_lists_a_default_status_when_the_policy_does() -> None:
    change = one({}, only(T.INTEGRATION_FAILURE, put("504", "X"), Mode.MERGE))
    assert (change.action, change.after) == (Action.CREATE, put("504", "X"))


def test_merge_never_pins_the_status_integration_failure_only_shows() -> None:
    shown = customised(T.INTEGRATION_FAILURE, put("504", "X", templates=DEFAULT))
    assert one(shown, only(T.INTEGRATION_FAILURE, put(None, "Y"), Mode.MERGE)).after == put(None, "X", "Y")
    assert one({}, only(T.INTEGRATION_FAILURE, put(None, "Y"), Mode.MERGE)).after == put(None, "Y")


@pytest.mark.parametrize("family", [{}, customised(T.DEFAULT_4XX, put("418", "X", templates=OWN))])
def test_merge_of_nothing_does_not_detach_a_type(family: Observed) -> None:
    change = one(family, only(T.THROTTLED, NOTHING, Mode.MERGE))
    assert (change.action, change.after) == (Action.NO_OP, None)


def test_merge_starts_from_what_is_inherited_when_the_policy_leaves_the_family_alone() -> None:
    family = customised(T.DEFAULT_4XX, put("418", "X", templates=OWN))
    change = one(family, only(T.THROTTLED, put(None, "Y"), Mode.MERGE))
    assert (change.action, change.after) == (Action.CREATE, put("418", "X", "Y", templates=OWN))


def test_merge_onto_what_is_inherited_already_still_customises() -> None:
    family = customised(T.DEFAULT_4XX, put(None, "X", templates=DEFAULT))
    change = one(family, only(T.THROTTLED, put(None, "X"), Mode.MERGE))
    assert (change.action, change.after) == (Action.CREATE, put(None, "X"))


@pytest.mark.parametrize(
    ("family_now", "family_rule", "after"),
    [
        ({}, Rule(settings=put("418", "X")), put("418", "X", "Y")),
        ({}, Rule(settings=put(None, "X"), mode=Mode.FILL), put(None, "X", "Y")),
        # replaced: what was inherited from the old customisation is gone
        (put("418", "Old", templates=DEFAULT), Rule(settings=put(None, "X")), put(None, "X", "Y")),
        # merged: old and new together
        (put("418", "Old", templates=OWN), Rule(settings=put(None, "X"), mode=Mode.MERGE),
         put("418", "Old", "X", "Y", templates=OWN)),
        # filled, but customised already: it stays
        (put("418", "Old", templates=DEFAULT), Rule(settings=put(None, "X"), mode=Mode.FILL),
         put("418", "Old", "Y")),
        # reset: nothing is inherited any more
        (put("418", "Old", templates=OWN), Rule(settings=None), put(None, "Y")),
    ],
)  # fmt: skip
def test_merge_starts_from_the_family_as_the_plan_leaves_it(
    family_now: Settings | dict[str, str], family_rule: Rule, after: Settings
) -> None:
    observed = customised(T.DEFAULT_4XX, family_now) if isinstance(family_now, Settings) else {}
    desired = Desired(
        rules={T.THROTTLED: Rule(settings=put(None, "Y"), mode=Mode.MERGE), T.DEFAULT_4XX: family_rule}
    )
    _, change = diff(observed, desired)
    assert (change.type, change.action, change.after) == (T.THROTTLED, Action.CREATE, after)


def test_a_family_means_its_own_half() -> None:
    observed = customised(T.DEFAULT_5XX, put("599", "X", templates=OWN))
    assert one(observed, only(T.THROTTLED, put(None, "Y"), Mode.MERGE)).after == put(None, "Y")
    server_side = one(observed, only(T.INTEGRATION_TIMEOUT, put(None, "Y"), Mode.MERGE))
    assert server_side.after == put("599", "X", "Y", templates=OWN)


def test_leaves_is_the_customisation_once_the_change_is_made() -> None:
    own = put("429", "X", templates=DEFAULT)
    observed = customised(T.THROTTLED, own)
    assert leaves(one(observed, only(T.THROTTLED, None))) is None
    assert leaves(one({}, only(T.THROTTLED, None))) is None
    assert leaves(one(observed, only(T.THROTTLED, put(None, "X")))) == own
    assert leaves(one(observed, only(T.THROTTLED, put(None, "Y")))) == put("429", "Y", templates=DEFAULT)
    assert leaves(one({}, only(T.THROTTLED, put("418"), Mode.FILL))) == put("418", templates=DEFAULT)
