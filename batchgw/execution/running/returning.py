"""The way back that a run owes: its `on_failure`, or whoever aborted it, says that it is taken back.

The journal alone says what is owed, so a run that dies before it went back goes back when it is resumed.
"""

from __future__ import annotations

from dataclasses import replace

from batchgw.control_plane.stack import PacedControlPlane
from batchgw.errors import BatchgwError, JournalWriteFailed
from batchgw.execution.reading.taking_back import Meant, plan_back
from batchgw.execution.running.making import Terms
from batchgw.execution.running.run import apply_plan, ended_run
from batchgw.journal import Journal, RunRecord
from batchgw.journal.records import ABORTED
from batchgw.journal.rollout_records import Verdict, WaveRecord, WaveState
from batchgw.model import OnStale
from batchgw.model.rollout.limits import OnFailure
from batchgw.report.summary import Summary


async def owed(journal: Journal, record: RunRecord) -> Meant | None:
    """Say what of a run is still to be taken back by itself; None for nothing."""
    failed = await _failed_wave(journal, record)
    if failed is None or record.rollout is None:
        return None  # no gate and no budget has ended it
    if any(child.ends_parent and child.planned for child in await journal.children(record.id)):
        return None
    on_failure = record.rollout.on_failure
    verdict = await _verdict(journal, record, failed)
    if verdict is Verdict.ABORT or (verdict is not Verdict.ROLLBACK and on_failure is OnFailure.STOP):
        return None
    wave_alone = verdict is not Verdict.ROLLBACK and on_failure is OnFailure.ROLLBACK_WAVE
    return Meant(wave=failed.number if wave_alone else None)


async def owing(typed: str, journal: Journal) -> Summary | None:
    """Give the summary of a run that has only its way back left; None for any other.

    `typed` as in `api.resume`. Raises as that does, also for such a run that another process works on.
    """
    record = await journal.find_unfinished(typed)
    failed = await _failed_wave(journal, record)
    if failed is None or await owed(journal, record) is None:
        return None
    await ended_run(journal, record.id)
    run = journal.run(record.id)
    return await Summary.of_run(run, verb=record.verb, elapsed=0.0, halted=failed.said)


async def followed(summary: Summary, paced: PacedControlPlane, journal: Journal, terms: Terms) -> Summary:
    """Do what is to follow on a run that has ended early: take it back, or end it for good.

    It goes back by a run of its own, whose summary is in that of the first. Neither a deadline nor a window
    holds that up. Where it cannot begin, the summary says why: a resume of the first run tries again.
    """
    if summary.halted is None:
        return summary
    record = await journal.find(summary.run)
    failed = await _failed_wave(journal, record)
    meant = await owed(journal, record)
    if paced.stop.requested:
        left = (
            "" if meant is None else f". It is still to be taken back: `batchgw resume {record.id}` does that"
        )
        return replace(summary, halted=f"{summary.halted}{left}", stopped=True)
    if meant is None:
        if failed is not None and await _verdict(journal, record, failed) is Verdict.ABORT:
            await journal.run(record.id).close(ABORTED, summary.halted)
            return await _anew(summary, journal)
        return summary
    try:
        back = await _taken_back(record, meant, paced, journal, terms)
    except JournalWriteFailed:
        raise
    except BatchgwError as error:
        again = f"`batchgw resume {record.id}` tries again"
        why = f"{summary.halted}. It could not be taken back ({error}): {again}"
        return replace(summary, halted=why, stopped=paced.stop.requested)
    return replace(await _anew(summary, journal), taken_back=back, stopped=paced.stop.requested)


async def _taken_back(
    record: RunRecord, meant: Meant, paced: PacedControlPlane, journal: Journal, terms: Terms
) -> Summary:
    conduct = replace(terms.conduct, stop_after=None, deadline=None)
    with await plan_back(record, meant, paced, journal, options=record.options) as plan:
        return await apply_plan(
            plan,
            paced,
            journal,
            replace(terms, schedule=None, conduct=conduct),
            recheck=None,
            on_stale=OnStale.REFUSE,
            verb="rollback",
            options=record.options,
        )


async def _failed_wave(journal: Journal, record: RunRecord) -> WaveRecord | None:
    """Give the wave that has ended a run, if one has."""
    waves = await journal.run(record.id).waves()
    return waves[-1] if waves and waves[-1].state is WaveState.FAILED else None


async def _verdict(journal: Journal, record: RunRecord, wave: WaveRecord) -> Verdict | None:
    """Give what a person has decided about a wave last, if anybody has."""
    decisions = await journal.run(record.id).decisions()
    return next((each.verdict for each in reversed(decisions) if each.wave == wave.number), None)


async def _anew(summary: Summary, journal: Journal) -> Summary:
    """Sum up a run again, after what is left of it was skipped."""
    now = await Summary.of_run(journal.run(summary.run), verb=summary.verb, elapsed=summary.elapsed)
    return replace(now, halted=summary.halted, seen_live=summary.seen_live)
