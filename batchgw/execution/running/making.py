"""The middle of a run: its changes are made, wave by wave where it has waves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from batchgw.concurrency.clock import Moment
from batchgw.concurrency.time_slices import TimeSlices
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.execution.rollout.conduct import Conduct
from batchgw.execution.rollout.waves import Waves
from batchgw.execution.schedule import Schedule
from batchgw.execution.session import phase
from batchgw.execution.writing.executor import Executor
from batchgw.execution.writing.recorder import Recorder
from batchgw.journal import JournalRun, LiveMemory, RunState, ScopeCounts
from batchgw.model import Region, Scope
from batchgw.model.deployment.seen_live import LiveTimes, SeenLive
from batchgw.model.rollout.rollout import Rollout
from batchgw.report.summary import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a run is carried out, whether it is new or resumed; `api.apply` says what each means.

    `live` is None for the journal's own memory.
    """

    force_lock: bool
    take_over_dead: bool
    trusted: float
    schedule: Schedule | None
    data_plane: DataPlane | None = None
    ship_pending: bool = False
    live: LiveMemory | None = None
    conduct: Conduct = field(default_factory=Conduct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run whose plan is in the journal has still to do, and what is known of the world.

    Attributes:
        run: the run, in the journal.
        verb: what the user has asked for.
        terms: those of the verb.
        read_first: scopes in which each API is read before it is written; see `Executor`.
        read_at: when the APIs were read to which the journal's changes belong, at the earliest.
        live: remembers what deployments answer with.
        rollout: its waves; None for a run that has none.
        expected: targets that must end in an outcome, per scope, where the journal does not say it.
    """

    run: JournalRun
    live: LiveMemory
    verb: str
    terms: Terms
    rollout: Rollout | None
    read_first: Collection[Scope]
    read_at: Moment
    expected: Mapping[Scope, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is to be said of the making of a run's changes.

    Attributes:
        halted: why the rollout ended early, if it did.
        held_back: whether something was kept from beginning.
        seen_live: which stages were seen to be live.
    """

    halted: str | None
    held_back: bool
    seen_live: SeenLive


async def make_changes(job: Job, paced: PacedControlPlane) -> Made:
    """Make the changes, wave by wave where there are waves."""
    counts = await counted(job.run)
    slices = TimeSlices()
    for each in counts:
        if each.tally.left:
            paced.expect(each.scope, each.tally.left)  # makes the scope's limiter
            await slices.yield_if_due()
    await slices.yield_now()
    await job.run.set_state(RunState.APPLYING)
    await slices.yield_now()
    await job.run.sync()  # before the first write
    making = _Making(job, paced, counts)
    if job.rollout is None:
        await making.wave(None, job.terms.schedule)
        return making.made(None)
    waves = Waves(
        job.rollout,
        job.run,
        plane=paced,
        conduct=job.terms.conduct,
        here=await _here(job, paced, counts),
        data_plane=job.terms.data_plane,
        make=making.wave,
        count=lambda wave: counted(job.run, wave=wave),
    )
    halt = await waves.run()
    return making.made(None if halt is None else str(halt.why))


class _Making:
    """Makes what is left of a run, or of one wave of it."""

    def __init__(self, job: Job, paced: PacedControlPlane, counts: Sequence[ScopeCounts]) -> None:
        self._job = job
        self._paced = paced
        self._found_in = {each.scope for each in counts if each.tally.applied}
        self._held_back = False
        self._seen = LiveTimes()

    def made(self, halted: str | None) -> Made:
        """Give what is to be said of it."""
        return Made(halted=halted, held_back=self._held_back, seen_live=self._seen.total())

    async def wave(self, number: int | None, schedule: Schedule | None) -> None:
        """Make what is left of a wave; of all the run for None. Raises JournalWriteFailed."""
        job, paced = self._job, self._paced
        counts = await counted(job.run, wave=number)
        undecided = {each.scope: each.tally.left for each in counts if each.tally.left}
        if not undecided and number is not None:
            return
        executor = Executor(
            paced,
            job.run,
            Recorder(job.run, observer=paced.observer, stop=paced.stop, rate=paced.rate),
            read_first=job.read_first,
            found_in=frozenset(self._found_in),
            read_at=job.read_at,
            trusted=job.terms.trusted,
            schedule=schedule,
            live=job.live,
            seen=self._seen,
            data_plane=job.terms.data_plane,
            ship_pending=job.terms.ship_pending,
            wave=number,
        )
        with phase(
            paced.observer, job.run.id, "apply", tuple(undecided), undecided, by_kind=_left_by_kind(counts)
        ):
            await executor.run(tuple(undecided))
        self._found_in |= set(undecided)
        self._held_back = self._held_back or executor.held_back


def _left_by_kind(counts: Sequence[ScopeCounts]) -> dict[str, dict[Scope, int]]:
    """Part what is left by its kind. A kind of which nothing is left is there, too."""
    found: dict[str, dict[Scope, int]] = {}
    for each in counts:
        for kind, tally in each.by_kind.items():
            left = found.setdefault(kind, {})
            if tally.left:
                left[each.scope] = tally.left
    return found


async def _here(job: Job, paced: PacedControlPlane, counts: Sequence[ScopeCounts]) -> Scope:
    """Say where alarms and calendars are that are named without an ARN: in the account of the base keys."""
    home = job.terms.conduct.home or min((each.scope.region for each in counts), default=Region("us-east-1"))
    return Scope(account=await paced.current_account(), region=home)
