"""The sections of the benchmarks, in the order in which they are run and shown."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A module with `measure(*, quick)`.

    Attributes:
        name: the name of the module, and of its first table.
        about: what is measured.
        waits: whether it mostly waits for quotas, so that others like it may run at the same time.
        alone: whether a full run must be alone all the same. A quick one need not.
        package: the package of the module.
        longest: seconds after which it is killed.
        quick: the same for a quick run.
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
        """The module's full name."""
        return f"{self.package}.{self.name}"

    @property
    def there(self) -> bool:
        """Whether the module exists."""
        return find_spec(self.module) is not None


ENTRIES: tuple[Entry, ...] = (
    Entry(
        name="http_puts", about="300 puts over HTTP, by batchgw and what else a user would pick", waits=True
    ),
    Entry(name="http_scopes", about="many account-regions at once, over HTTP", waits=True, alone=True),
    Entry(
        name="http_faults",
        about="conflicts, cut connections, a neighbour, a wrong quota, over HTTP",
        waits=True,
    ),
    Entry(name="two_lanes", about="puts and deployments, each with a quota of its own", waits=True),
    Entry(name="rollout", about="200 APIs configured, deployed, and two stages of each moved", waits=True),
    Entry(name="virtual_time", about="the limiter in virtual time, in many scenarios", longest=900.0),
    Entry(name="client_cost", about="what the client costs for each call"),
    Entry(name="pipeline_cost", about="what the layers above the client cost for each call"),
    Entry(name="journal", about="what the journal costs for each change"),
    Entry(name="kept_for_speed", about="what is kept for speed, with it and without"),
    Entry(name="scopes", about="CPU and memory of each account-region"),
    Entry(
        name="night",
        about="a night's check of 60,000 REST APIs in 4,000 account-regions",
        longest=1_000.0,
    ),
    Entry(name="million", about="a million targets, planned and applied in virtual time"),
    Entry(name="stalls", about="the event loop's longest stalls during a run"),
    Entry(name="startup", about="how long the command line takes to start"),
)


def chosen(names: list[str] | None) -> tuple[Entry, ...]:
    """The entries of these names, in the registry's order; all of them if none is named. Raises KeyError."""
    if not names:
        return ENTRIES
    known = {entry.name for entry in ENTRIES}
    for name in names:
        if name not in known:
            raise KeyError(name)
    return tuple(entry for entry in ENTRIES if entry.name in names)
