"""A verb joins the session of a paced control plane, also of one that stands in a wrapper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from batchgw import api
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.interface import ControlPlane, Execution, Request, T
from batchgw.control_plane.readonly import ReadOnlyControlPlane, WriteRefused
from batchgw.control_plane.stack import Pace, PacedControlPlane
from batchgw.errors import Starved, Stopped, UsageError
from batchgw.events import CallSent, Event
from batchgw.execution.session import session
from batchgw.journal import open_journal
from batchgw.model import AccountId
from tests.scenarios.estate import Estate
from tests.virtual import virtually


class Counting:
    """A wrapper that shares no class with the package's own."""

    def __init__(self, inner: ControlPlane) -> None:
        self.inner = inner
        self.calls = 0

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        self.calls += 1
        return await self.inner.send(request, execution)

    async def current_account(self) -> AccountId:
        return await self.inner.current_account()


Wrap = Callable[[ControlPlane], ControlPlane]
WRAPS: list[Wrap] = [ReadOnlyControlPlane, Counting, lambda plane: Counting(ReadOnlyControlPlane(plane))]


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_wrapped_plane_brings_its_limiters_its_stop_and_its_observer(wrap: Wrap) -> None:
    async def main() -> None:
        told: list[Event] = []

        class Tells:
            def notify(self, event: Event) -> None:
                told.append(event)

        async with Estate() as estate:
            paced = estate.plane
            (await api.plan(estate.policy, plane=wrap(paced), observer=Tells())).close()
            calls = sum(isinstance(event, CallSent) for event in told)
            assert calls > estate.apis
            counted = sum(learned.sent for learned in paced.learned())
            assert counted == calls, "one pacer has let each call leave, and no other has held it up"
            with session(wrap(paced), None, None, None) as joined:
                assert (joined.stop, joined.state, joined.pace) == (paced.stop, paced.state, paced.pace)
            estate.stop.request()
            with pytest.raises(Stopped):
                await api.plan(estate.policy, plane=wrap(paced))

    virtually(main)


def test_calls_go_through_the_wrapper(tmp_path: Path) -> None:
    async def main() -> None:
        async with Estate() as estate:
            counting = Counting(estate.plane)
            with await api.plan(estate.policy, plane=counting) as plan:
                assert counting.calls > estate.apis
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    with pytest.raises(WriteRefused):
                        await api.apply(plan, plane=ReadOnlyControlPlane(estate.plane), journal=journal)
                    assert estate.customisations() == estate.before
                    summary = await api.apply(plan, plane=counting, journal=journal, recheck=False)
                assert summary.exit_code == 0

    virtually(main)


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_pace_or_a_stop_comes_too_late_for_it(wrap: Wrap) -> None:
    async def main() -> None:
        async with Estate() as estate:
            for pace, stop in ((Pace(rate=5), None), (None, StopSignal())):
                with (
                    pytest.raises(UsageError, match="paced already"),
                    session(wrap(estate.plane), pace, None, stop),
                ):
                    pass

    virtually(main)


def test_a_wrapper_around_a_bare_plane_is_paced() -> None:
    async def main() -> None:
        async with Estate() as estate:
            stop = StopSignal()
            with session(ReadOnlyControlPlane(estate.raw), Pace(rate=5), None, stop) as paced:
                assert isinstance(paced, PacedControlPlane)
                assert (paced.stop, paced.pace.rate) == (stop, 5)

    virtually(main)


def test_a_scope_that_was_given_up_is_tried_again_by_the_next_verb() -> None:
    async def main() -> None:
        async with Estate() as estate:
            scope = estate.scopes[0]
            estate.plane.state.given_up.add(scope, Starved("nothing was let through"))
            assert estate.plane.why_given_up(scope) is not None
            with session(ReadOnlyControlPlane(estate.plane), None, None, None) as paced:
                assert paced.why_given_up(scope) is None

    virtually(main)
