"""By requests to a stage, each on a path that no route matches: API Gateway answers these itself.

What it answers with is its MISSING_AUTHENTICATION_TOKEN response (recorded). Where no such answer can come,
the stage is not probeable, for a reason of `execution.probeable`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from math import ceil, log
from typing import Final

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.data_plane import DataPlane, ProbeRequest
from batchgw.errors import ProbeFailed
from batchgw.execution.probeable import ERROR_TYPE, GREEDY, UNSAID, closed, refusal
from batchgw.execution.verifying.pauses import NOT_LIVE, NOT_SEEN, NotLive, looks
from batchgw.model import RestApi
from batchgw.model.deploy import ALL_TRAFFIC
from batchgw.planning.deployment.answer import PlannedAnswer, differences
from batchgw.planning.deployment.unrouted import unrouted

PAUSE: Final = 0.5
"""Seconds between the first two probes. They cost no quota, and measure how long a change takes."""

LONGEST: Final = 2.0
"""Seconds of the longest pause between two probes: sixty in two minutes."""

SHORTEST: Final = 0.1
"""Seconds between two probes of a canary, at least: ten in a second show little in its metrics."""

MISSED: Final = 1e-4
"""How improbable it is that a canary got none of the probes sent in half of the time that they may take."""


@dataclass(frozen=True, slots=True)
class NotProbeable:
    """Why no probe can tell whether a stage is live: a reason of `execution.probeable`."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one probe has shown.

    Attributes:
        differing: in what the answer is not as planned.
        refused: why no gateway response came that could be compared; empty where one came.
        failed: why no answer came.
    """

    differing: tuple[str, ...] = ()
    refused: str = ""
    failed: ProbeFailed | None = None

    @property
    def as_planned(self) -> bool:
        """Whether the stage answered as planned."""
        return not (self.differing or self.refused or self.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Asks a stage. `planned` is what it must answer."""

    data_plane: DataPlane
    request: ProbeRequest
    planned: PlannedAnswer

    async def look(self) -> Look:
        """Ask once."""
        try:
            answer = await self.data_plane.get(self.request)
        except ProbeFailed as error:
            return Look(failed=error)
        if ERROR_TYPE not in self.planned.headers and (why := refusal(answer)):
            return Look(refused=why)
        return Look(differing=differences(self.planned, answer))

    async def last_look(self, *, within: float, stop: StopSignal, share: float = ALL_TRAFFIC) -> Look:
        """Ask until the stage answers as planned, or refuses, for `within` seconds; give the last look.

        `share` is that of `until_planned`. Raises Stopped.
        """
        pause, longest, look = PAUSE, LONGEST, Look()
        if share < ALL_TRAFFIC:
            pause = longest = _canary_pause(share, within)
        async with aclosing(looks(within, stop, pause=pause, longest=longest)) as trying:
            async for _ in trying:
                look = await self.look()
                if look.as_planned or look.refused:
                    break
        return look

    async def until_planned(
        self, *, within: float, stop: StopSignal, share: float = ALL_TRAFFIC
    ) -> NotLive | NotProbeable | None:
        """Ask until the stage answers as planned, for `within` seconds; say why it does not count as live.

        `share` is the part of the requests, in per cent, that a canary gets: one answer of it will do. Raises
        Stopped.
        """
        look = await self.last_look(within=within, stop=stop, share=share)
        if look.as_planned:
            return None
        if look.refused:
            return NotProbeable(look.refused)
        stage = self.request.stage
        if look.failed is not None:
            return NotLive(
                code=NOT_SEEN,
                message=f"stage {stage} gave no answer within {within:g} s: {look.failed.message}",
            )
        where = "" if share == ALL_TRAFFIC else f" from its canary, which gets {share:g} % of the requests,"
        return NotLive(
            code=NOT_LIVE,
            message=f"stage {stage} was not seen to answer as planned{where} within {within:g} s "
            f"({'; '.join(look.differing)}). See what it answers, and raise `verify_within` under `deploy` "
            "if the change only takes longer",
        )


def probe_of(
    api: RestApi,
    stage: str,
    routes: Iterable[str],
    planned: PlannedAnswer | None,
    data_plane: DataPlane,
) -> Probe | NotProbeable:
    """Make the probe of a stage, as far as it is known that its answer can tell something.

    `routes` are the paths of what it serves, `planned` what it must answer with; None where the plan does
    not tell that.
    """
    if (why := closed(api)) is not None:
        return NotProbeable(why)
    if planned is None:
        return NotProbeable(UNSAID)
    path = unrouted(routes)
    if path is None:
        return NotProbeable(GREEDY)
    return Probe(
        data_plane=data_plane,
        request=ProbeRequest(api=api, stage=stage, path=path),
        planned=planned,
    )


def _canary_pause(share: float, within: float) -> float:
    """Give the seconds between probes so that a canary gets one of them nearly for certain."""
    needed = ceil(log(MISSED) / log(1 - share / ALL_TRAFFIC))
    return min(max(within / (2 * needed), SHORTEST), LONGEST)
