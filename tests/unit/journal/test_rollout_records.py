"""How far a rollout is, what its gates said and what people decided: the same from every process."""

from __future__ import annotations

import pytest

from batchgw.journal import Journal, NewRun
from batchgw.journal.rollout_records import GateResult, Verdict, WaveState
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from tests.unit.journal.conftest import Opening
from tests.unit.journal_plans import HERE, NEW_RUN, THERE, api, create, listed, planned

pytestmark = pytest.mark.anyio

ROLLOUT = Rollout(waves=(Wave(size=Amount(count=1)), Wave(rest=True)), bake=60.0)


def rolled_out() -> NewRun:
    return NewRun(
        verb=NEW_RUN.verb,
        policy_source=NEW_RUN.policy_source,
        policy_digest=NEW_RUN.policy_digest,
        desired=NEW_RUN.desired,
        rollout=ROLLOUT,
    )


async def test_a_wave_is_worked_on_by_itself(journal: Journal) -> None:
    run = await journal.begin(rolled_out())
    async with run.importing() as plan:
        await plan.add(planned(1, create()), wave=1)
        await plan.add(planned(2, create()), wave=2)
        await plan.add(planned(3, create(), scope=THERE), wave=2)
    assert (await journal.find(run.id)).rollout == ROLLOUT
    assert [(each.api, each.wave) for each in await run.pending(HERE, wave=1)] == [(api(1), 1)]
    assert [each.api for each in await run.pending(HERE, wave=2)] == [api(2)]
    assert len(await run.pending(HERE)) == 2
    counts = await listed(run.scope_counts(wave=2))
    assert {each.scope: each.tally.undecided for each in counts} == {HERE: 1, THERE: 1}
    counts = await listed(run.scope_counts(wave=1))
    assert {each.scope: each.tally.undecided for each in counts} == {HERE: 1, THERE: 0}


async def test_what_one_process_writes_of_a_wave_another_reads(journal: Journal, another: Opening) -> None:
    run = await journal.begin(rolled_out())
    await run.set_wave(1, WaveState.WRITING)
    await run.set_wave(1, WaveState.HELD, said="prompt: a person decides")
    await run.note_check(1, "prompt", GateResult.INCONCLUSIVE, said="a person decides")
    async with another() as other:
        theirs = other.run(run.id)
        (wave,) = await theirs.waves()
        assert (wave.number, wave.state, wave.said) == (1, WaveState.HELD, "prompt: a person decides")
        assert wave.began <= wave.since
        await theirs.decide(1, Verdict.PROMOTE, who="ada\x00", reason="seen \ud800")
    (decision,) = await run.decisions()
    assert (decision.wave, decision.verdict) == (1, Verdict.PROMOTE)
    assert (decision.who, decision.reason) == ("ada\x00", "seen \ud800")
    (check,) = await run.checks()
    assert (check.gate, check.result) == ("prompt", GateResult.INCONCLUSIVE)
