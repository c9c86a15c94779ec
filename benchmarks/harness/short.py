"""Writes the short tables of docs/performance.md and the README from the results.

`python -m benchmarks.harness.short` writes each table between two comments of its page. A test compares them
with the results, so no figure is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.results import RESULTS, Row, Section, cell, read

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
PERFORMANCE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures: python -m benchmarks.harness.short -->", "<!-- end of figures -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the short table.

    Attributes:
        text: what is measured.
        section: the section with the result.
        row: the row of batchgw in it.
        columns: the columns that are shown.
        others: rows of other programs: the name shown here, and the row's name.
        headline: whether the README shows it, too.
    """

    text: str
    section: str
    row: str
    columns: tuple[str, ...]
    others: tuple[tuple[str, str], ...] = ()
    headline: bool = False


FIGURES = (
    Figure(
        text="300 puts over HTTP, quota 10/s and burst 40",
        headline=True,
        section="http_puts",
        row="batchgw",
        columns=("ratio", "refused", "given_up"),
        others=(
            ("boto3, 32 threads, adaptive", "boto3 32 threads, adaptive"),
            ("aiolimiter + tenacity", "aioboto3 + aiolimiter(40, 4) + tenacity"),
        ),
    ),
    Figure(
        text="4 accounts x 2 regions x 90 puts over HTTP",
        section="http_scopes",
        row="batchgw",
        columns=("ratio", "refused", "given_up"),
        others=(
            ("boto3 threads, adaptive", "boto3 8 threads and a client each scope, adaptive"),
            ("aiolimiter + tenacity", "aioboto3 + aiolimiter(40, 4) + tenacity, one each scope"),
        ),
    ),
    Figure(
        text="100 account-regions x 160 puts over HTTP, one process",
        headline=True,
        section="http_scopes_many",
        row="batchgw",
        columns=("ratio", "refused", "given_up"),
        others=(("aiolimiter + tenacity", "aioboto3 + aiolimiter(40, 4) + tenacity, one each scope"),),
    ),
    Figure(
        text="2,000 puts alone, virtual time",
        section="virtual_time",
        row="quota known, alone; 2,000",
        columns=("ratio", "refused"),
    ),
    Figure(
        text="the same with a neighbour at 6/s",
        section="virtual_time",
        row="neighbour 6/s; 2,000",
        columns=("ratio", "refused", "theirs"),
    ),
    Figure(
        text="the same, quota unknown",
        section="virtual_time",
        row="unknown quota; 2,000",
        columns=("ratio", "refused"),
    ),
    Figure(
        text="200 puts and 20 deployments over HTTP, two quotas",
        section="two_lanes",
        row="batchgw, depth first, over HTTP",
        columns=("ratio", "refused"),
        others=(("boto3 adaptive", "boto3 32 threads, adaptive, one client, over HTTP"),),
    ),
    Figure(
        text="200 APIs x 3 types deployed, 2 stages of each moved, virtual time",
        section="rollout",
        row="batchgw",
        columns=("ratio", "refused", "not_live"),
        others=(("aioboto3, a limiter for each quota", "aioboto3 + aiolimiter, one for each quota"),),
    ),
    Figure(
        text="1,000,000 APIs planned and applied, virtual time",
        headline=True,
        section="million_1000000",
        row="1,000,000 APIs x 1 type",
        columns=("peak", "growth", "wrong"),
    ),
    Figure(
        text="1,000 accounts, each with its role: AssumeRole and a first call",
        section="scopes",
        row="batchgw, 1,000 scopes",
        columns=("cpu", "base"),
    ),
    Figure(
        text="a night's check of 1,000 accounts x 4 regions x 15 APIs over TLS",
        section="night",
        row="batchgw check",
        columns=("wall", "peak", "refused"),
        others=(
            ("boto3, 32 threads", "boto3, 32 threads, a session an account"),
            ("botocove, 20 threads", "botocove, 20 threads, a session an account-region"),
        ),
    ),
    Figure(
        text="longest stall of the event loop during apply, the smaller of two runs",
        section="stalls",
        row="apply",
        columns=("wall",),
        others=(("a loop that only reads the clock", "only reading the clock"),),
    ),
    Figure(
        text="CPU of a whole run, unthrottled",
        headline=True,
        section="client_cost",
        row="batchgw apply, all of it, fast path",
        columns=("ratio", "cpu"),
        others=(("bare aioboto3 gather", "aioboto3, gather"), ("boto3, 32 threads", "boto3, 32 threads")),
    ),
    Figure(
        text="`batchgw --help`",
        section="startup",
        row="batchgw --help",
        columns=("wall",),
        others=(("aws --version", "aws --version"),),
    ),
)


def table(figures: Iterable[Figure], folder: Path = RESULTS) -> str:
    """The figures as a table in Markdown. Raises KeyError for a row that was not measured."""
    rows = ["| | batchgw | others | printed by |", "|---|---|---|---|"]
    for figure in figures:
        section = read(figure.section, folder)
        ours = _values(section, figure.row, figure.columns)
        others = "<br>".join(
            f"{name}: {_values(section, row, figure.columns)}" for name, row in figure.others
        )
        rows.append(f"| {figure.text} | **{ours}** | {others} | `{section.command}` |")
    return "\n".join(rows)


PAGES = {PERFORMANCE: FIGURES, README: tuple(each for each in FIGURES if each.headline)}
"""The pages with a table, and its figures."""


def updated(page: Path, folder: Path = RESULTS) -> str:
    """The page's text with an up-to-date table between the two comments."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(PAGES[page], folder)}\n{END}{after}"


def _values(section: Section, name: str, columns: tuple[str, ...]) -> str:
    row = _row(section, name)
    if row.skipped is not None:
        return f"skipped ({row.skipped})"
    known = {column.key: column for column in section.columns}
    values = ", ".join(f"{known[key].label} {cell(row.values.get(key), known[key])}" for key in columns)
    return values if row.failed is None else f"{values}; failed ({row.failed})"


def _row(section: Section, name: str) -> Row:
    for row in section.rows:
        if row.name == name:
            return row
    raise KeyError(f"{section.name} has no row {name!r}: {', '.join(row.name for row in section.rows)}")


def main() -> None:
    """Write the tables into their pages."""
    for page in PAGES:
        page.write_text(updated(page), encoding="utf-8")


if __name__ == "__main__":
    main()
