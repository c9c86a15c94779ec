"""Plots of a section: bars of its rows, calls over time with the quota, and queues over time.

They are drawn from the section's JSON alone: `series["bars"]` (keys of columns) and `series["traces"]` (see
`over_http.traces`). The same JSON gives the same files.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from benchmarks.harness import figures
from benchmarks.harness.figures import QUEUES
from benchmarks.harness.results import RESULTS, Section

BARS, RATE, QUEUE = "bars", "rate", "queue"
KINDS: Mapping[str, str] = {
    BARS: "rows side by side",
    RATE: "calls per second over time (refused ones in orange) and the quota",
    QUEUE: "calls waiting or in flight, and puts left, over time",
}

_LONG_FRACTION = re.compile(r"(?<=[ML\d] )(-?\d+\.\d\d)\d+")
"""Digits of an SVG coordinate below a hundredth of a point. They are half of the file and cannot be seen."""

_SAME_HEIGHT = re.compile(r"([ML] [-\d.]+ ([-\d.]+) ?)(?:\nL [-\d.]+ \2 ?)+(?=\nL [-\d.]+ \2 ?\n)")
"""Points of a line between two others of the same height: steps have many of them."""

SETTINGS = {
    "svg.hashsalt": "batchgw",  # the same plot is the same file
    "svg.fonttype": "none",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
}


def kinds(section: Section) -> tuple[str, ...]:
    """The kinds of plots that a section has."""
    found = []
    if figures.bar_columns(section):
        found.append(BARS)
    traces = figures.traces(section)
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
    import matplotlib as mpl  # noqa: PLC0415 - it takes half a second, and is needed only here

    painters: Mapping[str, Callable[[Section], Any]] = {
        BARS: figures.bars,
        RATE: figures.rates,
        QUEUE: figures.queues,
    }
    paths = []
    with mpl.rc_context(cast("Any", SETTINGS)):
        for kind in kinds(section):
            figure = painters[kind](section)
            svg, png = (folder / file_name(section, kind, form) for form in ("svg", "png"))
            drawn = io.StringIO()
            figure.savefig(drawn, format="svg", metadata={"Date": None})
            smaller = _SAME_HEIGHT.sub(r"\1", _LONG_FRACTION.sub(r"\1", drawn.getvalue()))
            svg.write_text(smaller, encoding="utf-8")
            figure.savefig(png, dpi=110, metadata={"Software": None})
            paths += [svg, png]
    return paths
