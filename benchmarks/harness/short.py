"""The short tables of docs/performance.md and the README, written from the kept results.

`python -m benchmarks.harness.short` writes each between two comments of its page. A test compares them with
the results, so no figure there is by hand.
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
class Line:
    """One line of the table.

    Attributes:
        text: what is measured.
        section: where.
        row: of batchgw there.
        columns: whose values are shown.
        beside: rows of others, by the names they are given here.
        headline: whether it is one of the few that the README shows, too.
    """

    text: str
    section: str
    row: str
    columns: tuple[str, ...]
    beside: tuple[tuple[str, str], ...] = ()
    headline: bool = False


LINES = (
    Line(
        text="300 puts over HTTP, quota 10/s and burst 40",
        headline=True,
        section="http_puts",
        row="batchgw",
        columns=("ratio", "refused", "given_up"),
        beside=(
            ("boto3, 32 threads, adaptive", "boto3 32 threads, adaptive"),
            ("aiolimiter + tenacity", "aioboto3 + aiolimiter(40, 4) + tenacity"),
        ),
    ),
    Line(
        text="4 accounts x 2 regions x 90 puts over HTTP",
        section="http_scopes",
        row="batchgw",
        columns=("ratio", "refused", "given_up"),
        beside=(
            ("boto3 threads, adaptive", "boto3 8 threads and a client each scope, adaptive"),
            ("aiolimiter + tenacity", "aioboto3 + aiolimiter(40, 4) + tenacity, one each scope"),
        ),
    ),
    Line(
        text="100 account-regions x 160 puts over HTTP, one process",
        headline=True,
        section="http_scopes_many",
        row="batchgw",
        columns=("ratio", "refused", "given_up"),
        beside=(("aiolimiter + tenacity", "aioboto3 + aiolimiter(40, 4) + tenacity, one each scope"),),
    ),
    Line(
        text="2,000 puts alone, virtual time",
        section="virtual_time",
        row="quota known, alone; 2,000",
        columns=("ratio", "refused"),
    ),
    Line(
        text="the same beside a neighbour at 6/s",
        section="virtual_time",
        row="neighbour 6/s; 2,000",
        columns=("ratio", "refused", "theirs"),
    ),
    Line(
        text="the same, quota unknown",
        section="virtual_time",
        row="unknown quota; 2,000",
        columns=("ratio", "refused"),
    ),
    Line(
        text="200 puts and 20 deployments over HTTP, two quotas",
        section="two_lanes",
        row="batchgw, depth first, over HTTP",
        columns=("ratio", "refused"),
        beside=(("boto3 adaptive", "boto3 32 threads, adaptive, one client, over HTTP"),),
    ),
    Line(
        text="1,000,000 APIs planned and applied, virtual time",
        headline=True,
        section="million_1000000",
        row="1,000,000 APIs x 1 type",
        columns=("peak", "growth", "wrong"),
    ),
    Line(
        text="1,000 accounts, each with its role: AssumeRole and a first call",
        section="scopes",
        row="batchgw, 1,000 scopes",
        columns=("cpu", "base"),
    ),
    Line(
        text="longest stall of the event loop, applying: the lesser of two runs",
        section="stalls",
        row="apply",
        columns=("wall",),
        beside=(("a loop that only looks at the clock", "nothing but looking at the clock"),),
    ),
    Line(
        text="CPU of a whole run, unthrottled",
        headline=True,
        section="client_cost",
        row="batchgw apply, all of it, fast path",
        columns=("ratio", "cpu"),
        beside=(("bare aioboto3 gather", "aioboto3, gather"), ("boto3, 32 threads", "boto3, 32 threads")),
    ),
    Line(
        text="`batchgw --help`",
        section="startup",
        row="batchgw --help",
        columns=("wall",),
        beside=(("aws --version", "aws --version"),),
    ),
)


def table(lines: Iterable[Line], folder: Path = RESULTS) -> str:
    """The lines as a table in Markdown. Raises KeyError for a row that was not measured."""
    rows = ["| | batchgw | beside it | printed by |", "|---|---|---|---|"]
    for line in lines:
        section = read(line.section, folder)
        ours = _figures(section, line.row, line.columns)
        beside = "<br>".join(f"{name}: {_figures(section, row, line.columns)}" for name, row in line.beside)
        rows.append(f"| {line.text} | **{ours}** | {beside} | `{section.command}` |")
    return "\n".join(rows)


PAGES = {PERFORMANCE: LINES, README: tuple(line for line in LINES if line.headline)}
"""The pages with a table, and its lines."""


def placed(page: Path, folder: Path = RESULTS) -> str:
    """A page's text with its table between the two comments."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(PAGES[page], folder)}\n{END}{after}"


def _figures(section: Section, name: str, columns: tuple[str, ...]) -> str:
    row = _row(section, name)
    if row.skipped is not None:
        return f"skipped ({row.skipped})"
    known = {column.key: column for column in section.columns}
    figures = ", ".join(f"{known[key].label} {cell(row.values.get(key), known[key])}" for key in columns)
    return figures if row.failed is None else f"{figures}; failed ({row.failed})"


def _row(section: Section, name: str) -> Row:
    for row in section.rows:
        if row.name == name:
            return row
    raise KeyError(f"{section.name} has no row {name!r}: {', '.join(row.name for row in section.rows)}")


def main() -> None:
    """Write the tables into their pages."""
    for page in PAGES:
        page.write_text(placed(page), encoding="utf-8")


if __name__ == "__main__":
    main()
