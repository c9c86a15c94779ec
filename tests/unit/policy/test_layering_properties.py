"""What holds for any layers: their order counts alone, later ones win, locks hold, exemptions are exact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from batchgw.errors import PolicyInvalid
from batchgw.model import Desired, GatewayResponse, Mode, ResponseType, RestApi, Rule, Settings
from batchgw.model.inheritance import effective, shown
from batchgw.planning.diff import diff
from batchgw.policy.loader import LoadedPolicy, load_policies
from tests.unit.policy.test_rulebook import api

T = ResponseType
TYPES = ["DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED", "ACCESS_DENIED", "WAF_FILTERED"]
TODAY = date(2026, 11, 30)
APIS = [api(name, tags=tags) for name in ("a", "b") for tags in ({}, {"t": "1"}, {"t": "2"})]

Spec = dict[str, Any]

MODES = st.sampled_from(["replace", "merge", "fill"])
VALUES = st.sampled_from(["1", "2"])
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "headers": st.dictionaries(st.sampled_from(["X-A", "x-a", "X-B"]), VALUES, min_size=1, max_size=1),
        "templates": st.dictionaries(st.sampled_from(["text/plain", "text/html"]), VALUES, min_size=1),
    },
)
RESPONSES = st.builds(
    lambda body, more: body | more,
    BODIES,
    st.fixed_dictionaries({}, optional={"status": st.sampled_from(["429", "430"]), "mode": MODES}),
)
USES = st.one_of(
    st.builds(lambda age: {"preset": "hsts", "max_age": age}, st.integers(1, 2)),
    st.builds(
        lambda age, types: {"preset": "hsts", "max_age": age, "types": types},
        st.integers(1, 2),
        st.lists(st.sampled_from([*TYPES, "customised"]), min_size=1, max_size=2, unique=True),
    ),
    st.sampled_from([{"preset": name} for name in ("no-cache", "error-envelope", "no-internals")]),
    st.builds(lambda message: {"preset": "no-internals", "message": message}, VALUES),
)
LAYER: Mapping[str, st.SearchStrategy[Any]] = {
    "mode": MODES,
    "unlisted": st.sampled_from(["leave", "reset"]),
    "responses": st.dictionaries(
        st.sampled_from(TYPES), st.one_of(st.just("default"), RESPONSES), min_size=1, max_size=2
    ),
    "wherever_customised": BODIES,
    "use": st.lists(USES, min_size=1, max_size=2),
}
TOPS = st.fixed_dictionaries({}, optional=dict(LAYER))
MATCHES = st.sampled_from([{"name": "a"}, {"name": "b"}, {"tags": {"t": "1"}}, {"tags": {"t": "*"}}])
RULES = st.builds(lambda top, match: top | {"match": match}, TOPS, MATCHES)
FILES = st.builds(lambda top, rules: top | {"rules": rules}, TOPS, st.lists(RULES, max_size=2))

SOME = settings(
    max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)


def load(*files: Spec) -> LoadedPolicy:
    """Load policy files; rules get names of their own."""
    names = iter(range(100))
    texts = []
    for file in files:
        rules = [{"name": f"r{next(names)}", **rule} for rule in file.get("rules", [])]
        texts.append(json.dumps({"version": 1, **file, "rules": rules}))
    return load_policies([f"{n}.json" for n in range(len(files))], texts=texts, today=TODAY)


def accepted(*files: Spec) -> LoadedPolicy:
    """The same, and no example where they are refused."""
    try:
        return load(*files)
    except PolicyInvalid:
        assume(False)  # noqa: FBT003 - hypothesis
        raise


def decided(policy: LoadedPolicy) -> list[Desired]:
    return [policy.policy.rules.decide(of, None).variant.desired for of in APIS]


def joined(first: Spec, second: Spec) -> Spec:
    """Write two files as one: the second's top is a rule about every API, and its rules follow."""
    top = {key: value for key, value in second.items() if key != "rules"}
    return first | {"rules": [*first["rules"], top | {"match": {"name": "*"}}, *second["rules"]]}


@given(first=FILES, second=FILES, third=FILES)
@SOME
def test_files_one_after_the_other_are_all_at_once(first: Spec, second: Spec, third: Spec) -> None:
    """Layering is associative: it does not matter which files are joined first."""
    at_once = decided(accepted(first, second, third))
    assert decided(load(joined(first, second), third)) == at_once
    assert decided(load(first, joined(second, third))) == at_once
    assert decided(load(joined(joined(first, second), third))) == at_once
    assert decided(load(joined(first, joined(second, third)))) == at_once


@given(first=FILES, second=FILES, type_=st.sampled_from(TYPES), mode=MODES)
@SOME
def test_the_last_layer_wins(first: Spec, second: Spec, type_: str, mode: str) -> None:
    """What it says of a header, a template, a status and a mode is what every API gets."""
    last = {
        "responses": {
            type_: {"mode": mode, "status": "444", "headers": {"X-a": "9"}, "templates": {"text/plain": "9"}}
        },
        "unlisted": "leave",
    }
    for found in decided(accepted(first, second, last)):
        rule = found.rules[T(type_)]
        assert rule.settings is not None
        assert (rule.mode.value, rule.settings.status_code) == (mode, "444")
        headers = {key.lower(): value for key, value in rule.settings.parameters.items()}
        assert headers["gatewayresponse.header.x-a"] == "'9'"
        assert rule.settings.templates["text/plain"] == "9"
        assert found.unlisted.value == "leave"


