"""How one stage is seen to be live: as the policy says, or by the export where it is not probeable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import anyio

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.operations import DeploymentId
from batchgw.errors import UsageError
from batchgw.execution.looking import Looking
from batchgw.execution.probeable import ALIKE
from batchgw.execution.verifying.export import by_export, from_planned, from_recorded
from batchgw.execution.verifying.pauses import NotLive
from batchgw.execution.verifying.probe import NotProbeable, Probe, probe_of
from batchgw.model import RestApi
from batchgw.model.deploy import Verify
from batchgw.model.deployment.stage_change import StageMove
from batchgw.planning.deployment.answer import PlannedAnswer
from batchgw.planning.deployment.live import LiveDigests


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an API's stages must answer with.

    Attributes:
        digests: by response type.
        answer: what a path without a route is answered with; None where the plan does not tell it.
        routes: the paths that the stages will serve; none where no probe is asked for.
    """

    digests: LiveDigests
    answer: PlannedAnswer | None = None
    routes: Iterable[str] = ()


@dataclass(slots=True, kw_only=True)
class Verification:
    """Sees that a stage is live.

    Attributes:
        probe: the requests to the stage; None where the policy asks for none.
        seen_at: when the stage was first seen to answer as planned, by the clock of the event loop.
    """

    api: RestApi
    stage: str
    deployment: DeploymentId
    digests: LiveDigests
    move: StageMove
    looking: Looking
    stop: StopSignal
    probe: Probe | NotProbeable | None
    seen_at: float | None = None

    @property
    def by(self) -> Verify:
        """By what it is seen: by the export where the stage is not probeable."""
        return self.move.verify if isinstance(self.probe, Probe) else Verify.EXPORT

    @property
    def not_probeable(self) -> str:
        """Why it is not seen by a probe that was asked for; empty where it is."""
        return self.probe.why if isinstance(self.probe, NotProbeable) else ""

    async def before(self) -> None:
        """Ask a stage that is not moved yet. One that answers as planned already would tell nothing later."""
        if isinstance(self.probe, Probe):
            look = await self.probe.look()
            if why := ALIKE if look.as_planned else look.refused:
                self.probe = NotProbeable(why)

    async def of_canary(self, share: float) -> NotLive | None:
        """See that a canary answers as planned, unless no probe can tell. Raises Stopped."""
        return await self._probed(share)

    async def live(self) -> NotLive | None:
        """See that the stage is live; say why it does not count so.

        Raises a `CallError` for a denial of the export and for what ends the scope, and Stopped.
        """
        not_live = await self._probed()
        if not_live is None and self.by is not Verify.PROBE:
            not_live = await by_export(
                self.api,
                self.stage,
                self.deployment,
                from_planned(self.digests) if self.move.back is None else from_recorded(self.move),
                looking=self.looking,
                within=self.move.verify_within,
                stop=self.stop,
            )
        if not_live is None and self.seen_at is None:
            self.seen_at = anyio.current_time()
        return not_live

    async def _probed(self, share: float | None = None) -> NotLive | None:
        """Probe until the stage answers as planned, unless it is found not to be probeable."""
        if not isinstance(self.probe, Probe):
            return None
        within = self.move.verify_within
        if share is None:
            found = await self.probe.until_planned(within=within, stop=self.stop)
        else:
            found = await self.probe.until_planned(within=within, stop=self.stop, share=share)
        if isinstance(found, NotProbeable):
            self.probe = found
            return None
        if found is None and share is None:
            self.seen_at = anyio.current_time()
        return found


def verification(
    api: RestApi,
    stage: str,
    to: DeploymentId,
    move: StageMove,
    expected: Expected,
    *,
    looking: Looking,
    stop: StopSignal,
    data_plane: DataPlane | None,
) -> Verification:
    """Make what sees that a stage is live. Raises UsageError without the data plane that a probe needs."""
    probe: Probe | NotProbeable | None = None
    if move.verify is not Verify.EXPORT:
        if data_plane is None:
            raise no_data_plane()
        probe = probe_of(api, stage, expected.routes, expected.answer, data_plane)
    return Verification(
        api=api,
        stage=stage,
        deployment=to,
        digests=expected.digests,
        move=move,
        looking=looking,
        stop=stop,
        probe=probe,
    )


def no_data_plane(
    asks: str = "the policy says `verify: probe` or `verify: both` under `deploy`",
    instead: str = "say `verify: export`",
) -> UsageError:
    """Make the error of what `asks` for probes, where nothing can send them; `instead` goes without them."""
    return UsageError(
        f"{asks}, and there is no data plane to ask: name the stages of an emulator with --data-plane-url "
        "(in Python give `data_plane`, such as what `batchgw.open_data_plane()` opens), or "
        f"{instead}"
    )
