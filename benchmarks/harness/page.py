"""benchmarks/README.md, written from the kept results: `python -m benchmarks.harness.page`.

Tables, plots and missed goals come from the results alone. Why something missed its goal is written by
hand in benchmarks/notes.md, below a heading with the section's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.harness import plots
from benchmarks.harness.results import RESULTS, Origin, Section, markdown, origin, read
from benchmarks.registry import ENTRIES

HERE = Path(__file__).parent.parent
PAGE = HERE / "README.md"
NOTES = HERE / "notes.md"

WHY = "**Missed**"
"""What a paragraph of the notes begins with that says why goals were missed."""

UNEXPLAINED = f"{WHY}: why is not known yet."
"""Stands below goals that were missed and of which the notes say nothing."""

HEAD = """\
# Benchmarks

```console
$ scripts/bench             # everything below, in about 20 minutes on 2 cores
$ scripts/bench --quick     # smaller tasks, a few minutes
$ scripts/bench --list      # the sections; --only NAME runs one
```

This page is written from [results](results) by `python -m benchmarks.harness.page`: tables, plots and missed
goals as they were measured, nothing by hand but the explanations. Nothing here was measured on AWS: the
service is what `batchgw simulate` serves, with AWS's quotas, its errors, and a latency of 60 to 200 ms. A
goal is an upper bound. Who cannot run is reported as skipped, who breaks down as failed, batchgw like anyone.

Seconds and CPU are of the machine of that day, so compare rows, not days. The machine of 2026-11-30 was
slower than that of 2026-11-22: the peers' CPU grew by 7 % to 50 % from one to the other.
"""


def text(folder: Path = RESULTS, notes: str | None = None) -> str:
    """The page. `notes` are those of the notes file, unless they are given."""
    explained = explanations(NOTES.read_text(encoding="utf-8") if notes is None else notes)
    sections = list(kept(folder))
    parts = [HEAD, *(_section(section, origin(section.name, folder), explained) for section in sections)]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def write(folder: Path = RESULTS, page: Path = PAGE) -> None:
    """Write the page."""
    page.write_text(text(folder), encoding="utf-8")


def kept(folder: Path) -> Iterator[Section]:
    """Every section of which there are results, in the registry's order; others after them, by name."""
    names = sorted(path.stem for path in folder.glob("*.json"))
    order = [entry.name for entry in ENTRIES]

    def place(name: str) -> tuple[int, str]:
        """A module's further sections begin with its name."""
        owners = [number for number, module in enumerate(order) if name.startswith(module)]
        return (owners[0] if owners else len(order), name)

    return (read(name, folder) for name in sorted(names, key=place))


def explanations(notes: str) -> Mapping[str, str]:
    """The notes by section; what stands before the first heading is for those who write them."""
    _, *rest = re.split(r"^## (\S+)\s*$", notes, flags=re.MULTILINE)
    found = zip(rest[::2], (body.strip() for body in rest[1::2]), strict=True)
    return {name: body for name, body in found if body}


def unexplained(folder: Path = RESULTS, notes: str | None = None) -> list[str]:
    """The sections that missed a goal and of which the notes do not say why, or that say so of none."""
    explained = explanations(NOTES.read_text(encoding="utf-8") if notes is None else notes)
    return [
        section.name
        for section in kept(folder)
        if bool(section.missed()) is not (WHY in explained.get(section.name, ""))
    ]


def _section(section: Section, measured: Origin, explained: Mapping[str, str]) -> str:
    parts = [f"## {section.title}", markdown(section).rstrip()]
    parts += [
        f"![{section.title}: {plots.KINDS[kind]}](results/{plots.file_name(section, kind, 'svg')})"
        for kind in plots.kinds(section)
    ]
    note = explained.get(section.name, "")
    if note:
        parts.append(note)
    if section.missed() and WHY not in note:
        parts.append(UNEXPLAINED)
    machine = ", ".join(f"{name} {value}" for name, value in measured.machine.items())
    quick = ", quick" if section.quick else ""
    parts.append(f"<sub>Measured {measured.measured[:10]}{quick}: {machine}.</sub>")
    return "\n\n".join(parts)


def main() -> None:
    """Draw the plots and write the page."""
    for section in kept(RESULTS):
        plots.draw(section)
    write()


if __name__ == "__main__":
    main()