@given(first=FILES, second=FILES)
@SOME
def test_a_layer_that_says_nothing_changes_nothing(first: Spec, second: Spec) -> None:
    nothing: Spec = {"rules": []}
    assert decided(accepted(first, second)) == decided(accepted(first, nothing, second))


LOCKABLE = ["hsts", "no-cache", "error-envelope", "no-internals", *TYPES]


@st.composite
def locking_files(draw: st.DrawFn) -> Spec:
    """A file without rules that locks something that it says."""
    file = draw(TOPS)
    said = [use["preset"] for use in file.get("use", [])] + [*file.get("responses", {})]
    assume(said)
    return file | {"rules": [], "locked": draw(st.lists(st.sampled_from(said), min_size=1, unique=True))}


OBSERVED = st.dictionaries(
    st.sampled_from(TYPES),
    st.builds(
        lambda value, status: Settings(
            status_code=status,
            parameters={"gatewayresponse.header.X-Own": f"'{value}'", "gatewayresponse.header.X-A": "'0'"},
            templates={"text/plain": value, "application/json": f'"{value}"'},
        ),
        VALUES,
        st.sampled_from(["418", None]),
    ),
)


def after(observed: Mapping[str, Settings], desired: Desired) -> dict[ResponseType, Settings | None]:
    """What an API has customised once the changes are made that a policy asks for."""
    had = {
        T(t): GatewayResponse(type=T(t), settings=effective(T(t), own), default_response=False)
        for t, own in observed.items()
    }
    seen = {t: shown(t, had) for t in T}
    left: dict[ResponseType, Settings | None] = {t: had[t].settings if t in had else None for t in T}
    for change in diff(seen, desired):
        left[change.type] = None if change.after is None else effective(change.type, change.after)
    return left


def holds(locked: Settings, in_effect: Settings | None) -> bool:
    if in_effect is None:
        return locked == Settings()  # without a locked key there is nothing to hold
    headers = {key.lower(): value for key, value in in_effect.parameters.items()}
    return (
        all(headers.get(key.lower()) == value for key, value in locked.parameters.items())
        and all(_shows(text, in_effect.templates.get(kind)) for kind, text in locked.templates.items())
        and locked.status_code in (None, in_effect.status_code)
    )


def _shows(locked: str, in_effect: str | None) -> bool:
    """A locked message may be wrapped by a later layer, which must not show the service's in its place."""
    if in_effect == locked:
        return True
    wraps = locked.startswith('{"message":"') and "$context.error.message" not in locked
    return wraps and in_effect is not None and "$context.error.message" not in in_effect


TAGS = {"batchgw:exempt": "true"}


@given(first=locking_files(), second=FILES, third=FILES, observed=OBSERVED, exempt=st.booleans())
@SOME
def test_what_is_locked_is_never_weakened(
    first: Spec,
    second: Spec,
    third: Spec,
    observed: dict[str, Settings],
    exempt: bool,  # noqa: FBT001
) -> None:
    """Whatever later files say, and whatever an API has and is tagged with, it gets what is locked.

    That is what an API gets that is exempt, where the locking file is all there is: the locked part alone.
    """
    locking = accepted(first)
    policy = accepted(first, second, third)
    for of in APIS:
        tagged = api(of.name, tags={**of.tags, **TAGS})
        only = locking.policy.rules.decide(tagged, None).variant.desired
        found = policy.policy.rules.decide(tagged if exempt else of, None).variant.desired
        ends = after(observed, found)
        for type_, rule in only.rules.items():
            if rule.settings is None:
                if rule.mode is Mode.REPLACE:
                    assert ends[type_] is None
            elif rule.mode is not Mode.FILL or type_.value not in observed:
                assert holds(rule.settings, ends[type_]), type_
        for type_, added in only.wherever_customised.items():
            if ends[type_] is not None:
                assert holds(added, ends[type_]), type_


@given(first=FILES, second=FILES, types=st.lists(st.sampled_from(TYPES), min_size=1, unique=True))
@SOME
def test_an_exemption_takes_exactly_its_types(first: Spec, second: Spec, types: list[str]) -> None:
    """Of them nothing is said, and of all others what was said before."""
    whole = accepted(first, second)
    exemption = {"match": {"name": "a"}, "types": types, "reason": "r", "until": "2027-01-31"}
    exempting = accepted(first, second | {"exemptions": [exemption]})
    for of in APIS:
        before = whole.policy.rules.decide(of, None).variant.desired
        decision = exempting.policy.rules.decide(of, None)
        found = decision.variant.desired
        if of.name != "a":
            assert (found, decision.set_aside) == (before, ())
            continue
        exempt = set(map(T, types))
        assert found.left_alone == exempt
        assert not exempt & {*found.types, *found.wherever_customised}
        assert {each.target.name for each in decision.set_aside} == {
            t.value for t in before.types if t in exempt
        }
        assert set(found.types) == set(before.types) - exempt
        for type_ in set(T) - exempt:
            assert found.wherever_customised.get(type_) == before.wherever_customised.get(type_)
            unnamed = Rule(settings=None) if type_ in before.types else None
            assert found.rules.get(type_, unnamed) == before.rules.get(type_, unnamed)


def test_the_apis_of_these_tests_differ_for_every_selector() -> None:
    """Each selector matches some of them, and not all."""
    for match in ({"name": "a"}, {"name": "b"}, {"tags": {"t": "1"}}, {"tags": {"t": "*"}}):
        policy = load({"use": ["cors"], "rules": [{"match": match, "use": ["hsts"]}]})
        matched = {bool(policy.policy.rules.decide(of, None).variant.rules) for of in APIS}
        assert matched == {True, False}
    assert isinstance(APIS[0], RestApi)
