"""Plots of a section: bars of its rows, calls over time against the quota, and what was queueing.

They are drawn from what is kept in the section's JSON alone: `series["bars"]`, keys of columns, and
`series["traces"]` (see `traces`). The same JSON gives the same files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from benchmarks.harness.results import RESULTS, Row, Section, cell

BARS, RATE, QUEUE = "bars", "rate", "queue"
KINDS: Mapping[str, str] = {
    BARS: "rows side by side",
    RATE: "calls per second over time, refused ones in orange, against the quota",
    QUEUE: "what is still to do, and what is under way, over time",
}

OURS, OTHERS, REFUSED, QUOTA = "#0072B2", "#8C9AA6", "#D55E00", "#000000"  # Okabe and Ito's, and a grey
QUEUES = {
    "left": "puts still to make",
    "waiting": "calls waiting for their turn",
    "in_flight": "calls in flight",
}
POINTS = 240
"""Bins drawn per trace at most: a plot is a few hundred pixels wide."""

CLIP = 5.0
"""Times the quota: what is sent faster is cut off, and its height written beside it."""

COLUMNS = 3
"""Traces side by side."""

SETTINGS = {
    "svg.hashsalt": "batchgw",  # the same plot is the same file
    "svg.fonttype": "path",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
}


def kinds(section: Section) -> tuple[str, ...]:
    """Which plots a section has."""
    found = []
    if _bar_columns(section):
        found.append(BARS)
    traces = _traces(section)
    if traces:
        found.append(RATE)
    if any(queue in trace for trace in traces for queue in QUEUES):
        found.append(QUEUE)
    return tuple(found)


def file_name(section: Section, kind: str, form: str) -> str:
    """The name of a plot's file; `form` is svg or png."""
    return f"{section.name}.{kind}.{form}"


