"""Hundreds of accounts, where of each kind of fault three calls in a hundred have one. Users run asyncio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
import pytest

from batchgw.control_plane.stack import Pace
from batchgw.model import Desired, NotAttempted, Outcome, ResponseType, Rule
from batchgw.model.response_change import response_type
from batchgw.report.summary import Summary
from batchgw.simulator.traffic import fault_script
from batchgw.simulator.traffic.fault_script import parse
from benchmarks.scale.virtual_loop import VirtualLoop
from tests.scenarios.estate import DESIRED, ENVELOPE, Estate

SHARE = 0.03

THEIRS = "418"
"""The status of what somebody else customises."""

OF_ANY_CALL: tuple[object, ...] = (
    "throttle",
    {"retry_after": 2},
    {"retry_after": {"date_in": 2}},
    {"service_error": 500},
    {"service_error": 503},
    {"slow": 20},
    "no_connection",
    "cut_before",
    "cut_after",
)

OF_A_CALL_ABOUT_AN_API: tuple[object, ...] = ("expired_token", "access_denied")
"""At a listing they would leave open how many targets there are."""

OF_A_PUT: tuple[object, ...] = (
    "conflict",
    {"conflict": "permanent"},
    {"service_error": {"status": 503, "applied": True}},
    "stale_answer",
    "not_written",
    "delete_api",
    {"other_write": THEIRS},
    {"other_write": {"status": THEIRS, "then": "conflict"}},
    "limit_exceeded",
    "bad_request",
    "not_found",
    {"answer": {"body": {"message": "Sorry"}}},
)

SCRIPT: Sequence[Mapping[str, object]] = [
    *({"match": {"probability": SHARE}, "fault": fault} for fault in OF_ANY_CALL),
    *(
        {"match": {"operation": ["*GatewayResponse*"], "probability": SHARE}, "fault": fault}
        for fault in OF_A_CALL_ABOUT_AN_API
    ),
    *({"match": {"operation": "Put*", "probability": SHARE}, "fault": fault} for fault in OF_A_PUT),
]

PACE = Pace(attempts=20)
"""One attempt in five or six fails here. With eight, one run in some hundreds could not list an
account-region, and had fewer targets than the world."""

NOT_TRIED = {
    "other_account",  # gives an account-region up at once: test_wrong_account
    "endless",  # an answer over HTTP
    "drip",
}

ONE_TYPE = Desired(rules={ResponseType.DEFAULT_4XX: Rule(settings=ENVELOPE)})


def kinds(outcomes: Sequence[Outcome]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def key(outcome: Outcome) -> tuple[str, ResponseType]:
    return outcome.api.id, response_type(outcome.target)


@pytest.mark.timeout(1_200)  # for machines that have much else to do: each takes some 15 s of CPU
@pytest.mark.parametrize(
    ("accounts", "apis", "desired"),
    [(20, 25, DESIRED), (400, 3, ONE_TYPE)],
    ids=["20 accounts", "400 accounts"],
)
def test_outcomes_add_up_and_the_world_is_as_they_say(
    tmp_path: Path, accounts: int, apis: int, desired: Desired
) -> None:
    """`apis` in each of four regions. What a run could not attempt, a resume in the same weather takes up."""

    async def main() -> None:
        async with Estate(
            apis=accounts * 4 * apis, accounts=accounts, regions=4, script=SCRIPT, desired=desired, pace=PACE
        ) as estate:
            summary, outcomes = await estate.apply(tmp_path / "journal.db")
            check(estate, summary, outcomes)
            assert summary.expected == estate.expected
            assert summary.proves
            before = kinds(outcomes)
            assert set(before) >= {"Applied", "Skipped", "Failed", "NotAttempted"}

            summary, outcomes = await estate.resume(tmp_path / "journal.db")
            check(estate, summary, outcomes)
            assert summary.proves
            after = kinds(outcomes)
            assert after["NotAttempted"] + after["Failed"] < before["NotAttempted"] + before["Failed"]
            assert after["Applied"] > before["Applied"]
            assert estate.raw.engine.statistics.max_concurrent_writes == 1

    anyio.run(main, backend_options={"loop_factory": VirtualLoop})


def check(estate: Estate, summary: Summary, outcomes: Sequence[Outcome]) -> None:
    """Each target has one outcome, and the world does not contradict it.

    What was not attempted may have been changed, but by somebody else alone.
    """
    ended = Counter(outcome.api.scope for outcome in outcomes)
    share = estate.expected // len(estate.scopes)
    odd = {scope for scope in estate.scopes if ended[scope] != share}
    assert not odd, [each for each in summary.scopes if each.scope in odd]
    assert set(map(key, outcomes)) == set(estate.before)
    now = estate.customisations()
    theirs = {each for each, own in now.items() if own is not None and own.status_code == THEIRS}
    assert not estate.refute(
        [each for each in outcomes if not isinstance(each, NotAttempted) or key(each) not in theirs]
    )


def test_no_kind_of_fault_is_forgotten() -> None:
    """A new kind of fault of the simulator is tried here, or it is said why not."""
    tried = {name(fault) for fault in (*OF_ANY_CALL, *OF_A_CALL_ABOUT_AN_API, *OF_A_PUT)}
    parse(SCRIPT)
    assert tried | NOT_TRIED == set(fault_script._FAULTS)


def name(fault: object) -> str:
    return next(iter(fault)) if isinstance(fault, Mapping) else str(fault)
