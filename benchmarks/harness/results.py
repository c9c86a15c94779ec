"""What a section has measured: rows with goals, written as JSON and shown as a table.

A row that could not be measured says why. A goal that was missed is shown.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness.machine import describe

RESULTS = Path(__file__).parent.parent / "results"
"""The folder of the committed results."""

Value = float | int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A measured quantity. `format` is a format specification for its numbers: `.3f`, `,.0f`, `.1%`."""

    key: str
    label: str
    format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One program or case, and what was measured of it.

    Attributes:
        name: its name in the table.
        values: the figures by column key.
        goals: upper bounds by column key.
        skipped: why it was not run, if it was not.
        failed: how it failed, if it did. Its values are what was measured until then.
    """

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)
    skipped: str | None = None
    failed: str | None = None

    def missed(self) -> list[str]:
        """The columns whose goal was missed. Without a value it is missed; in a failed row all are."""
        if self.skipped is not None:
            return []
        return [
            key for key, goal in self.goals.items() if self.failed is not None or not self._within(key, goal)
        ]

    def _within(self, key: str, goal: float) -> bool:
        value = self.values.get(key)
        return isinstance(value, int | float) and value <= goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table. `command` prints it again; `series` has the data of its plots; `notes` explain it."""

    name: str
    title: str
    command: str
    quick: bool
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    series: Mapping[str, object] = field(default_factory=dict)

    def missed(self) -> list[str]:
        """Every goal that was missed, in words."""
        labels = {column.key: column for column in self.columns}
        return [
            f"{row.name}: {labels[key].label} {cell(row.values.get(key), labels[key])}, "
            f"goal {cell(row.goals[key], labels[key])}{_failure(row)}"
            for row in self.rows
            for key in row.missed()
        ]


def cell(value: Value, column: Column) -> str:
    """A value as text."""
    if value is None:
        return "-"
    if isinstance(value, str) or not column.format:
        return str(value)
    return format(value, column.format)


def write(section: Section, folder: Path = RESULTS) -> Path:
    """Write a section to `<name>.json`, with the time and the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{section.name}.json"
    content = asdict(section) | {
        "measured": datetime.now(UTC).isoformat("T", "seconds"),
        "machine": describe(),
    }
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(_NUMBERS.sub(_in_a_line, text) + "\n", encoding="utf-8")
    return path


_NUMBERS = re.compile(r"\[\n[\s\d,.eE+-]+\]")
"""A list of numbers, one on each line. JSON strings contain no line breaks, so none of them matches."""


def _in_a_line(numbers: re.Match[str]) -> str:
    return "[" + ", ".join(numbers.group()[1:-1].replace(",", " ").split()) + "]"


def read(name: str, folder: Path = RESULTS) -> Section:
    """Read a section back. Raises FileNotFoundError when it was never measured."""
    content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Section(
        name=content["name"],
        title=content["title"],
        command=content["command"],
        quick=content["quick"],
        columns=tuple(Column(**column) for column in content["columns"]),
        rows=tuple(Row(**row) for row in content["rows"]),
        notes=tuple(content["notes"]),
        series=content["series"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """When (ISO 8601, UTC) and on what machine a section was measured."""

    measured: str
    machine: Mapping[str, str | int]


def origin(name: str, folder: Path = RESULTS) -> Origin:
    """Read when and on what machine a section was measured."""
    content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Origin(measured=content["measured"], machine=content["machine"])


def show(section: Section, console: Console | None = None) -> None:
    """Print the table, its notes, and the missed goals."""
    console = console or Console(width=None if sys.stdout.isatty() else 140)
    table = Table(
        title=section.title, title_justify="left", caption=f"$ {section.command}", caption_justify="left"
    )
    table.add_column("")
    for column in section.columns:
        table.add_column(column.label, justify="right")
    for row in section.rows:
        reason = _reason(row)
        cells = [cell(row.values.get(column.key), column) for column in section.columns]
        table.add_row(row.name + (f" ({reason})" if reason else ""), *cells)
    console.print(table)
    for note in section.notes:
        console.print(note, markup=False)
    for each in section.missed():
        console.print(f"missed: {each}", markup=False)


def markdown(section: Section) -> str:
    """The table in Markdown, with its command, its notes, and the goals that were missed."""
    head = ["", *(column.label for column in section.columns)]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * len(section.columns)]
    for row in section.rows:
        reason = _reason(row)
        name = row.name + (f" ({reason})" if reason else "")
        cells = [cell(row.values.get(column.key), column) for column in section.columns]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    missed = [f"Missed: {each}." for each in section.missed()]
    return "\n".join([f"`{section.command}`", "", *lines, "", *section.notes, *missed]).rstrip() + "\n"


def _failure(row: Row) -> str:
    return "" if row.failed is None else ", and it failed"


def _reason(row: Row) -> str | None:
    if row.skipped is not None:
        return f"skipped: {row.skipped}"
    return None if row.failed is None else f"failed: {row.failed}"
