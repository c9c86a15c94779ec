"""Two kinds of change in one policy: what is expected, read, left uncovered, and derived again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batchgw import api
from batchgw.errors import BadRequest, PlanUnreadable
from batchgw.execution import kinds as execution_kinds
from batchgw.journal import open_journal
from batchgw.model import (
    AccountId,
    Action,
    Change,
    Desired,
    ExplicitApi,
    PlannedApi,
    Policy,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Scope,
    Selection,
    Target,
    Targets,
    UnreadApi,
)
from batchgw.model import kinds as model_kinds
from batchgw.planning import kinds as planning_kinds
from batchgw.planning.diff import diff
from batchgw.planning.estimate import Work, estimate
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.totals import PlanTotals
from batchgw.planning.variants import alike
from batchgw.report.plan_fold import PlanFold
from batchgw.report.views.forms import EVERYTHING, forms_of
from batchgw.report.views.lines.plan import PlanScreen
from batchgw.report.views.text import plain
from tests.saved_plans import with_checksum
from tests.scenarios.estate import CORS, DESIRED
from tests.scenarios.seams.shown import shown
from tests.scenarios.seams.tags import TagChange, TaggedEstate, make_known, with_tags
from tests.unit.journal_plans import listed
from tests.virtual import virtually

APIS = 8
WANTED = {"owner": "platform", "team": "payments"}
BOTH = with_tags(DESIRED, WANTED, prefix="acme:")
TARGETS = (
    *(Target(kind="response", name=name) for name in ("DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED")),
    *(Target(kind="tag", name=name) for name in WANTED),
)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(monkeypatch)


def test_the_registries_hold_the_same_kinds_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def registries() -> list[list[str]]:
        return [list(model_kinds.KINDS), list(planning_kinds.KINDS), list(execution_kinds.MAKERS)]

    assert registries() == [["response", "stage", "tag"]] * 3
    monkeypatch.undo()
    own, *others = registries()
    assert others == [own, own]
    assert all(name == kind.name for name, kind in model_kinds.KINDS.items())


def test_what_is_desired_of_a_kind_survives_json_and_is_part_of_the_digest() -> None:
    assert Desired.from_json(json.loads(json.dumps(BOTH.to_json()))) == BOTH
    digests = {Policy(desired=each).digest for each in (BOTH, DESIRED, with_tags(DESIRED, {}))}
    assert len(digests) == 3


def test_a_policy_of_responses_alone_has_the_json_and_the_digest_that_it_always_had() -> None:
    """Else plans and journals of earlier versions would be of another policy."""
    assert list(DESIRED.to_json()) == ["unlisted", "rules"]
    assert (
        Policy(desired=DESIRED).digest == "ece031af3acb659422a642340a24395f8c494a9815aef90e835aad543da43b4d"
    )


@pytest.mark.parametrize(
    "part",
    [{"tag": {"tags": {"a": 1}, "prefix": ""}}, {"tag": 7}, {"response": {}}, {"x": {}}],
    ids=["not a text", "no object", "a kind without parts", "no kind"],
)
def test_a_part_that_no_kind_can_read_is_refused(part: dict[str, object]) -> None:
    data = json.loads(json.dumps({**DESIRED.to_json(), "parts": part}))
    with pytest.raises((KeyError, TypeError, ValueError)):
        Desired.from_json(data)


def test_an_api_that_was_not_read_counts_with_the_targets_of_every_kind(tmp_path: Path) -> None:
    """Its responses could be read, its tags could not: nothing is known of the whole."""

    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            bad = next(iter(estate.tagged))
            estate.tagging.refuses[bad] = BadRequest("no tags today")
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                (unread,) = [item for item in plan.items() if isinstance(item, UnreadApi)]
                assert (unread.api.id, unread.targets) == (bad, TARGETS)
                read = [item for item in plan.items() if isinstance(item, PlannedApi)]
                assert all(tuple(change.target for change in item.changes) == TARGETS for item in read)
                assert plan.totals.total.expected == APIS * len(TARGETS)
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    summary = await api.apply(plan, plane=estate.plane, journal=journal)
                    outcomes = await listed(journal.run(summary.run).outcomes())
            assert summary.expected == len(outcomes) == APIS * len(TARGETS)
            assert summary.total.failed == len(TARGETS)
            assert summary.proves

    virtually(main)


@pytest.mark.parametrize(
    ("desired", "responses", "tags"),
    [
        (BOTH, APIS, APIS),
        (DESIRED, APIS, 0),
        (with_tags(Desired(rules={}), WANTED), 0, APIS),
        (Desired(rules={}), 0, 0),
    ],
    ids=["both", "responses alone", "tags alone", "nothing"],
)
def test_an_api_is_read_for_the_kinds_that_the_policy_speaks_of(
    desired: Desired, responses: int, tags: int
) -> None:
    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=desired) as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                assert plan.totals.total.apis == APIS
            calls = estate.raw.engine.statistics.total.calls
            assert calls == responses + len(estate.scopes)  # and one to list each
            assert len(estate.tagging.calls) == tags
            assert planning_kinds.reads(desired) == (responses + tags) // APIS
            asked = [name for name, kind in planning_kinds.KINDS.items() if kind.reads(desired)]
            compared = [name for name, kind in execution_kinds.MAKERS.items() if kind.comparer(desired)]
            assert asked == compared

    virtually(main)


def test_a_named_api_is_looked_for_even_where_nothing_is_asked_of_it() -> None:
    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=Desired(rules={})) as estate:
            there = next(iter(estate.tagged))
            selection = Selection(explicit=(ExplicitApi(id=there), ExplicitApi(id=RestApiId("nowhere"))))
            own = estate.policy.targets
            targets = Targets(accounts=own.accounts, regions=own.regions, apis=selection)
            policy = Policy(desired=estate.desired, targets=targets)
            with await api.plan(policy, plane=estate.plane) as plan:
                items = [item for item in plan.items() if isinstance(item, PlannedApi | UnreadApi)]
                found = {(type(item).__name__, item.api.id) for item in items}
            assert found == {("PlannedApi", there), ("UnreadApi", "nowhere")}

    virtually(main)


def test_an_uncovered_target_of_any_kind_is_shown_in_every_form(tmp_path: Path) -> None:
    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            with await api.plan(estate.policy, plane=estate.plane, out=tmp_path / "plan") as plan:
                stale = Target(kind="tag", name="stale")
                for item in plan.items():
                    assert isinstance(item, PlannedApi)
                    assert stale in item.uncovered
                table = await shown("table", "plan", plan)
                assert f"  stale in {APIS} APIs: acme:" in table
                assert "Not covered: some APIs have tags of their own, and those lack the prefix" in table
                assert "  Name them in the policy." in table
                gap = {"change": "tag", "target": "stale", "apis": APIS, "prefixes": ["acme:"]}
                assert gap in json.loads(await shown("json", "plan", plan))["customised"]["uncovered"]
                lines = [json.loads(line) for line in (await shown("jsonl", "plan", plan)).splitlines()]
                (customised,) = [line for line in lines if line["kind"] == "customised"]
                assert gap in customised["uncovered"]
                for subject in sorted(EVERYTHING & {"plan", "review"}):
                    for form in forms_of(subject):
                        assert await shown(form, subject, plan)

    virtually(main)


def test_a_plan_says_how_long_a_slow_operation_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 deployments at one in 5 s, with a response of each API: the total alone would take 3 minutes."""
    make_known(monkeypatch, operation="CreateDeployment")
    scope = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
    desired = with_tags(Desired(rules={ResponseType.THROTTLED: Rule(settings=CORS)}), {"deployed": "yes"})
    deployed = TagChange(key="deployed", action=Action.CREATE, before=None, after="yes")
    changes: tuple[Change, ...] = (*diff({}, desired), deployed)
    totals, fold = PlanTotals(), PlanFold(alike(desired))
    for number in range(1000):
        item = PlannedApi(api=RestApi(scope=scope, id=RestApiId(f"a{number}")), changes=changes)
        totals.add(item)
        fold.add(item)
    found = estimate(totals, Work.APPLY_SAVED, reads=planning_kinds.reads(desired))
    assert (found.scopes[scope].reads, found.scopes[scope].writes) == (2000, 2000)
    assert found.seconds == 999 * 5
    *_, last = PlanScreen(fold=fold, totals=totals, estimate=found).lines()
    assert "about 1 h 23 min at the quota" in plain(last)


