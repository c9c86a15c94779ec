"""Writes benchmarks/README.md from the results: `python -m benchmarks.harness.page`.

Tables, plots and missed goals come from the results alone. Why a goal was missed is written by hand in
benchmarks/notes.md, below a heading with the section's name.
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
"""Beginning of a paragraph of the notes that says why goals were missed."""

UNEXPLAINED = f"{WHY}: why is not known yet."
"""Added below missed goals of which the notes say nothing."""

HEAD = """\
# Benchmarks

```console
$ scripts/bench             # everything below, in about 20 minutes on 2 cores
$ scripts/bench --quick     # smaller tasks, a few minutes
$ scripts/bench --list      # the sections; --only NAME runs one
```

`python -m benchmarks.harness.page` writes this page from [results](results). Tables, plots and missed goals
are as measured; only the explanations are written by hand. Nothing here was measured on AWS: the API is that
of `batchgw simulate`, with AWS's quotas, AWS's errors, and a latency of 60 to 200 ms. A goal is an upper
bound. A program that is not installed is shown as skipped, and one that breaks as failed; batchgw, too.

Seconds and CPU depend on the machine and the day, so compare rows, not days. The machine of 2026-11-30 was
slower than that of 2026-11-22: the CPU that the other programs needed was 7 % to 50 % higher.
"""


def text(folder: Path = RESULTS, notes: str | None = None) -> str:
    """The page's text. Without `notes`, those of the notes file are used."""
    explained = explanations(NOTES.read_text(encoding="utf-8") if notes is None else notes)
    sections = list(kept(folder))
    parts = [HEAD, *(_section(section, origin(section.name, folder), explained) for section in sections)]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def write(folder: Path = RESULTS, page: Path = PAGE) -> None:
    """Write the page."""
    page.write_text(text(folder), encoding="utf-8")


def kept(folder: Path) -> Iterator[Section]:
    """Every section that has results, in the registry's order; then the others, by name."""
    names = sorted(path.stem for path in folder.glob("*.json"))
    order = [entry.name for entry in ENTRIES]

    def position(name: str) -> tuple[int, str]:
        """The position of the section's module. The names of a module's other sections begin with its own."""
        modules = [number for number, module in enumerate(order) if name.startswith(module)]
        return (modules[0] if modules else len(order), name)

    return (read(name, folder) for name in sorted(names, key=position))


def explanations(notes: str) -> Mapping[str, str]:
    """The notes by section. The text before the first heading is for authors, and left out."""
    _, *rest = re.split(r"^## (\S+)\s*$", notes, flags=re.MULTILINE)
    found = zip(rest[::2], (body.strip() for body in rest[1::2]), strict=True)
    return {name: body for name, body in found if body}


def unexplained(folder: Path = RESULTS, notes: str | None = None) -> list[str]:
    """Sections whose notes do not explain a missed goal, or explain one although no goal was missed."""
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
