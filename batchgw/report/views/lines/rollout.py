"""How the rollout of a run went, as lines: each wave, and below it what its gates said and people decided."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.journal.rollout_records import GateResult, WaveState
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
        for check in report.checks:
            if check.wave == wave.number:
                result = Span(check.result.value, _RESULTS.get(check.result, "warning"))
                said = Span(f" {check.said[:SAID]}", "dim")
                yield line(f"  {timestamp(check.at)}  {check.gate}: ", result, said)
        for decision in report.decisions:
            if decision.wave == wave.number:
                reason = f": {decision.reason}" if decision.reason else ""
                yield line(f"  {timestamp(decision.at)}  {decision.verdict.value} by {decision.who}{reason}")
    yield line()