def edited(path: Path, old: bytes, new: bytes) -> None:
    """Change one API of a plan, and make the checksum fit."""
    *lines, _ = path.read_bytes().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if old in line)
    lines[number] = lines[number].replace(old, new, 1)
    path.write_bytes(with_checksum(lines))


PAYMENTS = b'"after":"payments"'


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (PAYMENTS, b'"after":"mine"', "team: its `after` is not what is made of it"),
        (b'"team","action":"UPDATE"', b'"team","action":"CREATE"', "team: it has CREATE, where UPDATE"),
        (b'"target":"owner"', b'"target":"room"', "owner: it has no change, where CREATE"),
        (b'"tags":{"owner":"platform"', b'"tags":{"owner":"me"', "owner: its `after` is not"),
        (b'"tags":{"owner":"platform"', b'"tags":{"owner":7', "not understood"),
        (b'"SetTag":', b'"SetTag":1', "calls of SetTag in"),
    ],
    ids=["after", "action", "target", "what is wanted", "what cannot be wanted", "what it costs"],
)
def test_a_plan_that_was_edited_is_refused(tmp_path: Path, old: bytes, new: bytes, why: str) -> None:
    path = tmp_path / "plan"

    async def main() -> None:
        async with TaggedEstate(apis=APIS, desired=BOTH) as estate:
            (await api.plan(estate.policy, plane=estate.plane, out=path)).close()

    virtually(main)
    Plan.open(path).close()
    edited(path, old, new)
    with pytest.raises(PlanUnreadable, match=why):
        Plan.open(path)
