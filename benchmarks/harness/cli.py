"""The command line of one section: `python -m benchmarks.NAME [--quick] [--write]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

from benchmarks.harness.results import Section, show, write


class Measure(Protocol):
    """The function `measure` of a section's module."""

    def __call__(self, *, quick: bool) -> Section | Sequence[Section]:
        """Measure one table, or several."""
        ...


def sections_of(measured: Section | Sequence[Section]) -> tuple[Section, ...]:
    """One section or several, as a tuple."""
    return (measured,) if isinstance(measured, Section) else tuple(measured)


def main(measure: Measure, description: str | None, arguments: Sequence[str] | None = None) -> None:
    """Measure and show; with --write, also write the results."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a smaller task")
    parser.add_argument("--write", action="store_true", help="write the results to benchmarks/results")
    given = parser.parse_args(arguments)
    for section in sections_of(measure(quick=given.quick)):
        show(section)
        if given.write:
            write(section)
