"""Measures one section and writes its results: `python -m benchmarks.harness.one MODULE FOLDER [--quick]`.

The runner starts it in a process of its own, so that sections share no memory, and one that crashes does not
end the others.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.harness.cli import sections_of
from benchmarks.harness.results import write

INDEX = "sections.json"
"""The file with the names of the measured sections, in order. It is written last, and the runner reads it."""


def main(module: str, folder: Path, *, quick: bool) -> None:
    """Measure, write each section, then the index."""
    sections = sections_of(import_module(module).measure(quick=quick))
    for section in sections:
        write(section, folder)
    (folder / INDEX).write_text(json.dumps([section.name for section in sections]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), quick="--quick" in sys.argv[3:])
