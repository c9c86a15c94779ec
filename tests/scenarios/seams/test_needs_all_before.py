"""A kind of change that needs all changes before it is never made of an API that is half configured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from batchgw.control_plane.stack import Pace
from batchgw.execution.writing.writer import BEFORE_NOT_MADE, IN_DOUBT
from batchgw.model import (
    Applied,
    Failed,
    NotAttempted,
    Outcome,
    ResponseType,
    RestApiId,
)
from batchgw.simulator.operations.apigateway import gateway_responses
from batchgw.simulator.traffic.fault_script import parse
from tests.scenarios.estate import DESIRED
from tests.scenarios.seams.tags import SetTag, TaggedEstate, make_known, with_tags
from tests.virtual import virtually

APIS = 6
BOTH = with_tags(DESIRED, {"deployed": "yes"})
REFUSED: Sequence[Mapping[str, object]] = [
    {"match": {"operation": "PutGatewayResponse", "type": "DEFAULT_5XX", "first": 2}, "fault": "bad_request"}
]
UNANSWERED: Sequence[Mapping[str, object]] = [
    {
        "match": {"operation": ["PutGatewayResponse", "GetGatewayResponse"], "type": "DEFAULT_5XX"},
        "fault": "service_error",
    }
]


def estate(script: Sequence[Mapping[str, object]]) -> TaggedEstate:
    return TaggedEstate(apis=APIS, accounts=1, regions=1, desired=BOTH, script=script, pace=Pace(attempts=2))


def of_tags(outcomes: Iterable[Outcome]) -> dict[RestApiId, Outcome]:
    return {outcome.api.id: outcome for outcome in outcomes if outcome.target.kind == "tag"}


def failed_apis(outcomes: Iterable[Outcome]) -> set[RestApiId]:
    return {outcome.api.id for outcome in outcomes if isinstance(outcome, Failed)}


def written(estate: TaggedEstate) -> set[RestApiId]:
    return {call.api for call in estate.tagging.calls if isinstance(call, SetTag)}


@pytest.mark.parametrize("needs", [True, False])
def test_after_a_failed_change_only_what_needs_none_before_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, needs: bool
) -> None:
    make_known(monkeypatch, needs_all_before=needs)

    async def main() -> None:
        async with estate(REFUSED) as world:
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            failed, of = failed_apis(outcomes), of_tags(outcomes)
            assert len(failed) == 2
            assert summary.proves
            assert (summary.exit_code, summary.left) == (1, 2 if needs else 0)
            assert written(world) == (of.keys() - failed if needs else of.keys())
            for id_, outcome in of.items():
                if needs and id_ in failed:
                    assert isinstance(outcome, NotAttempted)
                    assert outcome.code == BEFORE_NOT_MADE
                    assert "the response type DEFAULT_5XX was not brought to plan" in outcome.message
                else:
                    assert isinstance(outcome, Applied)

    virtually(main)


def test_a_resume_makes_it_where_what_had_failed_is_as_planned_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is not, the change is not made either, however often the run is resumed."""
    make_known(monkeypatch, needs_all_before=True)

    async def main() -> None:
        async with estate(REFUSED) as world:
            _, outcomes = await world.apply(tmp_path / "journal.db")
            mended, broken = sorted(failed_apis(outcomes))
            wanted = DESIRED.rules[ResponseType.DEFAULT_5XX].settings
            assert wanted is not None
            (apis,) = world.world.scopes()
            gateway_responses.put(apis, mended, ResponseType.DEFAULT_5XX, wanted)  # somebody makes it by hand
            for _ in range(2):
                summary, outcomes = await world.resume(tmp_path / "journal.db")
                of = of_tags(outcomes)
                assert isinstance(of[mended], Applied)
                left = of[broken]
                assert isinstance(left, NotAttempted)
                assert left.code == BEFORE_NOT_MADE
                assert (summary.exit_code, summary.left, summary.proves) == (1, 1, True)
            assert world.tagged[mended]["deployed"] == "yes"
            assert "deployed" not in world.tagged[broken]

    virtually(main)


def test_a_change_in_doubt_is_not_built_upon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resume reads what came of it, and then makes the rest."""
    make_known(monkeypatch, needs_all_before=True)

    async def main() -> None:
        async with estate(UNANSWERED) as world:
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            left = [outcome for outcome in outcomes if isinstance(outcome, NotAttempted)]
            doubtful = {outcome.api.id for outcome in left if outcome.code == IN_DOUBT}
            without = {outcome.api.id for outcome in left if outcome.code == BEFORE_NOT_MADE}
            assert doubtful
            assert doubtful == without == world.tagged.keys() - written(world)
            assert (summary.exit_code, summary.left) == (4, len(left))
            assert len(left) == len(doubtful) + len(without)
            world.raw.engine.faults = parse([])
            summary, outcomes = await world.resume(tmp_path / "journal.db")
            assert (summary.exit_code, summary.left) == (0, 0)
            assert all(isinstance(outcome, Applied) for outcome in of_tags(outcomes).values())
            assert written(world) == doubtful  # in this session

    virtually(main)
