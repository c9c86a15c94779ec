"""Environment variables that begin as batchgw's do and that nothing reads. Passed over, one may widen a run.

Terraform warns of such variables. batchgw warns, too, and refuses one that is a misspelling of its own: what
`BATCHGW_ACCOUNTS` was to leave out would be written to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import SequenceMatcher

from batchgw.cli.flags.flag import PREFIX, declared
from batchgw.cli.output.console import Console
from batchgw.errors import UsageError

OF_SCRIPTS = frozenset({"BATCHGW_VENV", "BATCHGW_TEST_PROCESSES", "BATCHGW_RECORDINGS"})
"""What the project's own scripts and tests read."""

OF_BENCHMARKS = "BATCHGW_BENCH_"
"""How the variables of the benchmarks begin."""

ALIKE = 0.8
"""Share of letters that two names have in common, in their order, when one is a misspelling of the other."""

_PADDING = frozenset({"ARN", "AWS", "ID", "NAME", "URL"})
"""Words that people add or leave out: `BATCHGW_ROLE`, `BATCHGW_ACCOUNT_ID`, `BATCHGW_AWS_REGION`."""


def check_variables(environment: Mapping[str, str], console: Console) -> None:
    """Warn of each variable that nothing reads. Raises UsageError for those that are misspelt.

    One that is empty says nothing, as everywhere.
    """
    misspelt = []
    for name in unread(environment):
        meant = nearest(name, declared())
        if meant is None:
            console.warning(f"nothing reads the environment variable {name}: batchgw has no such flag.")
        else:
            misspelt.append(f"{name} (did you mean {meant}?)")
    if misspelt:
        raise UsageError(
            f"no flag has the environment variable {', '.join(misspelt)}. Nothing was done, since passing it "
            "over could do more than was meant. Correct it, or unset it."
        )


def unread(environment: Mapping[str, str]) -> Iterator[str]:
    """Give the names that begin as batchgw's do and are none of them, in whatever case, in their order."""
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
    """Give the known variable that a name is clearly a misspelling of."""
    word = name.upper().removeprefix(PREFIX)[:100]
    alike = {other: _alikeness(word, other.removeprefix(PREFIX)) for other in sorted(known)}
    best = max(alike, key=alike.__getitem__, default=None)
    return best if best is not None and alike[best] >= ALIKE else None


def _alikeness(word: str, other: str) -> float:
    """Tell how much alike two names are, from 0 to 1. Ends, padding and the order of words do not count."""
    if word == other or (_bare(word) and _bare(word) == _bare(other)):
        return 1.0
    swapped = sorted(word) == sorted(other)
    return ALIKE if swapped else SequenceMatcher(None, word, other, autojunk=False).ratio()


def _bare(word: str) -> frozenset[str]:
    words = (part if part in _PADDING else part.removesuffix("S") for part in word.split("_"))
    return frozenset(words) - _PADDING
