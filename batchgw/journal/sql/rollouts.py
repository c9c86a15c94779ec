"""How the rollouts of runs stand. The tables `waves`, `gate_checks` and `decisions`."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import insert, select, update

from batchgw.journal.rollout_records import (
    GateCheck,
    GateResult,
    Verdict,
    WaveDecision,
    WaveRecord,
    WaveState,
)
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.tables.schema import decisions, gate_checks, waves


class Rollouts:
    """The three tables. What they hold of a run is small, and written a few times in each wave."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def waves(self, run: int) -> list[WaveRecord]:
        """Give the waves that have begun."""
        with self._database.read() as connection:
            rows = connection.execute(select(waves).where(waves.c.run_id == run).order_by(waves.c.number))
            return [
                WaveRecord(
                    number=row.number,
                    state=WaveState(row.state),
                    began=row.began,
                    since=row.since,
                    said=row.said,
                )
                for row in rows
            ]

    def set_wave(self, run: int, number: int, state: WaveState, said: str) -> None:
        """Bring a wave into a state."""
        of_wave = (waves.c.run_id == run) & (waves.c.number == number)
        new = {"state": state.value, "since": self._clock(), "said": said}
        with self._database.write() as connection:
            if not connection.execute(update(waves).where(of_wave).values(new)).rowcount:
                connection.execute(insert(waves).values(run_id=run, number=number, began=new["since"], **new))

    def note_check(self, run: int, wave: int, gate: str, result: GateResult, said: str) -> None:
        """Keep what became of a gate."""
        row = {"run_id": run, "wave": wave, "gate": gate, "result": result.value, "said": said}
        with self._database.write() as connection:
            connection.execute(insert(gate_checks).values(**row, at=self._clock()))

    def checks(self, run: int) -> list[GateCheck]:
        """Give all that was asked of gates."""
        found = select(gate_checks).where(gate_checks.c.run_id == run).order_by(gate_checks.c.id)
        with self._database.read() as connection:
            return [
                GateCheck(
                    wave=row.wave, gate=row.gate, result=GateResult(row.result), at=row.at, said=row.said
                )
                for row in connection.execute(found)
            ]

    def decide(self, run: int, wave: int, verdict: Verdict, who: str, reason: str) -> None:
        """Answer for a wave."""
        row = {"run_id": run, "wave": wave, "verdict": verdict.value, "who": who, "reason": reason}
        with self._database.write() as connection:
            connection.execute(insert(decisions).values(**row, at=self._clock()))

    def decisions(self, run: int) -> list[WaveDecision]:
        """Give what people have decided."""
        found = select(decisions).where(decisions.c.run_id == run).order_by(decisions.c.id)
        with self._database.read() as connection:
            return [
                WaveDecision(
                    wave=row.wave, verdict=Verdict(row.verdict), at=row.at, who=row.who, reason=row.reason
                )
                for row in connection.execute(found)
            ]