def draw(section: Section, folder: Path = RESULTS) -> list[Path]:
    """Draw every plot of a section, as SVG and as PNG."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second, and only whoever draws needs it

    painters: Mapping[str, Callable[[Section], Any]] = {BARS: _bars, RATE: _rates, QUEUE: _queues}
    paths = []
    with mpl.rc_context(cast("Any", SETTINGS)):
        for kind in kinds(section):
            figure = painters[kind](section)
            for form, nothing in (("svg", {"Date": None}), ("png", {"Software": None})):
                path = folder / file_name(section, kind, form)
                figure.savefig(path, dpi=110, metadata=nothing)
                paths.append(path)
    return paths


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    return Figure(figsize=(width, height), layout="constrained")


def _bar_columns(section: Section) -> list[str]:
    wanted = cast("Sequence[str]", section.series.get("bars", ()))
    return [key for key in wanted if any(_number(row, key) is not None for row in section.rows)]


def _traces(section: Section) -> list[dict[str, Any]]:
    return list(cast("Sequence[dict[str, Any]]", section.series.get("traces", ())))


def _number(row: Row, key: str) -> float | None:
    value = row.values.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _colour(label: str) -> str:
    return OURS if label.startswith("batchgw") else OTHERS


def _bars(section: Section) -> Any:
    """A panel for each column, a bar for each row; the goal is a dotted line."""
    keys = _bar_columns(section)
    rows = [row for row in section.rows if row.skipped is None]
    columns = {column.key: column for column in section.columns}
    figure = _figure(2.6 + 2.4 * len(keys), 0.9 + 0.26 * len(rows))
    panels = figure.subplots(1, len(keys), sharey=True, squeeze=False)[0]
    for key, panel in zip(keys, panels, strict=True):
        values = [_number(row, key) for row in rows]
        most = max((value for value in values if value is not None), default=0.0) or 1.0
        panel.barh(
            range(len(rows)), [value or 0.0 for value in values], color=[_colour(r.name) for r in rows]
        )
        for place, (row, value) in enumerate(zip(rows, values, strict=True)):
            text = cell(row.values.get(key), columns[key]) + (" failed" if row.failed else "")
            panel.text((value or 0.0) + most * 0.02, place, text, va="center", fontsize=7)
        for goal in sorted({row.goals[key] for row in rows if key in row.goals}):
            panel.axvline(goal, color=QUOTA, linestyle=":", linewidth=0.9)
        panel.set_xlim(0, most * 1.28)
        panel.set_title(columns[key].label)
    panels[0].set_yticks(range(len(rows)), [row.name for row in rows])
    panels[0].invert_yaxis()
    return figure


def _rates(section: Section) -> Any:
    """A panel for each trace: what was sent, what of it was refused, and the quota."""
    traces = _traces(section)
    lines = math.ceil(len(traces) / COLUMNS)
    figure = _figure(3.1 * min(COLUMNS, len(traces)) + 0.4, 0.7 + 1.35 * lines)
    panels = figure.subplots(lines, min(COLUMNS, len(traces)), squeeze=False).flat
    for panel, trace in zip(panels, traces, strict=False):
        edges, sent = _thinned(trace, "sent", lambda values: sum(values) / len(values))
        _, refused = _thinned(trace, "refused", lambda values: sum(values) / len(values))
        top = max(rate for _, rate in trace["quota"]) if trace["quota"] else max(sent, default=1.0)
        panel.stairs(sent, edges, fill=True, color=_colour(str(trace["label"])))
        panel.stairs(refused, edges, fill=True, color=REFUSED)
        _quota(panel, trace["quota"], edges[-1])
        most = max(sent, default=0.0)
        panel.set_ylim(0, max(min(most, CLIP * top), 1.4 * top) * 1.05)
        panel.set_xlim(0, edges[-1])
        if most > CLIP * top:
            panel.text(0.99, 0.95, f"up to {most:,.0f}/s", transform=panel.transAxes, ha="right", va="top")
        panel.set_title(str(trace["label"]))
    for panel in list(panels)[len(traces) :]:
        panel.set_axis_off()
    for panel in list(figure.axes)[len(traces) :]:
        panel.set_axis_off()
    figure.supxlabel("seconds since the first call", fontsize=8)
    figure.supylabel("calls/s (orange: refused; dashed: quota)", fontsize=8)
    return figure


def _quota(panel: Any, quota: Sequence[Sequence[float]], end: float) -> None:
    times = [point[0] for point in quota] + [end]
    rates = [point[1] for point in quota]
    if rates:
        panel.step(times, [*rates, rates[-1]], where="post", color=QUOTA, linestyle="--", linewidth=0.9)


def _queues(section: Section) -> Any:
    """A panel for each queue, a line for each trace."""
    traces = _traces(section)
    seen = [queue for queue in QUEUES if any(queue in trace for trace in traces)]
    figure = _figure(4.6 * len(seen), 2.9 + 0.14 * math.ceil(len(traces) / 2))
    panels = figure.subplots(1, len(seen), squeeze=False)[0]
    for queue, panel in zip(seen, panels, strict=True):
        for number, trace in enumerate(traces):
            if queue in trace:
                edges, values = _thinned(trace, queue, max)
                ours = str(trace["label"]).startswith("batchgw")
                panel.plot(
                    edges[1:],
                    values,
                    label=str(trace["label"]),
                    color=OURS if ours else f"C{number % 10}",
                    linestyle="-" if number < 10 else ":",
                    linewidth=2.0 if ours else 0.9,
                    zorder=3 if ours else 2,
                )
        panel.set_title(QUEUES[queue])
        panel.set_xlabel("seconds since the first call")
        panel.set_ylim(bottom=0)
        panel.set_xlim(left=0)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(3, len(labels)), frameon=False)
    return figure


def _thinned(
    trace: Mapping[str, Any], key: str, fold: Callable[[Sequence[float]], float]
) -> tuple[list[float], list[float]]:
    """Edges and values of at most `POINTS` bins: neighbours are folded into one."""
    times, values = list(trace["t"]), list(trace[key])
    step = float(trace.get("step", 1.0))
    width = max(1, math.ceil(len(values) / POINTS))
    starts = range(0, len(values), width)
    edges = [float(times[start]) for start in starts] + [float(times[-1]) + step]
    return edges, [float(fold(values[start : start + width])) for start in starts]
