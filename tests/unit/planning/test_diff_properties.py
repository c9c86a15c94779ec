"""Properties of the diff that hold for every state and every policy.

They are checked against a small model of the service that is written here, apart from the planning code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from batchgw.model import (
    DEFAULT_STATUS,
    DEFAULT_TEMPLATES,
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
from batchgw.planning.diff import diff

untimed = hypothesis_settings(deadline=None)  # a busy machine is no failure

Puts = Mapping[ResponseType, Settings]
"""The state of an API: what was last PUT to each customised type."""

T = ResponseType
TYPES = [T.DEFAULT_4XX, T.DEFAULT_5XX, T.UNAUTHORIZED, T.THROTTLED, T.INTEGRATION_FAILURE]

headers = st.dictionaries(
    st.sampled_from(["X-A", "x-a", "X-B", "X-C"]).map("gatewayresponse.header.{}".format),
    st.sampled_from(["'1'", "'2'"]),
    max_size=3,
).filter(lambda d: len({k.lower() for k in d}) == len(d))
templates = st.one_of(
    st.just(dict(DEFAULT_TEMPLATES)),
    st.dictionaries(
        st.sampled_from(["application/json", "text/plain"]), st.sampled_from(["{}", "[]"]), max_size=2
    ),
)
statuses = st.none() | st.sampled_from(["401", "418", "429", "500", "504"])
settings = st.builds(Settings, status_code=statuses, parameters=headers, templates=templates)
states = st.dictionaries(st.sampled_from(TYPES), settings)
rules = st.dictionaries(
    st.sampled_from(TYPES), st.builds(Rule, settings=st.none() | settings, mode=st.sampled_from(Mode))
)
bodies = st.builds(Settings, parameters=headers, templates=templates)


def consistent(
    rules: dict[ResponseType, Rule], unlisted: Unlisted, added: dict[ResponseType, Settings]
) -> Desired:
    """A rule of mode fill lists what is merged into the type; the other rules decide alone."""
    rules, kept = dict(rules), {}
    for t, settings in added.items():
        rule = rules.get(t)
        if rule is None:
            kept[t] = settings
        elif rule.mode is Mode.FILL and rule.settings is not None:
            kept[t] = settings
            rules[t] = replace(rule, settings=merged(rule.settings, settings))
    return Desired(rules=rules, unlisted=unlisted, wherever_customised=kept)


policies = st.builds(
    consistent,
    rules=rules,
    unlisted=st.sampled_from(Unlisted),
    added=st.just({}) | st.dictionaries(st.sampled_from(TYPES), bodies),
)


def read(puts: Puts) -> dict[ResponseType, GatewayResponse]:
    """Answer all 21 types as the service does."""
    return {t: _answer(t, puts) for t in ResponseType}


def _answer(t: ResponseType, puts: Puts) -> GatewayResponse:
    put = puts.get(t)
    if put is None and t in DEFAULT_STATUS:
        put = puts.get(T.DEFAULT_4XX if DEFAULT_STATUS[t].startswith("4") else T.DEFAULT_5XX)
    put = put or Settings()
    return GatewayResponse(
        type=t,
        settings=Settings(
            status_code=put.status_code or DEFAULT_STATUS.get(t),
            parameters=put.parameters,
            templates=put.templates or DEFAULT_TEMPLATES,
        ),
        default_response=t not in puts,
    )


def applied(puts: Puts, changes: Iterable[ResponseChange]) -> Puts:
    """Make the changes as the executor does: PUT what `after` says, or DELETE."""
    now = dict(puts)
    for change in changes:
        match change.action:
            case Action.CREATE | Action.UPDATE:
                assert change.after is not None
                now[change.type] = change.after
            case Action.RESET:
                del now[change.type]  # a KeyError would be a RESET of what is not customised
            case Action.NO_OP:
                pass
    return now


def merged(base: Settings, listed: Settings) -> Settings:
    """What is listed wins, header names compared without case, and the rest stays."""
    lower = {k.lower() for k in listed.parameters}
    kept = {k: v for k, v in base.parameters.items() if k.lower() not in lower}
    return Settings(
        status_code=listed.status_code or base.status_code,
        parameters={**kept, **listed.parameters},
        templates={**base.templates, **listed.templates},
    )


def with_added(t: ResponseType, base: Settings, state: Puts, desired: Desired) -> Settings:
    """What a rule meets: what is there, with what the policy adds where the API customised it itself."""
    added = desired.wherever_customised.get(t)
    return base if added is None or t not in state else merged(base, added)


@untimed
@given(states, policies)
def test_a_plan_made_again_after_its_changes_is_empty(state: Puts, desired: Desired) -> None:
    after = applied(state, diff(read(state), desired))
    again = diff(read(after), desired)
    assert {c.action for c in again} <= {Action.NO_OP}


@untimed
@given(states, policies)
def test_there_is_one_change_per_type_and_families_come_first(state: Puts, desired: Desired) -> None:
    """A type that no rule names is among them where the API customised it, and the policy adds to that."""
    spoken = {*desired.types, *(t for t in desired.wherever_customised if t in state)}
    assert [c.type for c in diff(read(state), desired)] == [t for t in ResponseType if t in spoken]


@untimed
@given(states, policies)
def test_what_is_not_customised_is_never_customised_unless_a_rule_says_so(
    state: Puts, desired: Desired
) -> None:
    after = applied(state, diff(read(state), desired))
    assert after.keys() - state.keys() <= desired.rules.keys()


@untimed
@given(states, policies)
def test_what_teams_customised_themselves_stays_with_what_the_policy_adds(
    state: Puts, desired: Desired
) -> None:
    """That holds for types that no rule names and nothing resets, and where mode fill leaves them alone."""
    before, after = read(state), applied(state, diff(read(state), desired))
    for t in state:
        rule = desired.rules.get(t)
        if rule.mode is Mode.FILL if rule else desired.unlisted is Unlisted.LEAVE:
            assert read(after)[t].settings == with_added(t, before[t].settings, state, desired)


@untimed
@given(states, policies)
def test_what_is_added_to_customised_types_does_not_change_what_other_rules_do(
    state: Puts, desired: Desired
) -> None:
    without = {c.type: c for c in diff(read(state), replace(desired, wherever_customised={}))}
    for change in diff(read(state), desired):
        family = change.type.family
        inherits = family in desired.wherever_customised and change.type not in state
        if change.type in without and change.type not in desired.wherever_customised and not inherits:
            assert change == without[change.type]
    if desired.unlisted is Unlisted.RESET:
        assert all(c.after is None for c in diff(read(state), desired) if c.type not in desired.rules)


@untimed
@given(states, policies)
def test_before_is_what_was_read(state: Puts, desired: Desired) -> None:
    observed = read(state)
    assert all(c.before is observed[c.type] for c in diff(observed, desired))


@untimed
@given(states, policies)
def test_an_answer_of_the_customised_types_only_gives_the_same_plan(state: Puts, desired: Desired) -> None:
    observed = read(state)
    assert diff({t: observed[t] for t in state}, desired) == diff(observed, desired)


@untimed
@given(states, states, policies)
def test_what_a_replace_writes_does_not_depend_on_what_is_there(
    state: Puts, other: Puts, desired: Desired
) -> None:
    replaced = {t for t, rule in desired.rules.items() if rule.mode is Mode.REPLACE}
    one, two = ({c.type: c.after for c in diff(read(s), desired)} for s in (state, other))
    for t in replaced:
        assert one[t] == two[t] == desired.rules[t].settings


@untimed
@given(states, policies)
def test_fill_never_touches_a_customised_type(state: Puts, desired: Desired) -> None:
    for change in diff(read(state), desired):
        rule = desired.rules.get(change.type)
        added = change.type in desired.wherever_customised
        if rule and rule.mode is Mode.FILL and change.type in state and not added:
            assert change.action is Action.NO_OP


@untimed
@given(states, policies)
def test_reset_only_where_something_is_customised_and_create_only_where_nothing_is(
    state: Puts, desired: Desired
) -> None:
    for change in diff(read(state), desired):
        if change.action is Action.RESET:
            assert change.type in state
            assert change.after is None
        if change.action in (Action.CREATE, Action.UPDATE):
            assert (change.type in state) == (change.action is Action.UPDATE)
            assert change.after is not None


@untimed
@given(states, policies)
def test_merge_keeps_every_key_it_does_not_list_and_sets_every_one_it_does(
    state: Puts, desired: Desired
) -> None:
    """What it keeps is what the type would show if the plan changed everything but this type."""
    changes = diff(read(state), desired)
    for change in changes:
        rule = desired.rules.get(change.type)
        if rule is None or rule.mode is not Mode.MERGE or rule.settings is None:
            continue
        listed = rule.settings
        base = read(applied(state, (c for c in changes if c is not change)))[change.type].settings
        result = read(applied(state, changes))[change.type].settings
        assert result == merged(base, listed)
