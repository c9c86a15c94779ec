"""What `deploy` means: folded key by key, switched off, locked, exempt, explained, linted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import AccountId, Decision, Region, RestApi, RestApiId, Scope
from batchgw.model.deploy import NAME, Deploy, Verify
from batchgw.model.owner import OnManaged
from batchgw.policy.loader import LoadedPolicy, load_policies
from batchgw.report.views.lines.explanation import explanation_lines

TODAY = date(2026, 12, 1)
SCOPE = Scope(account=AccountId("111122223333"), region=Region("eu-west-1"))


def loaded(*texts: str) -> LoadedPolicy:
    names = [f"{n}.yaml" for n in range(len(texts))]
    return load_policies(names, texts=[f"version: 1\n{text}" for text in texts], today=TODAY)


def api(name: str = "any", **tags: str) -> RestApi:
    found = {key.replace("_", ":", 1): value for key, value in tags.items()}
    return RestApi(scope=SCOPE, id=RestApiId("a1"), name=name, tags=found)


def decided(policy: LoadedPolicy, of: RestApi) -> Decision:
    return policy.policy.rules.decide(of, None)


def deploy(policy: LoadedPolicy, of: RestApi) -> Deploy | None:
    part = decided(policy, of).variant.desired.parts.get(NAME)
    assert part is None or isinstance(part, Deploy)
    return part


def problems(*texts: str) -> Sequence[Problem]:
    try:
        return loaded(*texts).warnings
    except PolicyInvalid as invalid:
        return invalid.problems


def told(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column} {problem.rule}: {problem.message}"


RULED = """\
deploy: {stages: [prod, "blue-*"], canary: [10%, 100%], bake: 10m, on_managed: warn}
rules:
- {name: quick, match: {name: q-*}, deploy: {canary: none, verify: probe}}
- {name: off, match: {name: "*-off"}, deploy: false}
- {name: again, match: {name: q-off}, deploy: {stages: [test]}}
"""


def test_every_key_is_read() -> None:
    text = "deploy: {stages: [a], canary: [2.5%, 100%], bake: 1h30m, verify: both, verify_within: 90s,"
    assert deploy(loaded(text + " on_managed: fail}"), api()) == Deploy(
        stages=("a",),
        canary=(2.5, 100.0),
        bake=5400.0,
        verify=Verify.BOTH,
        verify_within=90.0,
        on_managed=OnManaged.FAIL,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "any",
            Deploy(stages=("prod", "blue-*"), canary=(10.0, 100.0), bake=600.0, on_managed=OnManaged.WARN),
        ),
        (
            "q-1",
            Deploy(stages=("prod", "blue-*"), bake=600.0, verify=Verify.PROBE, on_managed=OnManaged.WARN),
        ),
        ("x-off", None),
        ("q-off", Deploy(stages=("test",))),  # what was said before `false` does not come back
    ],
)
def test_later_layers_win_key_by_key(name: str, expected: Deploy | None) -> None:
    assert deploy(loaded(RULED), api(name)) == expected


def test_the_digest_knows_what_is_made_live() -> None:
    digests = {loaded(f"use: [hsts]{more}").policy.digest for more in ("", "\ndeploy: {stages: [prod]}")}
    assert len(digests) == 2


def shown(policy: LoadedPolicy, of: RestApi) -> list[str]:
    return ["".join(span.text for span in each) for each in explanation_lines(policy.explain(of))]


LOCKING = "deploy: {stages: [prod], bake: 10m}\nlocked: [deploy]"


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (
            "deploy: {stages: [test]}",
            "1.yaml:2:18 locked: 0.yaml:3:10 has locked this: `stages` of",
        ),
        ("deploy: none", "1.yaml:2:9 locked: 0.yaml:3:10 has locked this: `deploy: none` of the deployment"),
        ("deploy: {bake: 5m}", "1.yaml:2:16 locked: 0.yaml:3:10 has locked this: `bake` of the deployment"),
    ],
)
def test_what_is_locked_is_not_weakened(later: str, says: str) -> None:
    assert any(told(each).startswith(says) for each in problems(LOCKING, later))


def test_a_lock_lets_the_same_be_said_and_what_it_does_not_hold() -> None:
    found = deploy(loaded(LOCKING, "deploy: {bake: 600s, verify: probe}"), api())
    assert found == Deploy(stages=("prod",), bake=600.0, verify=Verify.PROBE)


def test_none_is_locked_as_anything_else() -> None:
    locked = "use: [hsts]\ndeploy: none\nlocked: [deploy]"
    assert [each.rule for each in problems(locked, "deploy: {stages: [test]}")] == ["locked"]
    assert deploy(loaded(locked, "deploy: none"), api()) is None


def test_a_locked_rule_locks_its_stages() -> None:
    locked = "locked: [r]\nrules: [{name: r, match: {name: a*}, deploy: {stages: [prod]}}]"
    assert [each.rule for each in problems(locked, "deploy: {stages: [test]}")] == ["locked"]
    apart = "rules: [{name: s, match: {name: b*}, deploy: {stages: [test]}}]"
    assert problems(locked, apart) == ()


EXEMPTING = "exemptions: [{match: {name: old-*}, reason: it is old, until: 2027-01-31%s}]"


def test_an_exempt_api_is_not_deployed() -> None:
    policy = loaded("deploy: {stages: [prod, b*]}\n" + EXEMPTING % "")
    assert deploy(policy, api("old-1")) is None
    (aside,) = [each for each in decided(policy, api("old-1")).set_aside if each.target.kind == NAME]
    assert (aside.target.name, aside.message) == ("prod", "it is old (until 2027-01-31)")
    assert deploy(policy, api("new-1")) is not None


def test_an_exemption_of_some_types_leaves_the_stages_as_they_are() -> None:
    policy = loaded("use: [hsts]\ndeploy: {stages: [prod]}\n" + EXEMPTING % ", types: [WAF_FILTERED]")
    assert deploy(policy, api("old-1")) == Deploy(stages=("prod",))


def test_a_tag_exempts_but_not_from_what_is_locked() -> None:
    tagged = api(batchgw_exempt="true")
    assert deploy(loaded("deploy: {stages: [prod]}"), tagged) is None
    locked = loaded("deploy: {stages: [prod], bake: 5m}\nlocked: [deploy]", "deploy: {verify: both}")
    assert deploy(locked, tagged) == Deploy(stages=("prod",), bake=300.0)
    assert "the tag batchgw:exempt does not lift what is locked of deploy" in decided(locked, tagged).notes


def test_an_exemption_of_a_later_file_is_told_that_it_does_not_lift_a_lock() -> None:
    assert "exemption-of-locked" in [each.rule for each in problems(LOCKING, EXEMPTING % "")]


def test_explain_shows_each_key_with_its_line() -> None:
    lines = shown(loaded(RULED), api("q-1"))
    at = lines.index("Stages  made live")
    assert lines[at + 1 : at + 8] == [
        "  stages: prod, blue-*  0.yaml:2:18",
        "  canary: none  0.yaml:4:54 (quick)",
        "      over 10%, 100%  0.yaml:2:44",
        "  bake: 10m  0.yaml:2:63",
        "  on_managed: warn  0.yaml:2:80",
        "  verify: probe  0.yaml:4:68 (quick)",
        "",
    ]


def test_explain_says_why_nothing_is_made_live() -> None:
    policy = loaded("deploy: {stages: [prod]}\n" + EXEMPTING % "")
    assert "Stages  exempt: it is old (until 2027-01-31)" in shown(policy, api("old-1"))
    assert policy.explain(api("old-1")).to_json()["deploy"] == {
        "state": "exempt",
        "why": "it is old (until 2027-01-31)",
        "sets": [],
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("deploy: prod", "0.yaml:2:9 schema: 'prod' is not `none`, nor a mapping with stages: write "),
        ("deploy: {stages: []}", "0.yaml:2:18 empty-list: "),
        ("deploy: {stages: prod}", "0.yaml:2:18 schema: a list is needed here, not 'prod': write "),
        ("deploy: {stage: [a]}", "0.yaml:2:10 schema: unknown key 'stage'; did you mean stages?"),
        ("deploy: {stages: [a], canary: [10%]}", "0.yaml:2:31 schema: the steps of a canary ascend"),
        ("deploy: {stages: [a], canary: [10, 100%]}", "0.yaml:2:32 schema: '10' is not a share such as 10%"),
        ("deploy: {stages: [a], bake: 10}", "0.yaml:2:29 schema: '10' is not a time such as 90s, 10m or"),
        ("deploy: {stages: [a], verify: prob}", "0.yaml:2:31 schema: 'prob' is not one of export, probe"),
        ("deploy: {stages: [a], verify_within: 0}", "0.yaml:2:38 schema: a stage is never live at once"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, says: str) -> None:
    assert any(told(each).startswith(says) for each in problems(text)), [*map(told, problems(text))]
