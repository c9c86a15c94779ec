"""How the rollout of a run went, as lines: each wave, and below it what its gates said and people decided."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.journal.rollout_records import GateCheck, GateResult, WaveDecision, WaveState
from batchgw.report.rollout.went import RolloutReport
from batchgw.report.views.text import Line, Span, Style, line
from batchgw.times import timestamp

SAID = 200
"""Characters of what a gate said; `--output json` has all."""

_STATES: dict[WaveState, Style] = {
    WaveState.PASSED: "good",
    WaveState.HELD: "warning",
    WaveState.FAILED: "error",
}
_RESULTS: dict[GateResult, Style] = {GateResult.PASS: "good", GateResult.FAIL: "error"}


def rollout_lines(report: RolloutReport) -> Iterator[Line]:
    """Render it in the order of time."""
    for wave in report.waves:
        state = Span(wave.state.value, _STATES.get(wave.state, ""))
        times = f" since {timestamp(wave.since)}, begun {timestamp(wave.began)}"
        yield line(f"wave {wave.number:<5}", state, times)
        told: list[GateCheck | WaveDecision] = [*report.decisions, *report.checks]
        for each in sorted(told, key=lambda each: each.at):
            if each.wave == wave.number:
                yield line(f"  {timestamp(each.at)}  ", *_told(each))
    yield line()


def _told(each: GateCheck | WaveDecision) -> tuple[str | Span, ...]:
    if isinstance(each, WaveDecision):
        return (f"{each.verdict.value} by {each.who}" + (f": {each.reason}" if each.reason else ""),)
    result = Span(each.result.value, _RESULTS.get(each.result, "warning"))
    return (f"{each.gate}: ", result, Span(f" {each.said[:SAID]}", "dim"))
