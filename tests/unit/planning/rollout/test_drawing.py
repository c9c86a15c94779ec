"""Who goes in which wave: worked out by hand, and what holds whatever the candidates are."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.model import Account, AccountId, OuPattern, Region, RestApiId, Scope
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave, WaveOrder
from batchgw.planning.rollout.drawing import Candidate, Drawing
from batchgw.planning.rollout.waves import WaveReader, Waves

REST = Wave(rest=True)
REGIONS = ("eu-west-1", "us-east-1")


def size(text: str) -> Wave:
    if text.endswith("%"):
        return Wave(size=Amount(percent=float(text[:-1])))
    return Wave(size=Amount(count=int(text)))


def scope(account: int, region: str = "eu-west-1") -> Scope:
    return Scope(account=AccountId(f"{account:012d}"), region=Region(region))


def candidate(number: int, account: int = 1, region: str = "eu-west-1", **more: object) -> Candidate:
    return Candidate(scope=scope(account, region), api=RestApiId(f"api{number}"), **more)  # type: ignore[arg-type]


def draw(rollout: Rollout, candidates: list[Candidate]) -> Waves:
    drawing = Drawing(rollout)
    for each in candidates:
        drawing.add(each)
    return drawing.draw()


def rollout(*waves: Wave, **more: object) -> Rollout:
    return Rollout(waves=waves, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sizes", "apis", "expected"),
    [
        # 5 % of 40 is 2, one of which the first wave has; 25 % is 10
        (["1", "5%", "25%"], 40, (1, 1, 8, 30)),
        (["1%", "50%"], 250, (3, 122, 125)),  # 2.5, rounded up
        (["1", "5%"], 10, (1, 1, 8)),  # 5 % of 10 is 1, which is taken: at least one more
        (["7%"], 100, (7, 93)),
        (["10"], 4, (4, 0)),
        (["100%"], 3, (3, 0)),
    ],
)
def test_sizes_are_cumulative_and_rounded_up(sizes: list[str], apis: int, expected: tuple[int, ...]) -> None:
    drawn = draw(rollout(*map(size, sizes), REST), [candidate(n) for n in range(apis)])
    assert drawn.apis == expected


def test_an_api_is_in_the_first_wave_that_takes_it() -> None:
    staging = Account(id=AccountId("1" * 12), name="pay-staging", ou=("Staging", "Pay"))
    prod = Account(id=AccountId("2" * 12), name="pay-prod", ou=("Prod",))
    found = draw(
        rollout(
            Wave(ou=OuPattern.parse("/Staging/**")),
            Wave(tags={"tier": "t*"}),
            Wave(accounts=("*-prod", f"{3:012d}")),
            Wave(stages=("test", "dev-*")),
            REST,
        ),
        [
            Candidate(scope=scope(1), api=RestApiId("a"), account=staging, tags={"tier": "test"}),
            Candidate(scope=scope(2), api=RestApiId("b"), account=prod, tags={"tier": "test"}),
            Candidate(scope=scope(2), api=RestApiId("c"), account=prod, tags={"tier": "prod"}),
            Candidate(scope=scope(3), api=RestApiId("d")),
            Candidate(scope=scope(4), api=RestApiId("e"), stages=("test", "dev-1")),
            Candidate(scope=scope(4), api=RestApiId("f"), stages=("test", "prod")),
            Candidate(scope=scope(4), api=RestApiId("g")),
        ],
    )
    ids = [[api for apis in members.values() for api in apis] for _, _, members in found]
    assert ids == [["a"], ["b"], ["c", "d"], ["e"], ["f", "g"]]
    assert found.of_scope(scope(4)) == {"e": 4, "f": 5, "g": 5}


def test_spread_takes_one_of_each_account_before_a_second_of_any() -> None:
    fleet = [candidate(n, account, region) for n in range(3) for account in range(9) for region in REGIONS]
    drawn = draw(rollout(size("9"), size("18"), REST), fleet)
    (_, _, first), (_, _, second), _ = drawn
    assert (
        {each.account for each in first}
        == {each.account for each in second}
        == {s.scope.account for s in fleet}
    )
    assert {each.region for each in first} == {*REGIONS}  # of nine accounts, not all begin in one region
    assert not set(first) & set(second)  # the second API of an account is of its other region


@pytest.mark.parametrize(("order", "of"), [(WaveOrder.ACCOUNTS, "account"), (WaveOrder.REGIONS, "region")])
def test_accounts_and_regions_go_one_after_the_other(order: WaveOrder, of: str) -> None:
    fleet = [candidate(n, account, region) for n in range(3) for account in range(2) for region in REGIONS]
    first = draw(rollout(size("50%"), REST, order=order), fleet).members[0]
    assert len({getattr(each, of) for each in first}) == 1


def test_regions_that_are_listed_come_first() -> None:
    fleet = [candidate(n, 1, region) for n in range(3) for region in (*REGIONS, "ap-south-1")]
    order = tuple(map(Region, ("us-east-1", "ap-south-1")))
    drawn = draw(rollout(size("3"), size("6"), REST, order=WaveOrder.REGIONS, regions=order), fleet)
    assert [[each.region for each in members] for members in drawn.members] == [
        ["us-east-1"],
        ["ap-south-1"],
        ["eu-west-1"],
    ]


def test_another_seed_draws_others() -> None:
    fleet = [candidate(n, n % 7) for n in range(70)]
    firsts = {str(draw(rollout(size("5"), REST, seed=seed), fleet).members[0]) for seed in "abcd"}
    assert len(firsts) > 1


def test_an_empty_wave_is_told_unless_it_may_be_empty() -> None:
    gone = Wave(ou=OuPattern.parse("/Gone"))
    one = [candidate(1)]
    assert draw(rollout(gone, REST), one).fault == (
        "wave 1 (ou /Gone) takes none of the 1 API that have something to change or to make live, so whatever"
        " was to be seen there first is not seen. Correct the waves of the policy, or write"
        " `allow_empty: true` where that is all right."
    )
    assert "waves 1 (ou /Gone), 3 (rest) take" in (draw(rollout(gone, size("1"), REST), one).fault or "")
    may = Wave(ou=OuPattern.parse("/Gone"), allow_empty=True)
    assert draw(rollout(may, REST), one).fault is None
    assert draw(rollout(gone, REST), []).fault is None  # there is nothing to roll out


FLEETS = st.lists(
    st.builds(candidate, st.integers(0, 30), st.integers(1, 4), st.sampled_from(REGIONS)),
    unique_by=lambda each: (each.scope, each.api),
    max_size=40,
)
WAVES = st.lists(
    st.sampled_from([size("1"), size("5%"), size("30%"), Wave(accounts=(f"{2:012d}",))]), max_size=4
)


@settings(max_examples=40, deadline=None)
@given(FLEETS, WAVES, st.sampled_from(WaveOrder), st.randoms())
def test_each_api_is_in_one_wave_in_whatever_order_they_come(
    fleet: list[Candidate], waves: list[Wave], order: WaveOrder, random: object
) -> None:
    of = rollout(*waves, REST, order=order)
    drawn = draw(of, fleet)
    found = [(scope, api) for members in drawn.members for scope, apis in members.items() for api in apis]
    assert sorted(found, key=str) == sorted(((each.scope, each.api) for each in fleet), key=str)
    shuffled = list(fleet)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert draw(of, shuffled) == drawn


def test_its_lines_bring_the_same_waves_back() -> None:
    of = rollout(size("1"), size("5%"), REST)
    drawn = draw(of, [candidate(n, n % 3) for n in range(60)])
    reader = WaveReader(of)
    for each in json.loads(json.dumps(list(drawn.lines()))):
        reader.read(each)
    read = reader.waves()
    assert [{s: list(apis) for s, apis in m.items()} for m in read.members] == list(drawn.members)


@pytest.mark.parametrize("line", [{"wave": 0}, {"wave": 3}, {"apis": [1]}, {"account": 7}])
def test_a_line_that_cannot_be_is_refused(line: dict[str, object]) -> None:
    right = {"kind": "wave", "wave": 1, "account": "1" * 12, "region": "eu-west-1", "apis": ["a"]}
    with pytest.raises((TypeError, ValueError)):
        WaveReader(rollout(size("1"), REST)).read({**right, **line})  # type: ignore[dict-item]


def test_a_second_line_of_a_wave_and_scope_is_refused() -> None:
    reader = WaveReader(rollout(REST))
    line = {"kind": "wave", "wave": 1, "account": "1" * 12, "region": "eu-west-1", "apis": ["a"]}
    reader.read(line)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="wave 1 has 111111111111/eu-west-1 twice"):
        reader.read(line)  # type: ignore[arg-type]


def test_many_candidates_take_little_memory() -> None:
    """25,000 take a tenth of what 250,000 do, which must be well under 100 MB."""
    scopes = [scope(account, region) for account in range(50) for region in REGIONS]
    tracemalloc.start()
    drawing = Drawing(rollout(size("1"), size("5%"), REST))
    for number in range(25_000):
        drawing.add(Candidate(scope=scopes[number % 100], api=RestApiId(f"{number:010d}")))
    assert sum(drawing.draw().apis) == 25_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8e6
