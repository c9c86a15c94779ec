"""The command line of one section: `python -m benchmarks.NAME [--quick] [--write]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

from benchmarks.harness.results import Section, show, write


class Measure(Protocol):
    """What a module of the benchmarks has under this name."""

    def __call__(self, *, quick: bool) -> Section | Sequence[Section]:
        """Measure one table, or several."""
        ...


def sections_of(measured: Section | Sequence[Section]) -> tuple[Section, ...]:
    """One or several, as several."""
    return (measured,) if isinstance(measured, Section) else tuple(measured)


def main(measure: Measure, description: str | None, arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and keep what was measured when asked to."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a smaller task, for a first impression")
    parser.add_argument("--write", action="store_true", help="keep it in benchmarks/results")
    given = parser.parse_args(arguments)
    for section in sections_of(measure(quick=given.quick)):
        show(section)
        if given.write:
            write(section)
