"""The sections of the benchmarks in the order in which they are run and told, each a module of its name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A module with `measure(*, quick)`.

    Attributes:
        name: the module's, and of its first table.
        about: what is measured.
        waits: whether it mostly waits for quotas, so that another one may wait beside it.
        alone: whether it is disturbed by that all the same, but when it is to be quick.
        package: where the module is.
        longest: seconds after which it is killed.
        quick: the same, when it is to be quick.
    """

    name: str
    about: str
    waits: bool = False
    alone: bool = False
    package: str = "benchmarks"
    longest: float = 600.0
    quick: float = 300.0

    @property
    def module(self) -> str:
        """Where it is imported from."""
        return f"{self.package}.{self.name}"

    @property
    def there(self) -> bool:
        """Whether the module exists."""
        return find_spec(self.module) is not None


ENTRIES: tuple[Entry, ...] = (
    Entry(name="http_puts", about="300 puts over HTTP, by everything a user would pick", waits=True),
    Entry(name="http_scopes", about="many account-regions at once, over HTTP", waits=True, alone=True),
    Entry(
        name="http_faults",
        about="conflicts, cut connections, a neighbour, a wrong quota, over HTTP",
        waits=True,
    ),
    Entry(name="two_lanes", about="puts and deployments, each with a quota of its own", waits=True),
    Entry(name="virtual_time", about="the limiter in virtual time, over many worlds", longest=900.0),
    Entry(name="client_cost", about="what the client costs a call"),
    Entry(name="pipeline_cost", about="what a call costs above the client, layer by layer"),
    Entry(name="journal", about="what the journal costs a change"),
    Entry(name="scopes", about="seconds and memory of a live account-region"),
    Entry(name="million", about="a million targets, planned and applied in virtual time"),
    Entry(name="stalls", about="how long the event loop stands still while a run is under way"),
    Entry(name="startup", about="how long the command line takes to start"),
)


def chosen(names: list[str] | None) -> tuple[Entry, ...]:
    """The entries of these names, in the registry's order; all, when none is named. Raises KeyError."""
    if not names:
        return ENTRIES
    known = {entry.name for entry in ENTRIES}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return tuple(entry for entry in ENTRIES if entry.name in names)
