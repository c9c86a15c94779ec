"""Environment variables that look like batchgw's and that nothing reads.

Terraform warns of such variables, and so does batchgw. A misspelling of its own variables it refuses: if
`BATCHGW_ACCOUNTS` were ignored, accounts would be written to that were not meant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import SequenceMatcher

from batchgw.cli.flags.flag import PREFIX, declared
from batchgw.errors import UsageError

OF_SCRIPTS = frozenset({"BATCHGW_VENV", "BATCHGW_TEST_PROCESSES", "BATCHGW_RECORDINGS"})
"""Variables of the project's own scripts and tests."""

OF_BENCHMARKS = "BATCHGW_BENCH_"
"""The beginning of the benchmarks' variables."""

SIMILAR = 0.8
"""Similarity, from 0 to 1, from which a name is a misspelling of another."""

_PADDING = frozenset({"ARN", "AWS", "ID", "NAME", "URL"})
"""Words that people add or leave out: `BATCHGW_ROLE`, `BATCHGW_ACCOUNT_ID`, `BATCHGW_AWS_REGION`."""


def check_variables(environment: Mapping[str, str], warn: Callable[[str], None]) -> None:
    """Warn of each variable that nothing reads. Raises UsageError for those that are misspelt.

    Empty variables do not count.
    """
    misspelt = []
    for name in unread(environment):
        meant = nearest(name, declared())
        if meant is None:
            warn(f"nothing reads the environment variable {name}: batchgw has no such flag.")
        else:
            misspelt.append(f"{name} (did you mean {meant}?)")
    if misspelt:
        raise UsageError(
            f"no flag has the environment variable {', '.join(misspelt)}. Nothing was done, since without it "
            "the command could do more than you want. Correct it, or unset it."
        )


def unread(environment: Mapping[str, str]) -> Iterator[str]:
    """Give the names that look like batchgw's variables, in any case, and are not, in order."""
    known = declared() | OF_SCRIPTS
    for name in sorted(environment):
        if (
            environment[name].strip()
            and name.upper().startswith(PREFIX)
            and not name.startswith(OF_BENCHMARKS)
            and name not in known
        ):
            yield name


def nearest(name: str, known: Collection[str]) -> str | None:
    """Give the known variable of which a name is clearly a misspelling."""
    word = name.upper().removeprefix(PREFIX)[:100]
    alike = {other: _similarity(word, other.removeprefix(PREFIX)) for other in sorted(known)}
    best = max(alike, key=alike.__getitem__, default=None)
    return best if best is not None and alike[best] >= SIMILAR else None


def _similarity(word: str, other: str) -> float:
    """Tell how similar two names are, from 0 to 1. Plurals, `_PADDING` and order do not count."""
    if word == other or (_bare(word) and _bare(word) == _bare(other)):
        return 1.0
    swapped = sorted(word) == sorted(other)
    return SIMILAR if swapped else SequenceMatcher(None, word, other, autojunk=False).ratio()


def _bare(word: str) -> frozenset[str]:
    words = (part if part in _PADDING else part.removesuffix("S") for part in word.split("_"))
    return frozenset(words) - _PADDING
