"""The figures of matplotlib: bars of a section's rows, its calls per second, and its queues."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, cast

from benchmarks.harness.results import Row, Section, cell

OURS, OTHERS, REFUSED, QUOTA = "#0072B2", "#8C9AA6", "#D55E00", "#000000"  # Okabe and Ito's, and a grey
QUEUES = {
    "left": "puts still to make",
    "waiting": "calls waiting to be sent",
    "in_flight": "calls in flight",
}
POINTS = 240
"""The most bins of one trace: a panel is a few hundred pixels wide."""

ALL_POINTS = 600
"""The most bins of all traces: each takes about 60 bytes of SVG."""

CLIP = 5.0
"""Times the quota. Higher bars are cut off, and their height is written beside them."""

TIME = "ratio"
"""The column that means nothing if not all puts were made. Then its bar is hatched."""

WIDTH = 9.2
"""Inches: wide enough for the legend of many traces."""

LONG_LABEL = 42
"""Characters: with longer labels a legend has two columns, not three."""

COLUMNS = 3
"""Panels in a row."""


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure  # noqa: PLC0415 - matplotlib takes half a second, and is needed only to draw

    return Figure(figsize=(width, height), layout="constrained")


def bar_columns(section: Section) -> list[str]:
    """The keys of the columns that have bars: those with a number in some row."""
    keys = cast("Sequence[str]", section.series.get("bars", ()))
    return [key for key in keys if any(_number(row, key) is not None for row in section.rows)]


def traces(section: Section) -> list[dict[str, Any]]:
    """The section's traces, if it has any."""
    return list(cast("Sequence[dict[str, Any]]", section.series.get("traces", ())))


def _number(row: Row, key: str) -> float | None:
    value = row.values.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _complete(row: Row) -> bool:
    """Whether all puts were made, as far as the row says."""
    return row.failed is None and not any(_number(row, key) for key in ("given_up", "wrong"))


def _colours(labels: Sequence[str]) -> list[str]:
    """Batchgw has its own colour. Without other contestants every row has it."""
    ours = [label.startswith("batchgw") for label in labels]
    return [OURS if own or not any(ours) else OTHERS for own in ours]


def bars(section: Section) -> Any:
    """A panel for each column, a bar for each row; goals are dotted lines."""
    keys = bar_columns(section)
    rows = [row for row in section.rows if row.skipped is None]
    columns = {column.key: column for column in section.columns}
    colours = _colours([row.name for row in rows])
    figure = _figure(2.6 + 2.4 * len(keys), 0.9 + 0.26 * len(rows))
    panels = figure.subplots(1, len(keys), sharey=True, squeeze=False)[0]
    for key, panel in zip(keys, panels, strict=True):
        values = [_number(row, key) for row in rows]
        most = max((value for value in values if value is not None), default=0.0) or 1.0
        for number, (row, value) in enumerate(zip(rows, values, strict=True)):
            incomplete = key == TIME and not _complete(row)
            panel.barh(
                number,
                value or 0.0,
                color="white" if incomplete else colours[number],
                edgecolor=colours[number],
                hatch="////" if incomplete else None,
            )
            text = cell(row.values.get(key), columns[key]) + (" failed" if row.failed else "")
            text += ", not all made" if incomplete else ""
            panel.text((value or 0.0) + most * 0.02, number, text, va="center", fontsize=7)
        for goal in sorted({row.goals[key] for row in rows if key in row.goals}):
            panel.axvline(goal, color=QUOTA, linestyle=":", linewidth=0.9)
        panel.set_xlim(0, most * 1.3)
        panel.set_title(columns[key].label)
    panels[0].set_yticks(range(len(rows)), [row.name for row in rows])
    panels[0].invert_yaxis()
    return figure


def rates(section: Section) -> Any:
    """A panel for each trace: what was sent, what of it was refused, and the quota."""
    of_section = traces(section)
    lines, bins = math.ceil(len(of_section) / COLUMNS), _bins(of_section)
    figure = _figure(3.1 * min(COLUMNS, len(of_section)) + 0.4, 0.7 + 1.35 * lines)
    panels = list(figure.subplots(lines, min(COLUMNS, len(of_section)), squeeze=False).flat)
    colours = _colours([str(trace["label"]) for trace in of_section])
    for panel, trace, colour in zip(panels, of_section, colours, strict=False):
        edges, sent = _thinned(trace, "sent", fmean, bins)
        _, refused = _thinned(trace, "refused", fmean, bins)
        top = max(rate for _, rate in trace["quota"]) if trace["quota"] else max(sent, default=1.0)
        panel.stairs(sent, edges, fill=True, color=colour)
        panel.stairs(refused, edges, fill=True, color=REFUSED)
        _quota(panel, trace["quota"], edges[-1])
        most = max(sent, default=0.0)
        panel.set_ylim(0, max(min(most, CLIP * top), 1.4 * top) * 1.05)
        panel.set_xlim(0, edges[-1])
        if most > CLIP * top:
            panel.text(0.99, 0.95, f"up to {most:,.0f}/s", transform=panel.transAxes, ha="right", va="top")
        panel.set_title(str(trace["label"]))
    for panel in panels[len(of_section) :]:
        panel.set_axis_off()
    figure.supxlabel("seconds since the first call", fontsize=8)
    figure.supylabel("calls/s (orange: refused; dashed: quota)", fontsize=8)
    return figure


def _quota(panel: Any, quota: Sequence[Sequence[float]], end: float) -> None:
    times = [point[0] for point in quota] + [end]
    rates = [point[1] for point in quota]
    if rates:
        panel.step(times, [*rates, rates[-1]], where="post", color=QUOTA, linestyle="--", linewidth=0.9)


def queues(section: Section) -> Any:
    """A panel for each queue, a line for each trace."""
    of_section = traces(section)
    bins = _bins(of_section)
    seen = [queue for queue in QUEUES if any(queue in trace for trace in of_section)]
    figure = _figure(max(WIDTH, 4.6 * len(seen)), 2.9 + 0.14 * math.ceil(len(of_section) / 2))
    panels = figure.subplots(1, len(seen), squeeze=False)[0]
    for queue, panel in zip(seen, panels, strict=True):
        for number, trace in enumerate(of_section):
            if queue in trace:
                edges, values = _thinned(trace, queue, max, bins)
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
    across = 3 if max(map(len, labels), default=0) <= LONG_LABEL else 2
    figure.legend(handles, labels, loc="outside lower center", ncols=across, frameon=False)
    return figure


def _bins(traces: Sequence[object]) -> int:
    """How many bins each of the traces may have."""
    return min(POINTS, ALL_POINTS // len(traces))


def _thinned(
    trace: Mapping[str, Any], key: str, fold: Callable[[Sequence[float]], float], bins: int
) -> tuple[list[float], list[float]]:
    """Edges and values of at most this many bins: adjacent ones are folded into one."""
    times, values = list(trace["t"]), list(trace[key])
    step = float(trace.get("step", 1.0))
    width = max(1, math.ceil(len(values) / bins))
    starts = range(0, len(values), width)
    edges = [float(times[start]) for start in starts] + [float(times[-1]) + step]
    return edges, [float(fold(values[start : start + width])) for start in starts]
