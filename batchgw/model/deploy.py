"""What a policy says of the stages of an API: which of them are made live, how, and how that is verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import pairwise

from batchgw.model.fleet.globs import is_glob
from batchgw.model.owner import OnManaged
from batchgw.model.shape import JSON, items, number, record, text

NAME = "stage"
"""The kind's name, in plan files, the journal and all JSON. Its part of `Desired` is a `Deploy`."""

ALL_TRAFFIC = 100.0
"""Per cent: where a canary ends."""

VERIFY_WITHIN = 120.0
"""Seconds in which a stage must answer as desired. AWS states no time: what is known is that a change takes
"some time to reach the edge", and that people are told to wait a minute. This is twice that."""


class Verify(StrEnum):
    """How it is seen that a stage is live as desired."""

    EXPORT = "export"  # the stage's export shows what its deployment holds
    PROBE = "probe"  # a request to the stage is answered as desired
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """Which stages of an API are made live, and how. Raises ValueError for what cannot be.

    Attributes:
        stages: names, and globs over names; case counts. A name without a glob that an API lacks is a failure
            there, and is never created.
        canary: the steps of a canary, per cent of the traffic, ascending; the last is 100. None without one.
        bake: seconds between the steps of a canary.
        verify: how it is seen that a stage is live.
        verify_within: seconds in which that must be seen.
        on_managed: what becomes of stages that another tool manages.
    """

    stages: tuple[str, ...]
    canary: tuple[float, ...] = ()
    bake: float = 0.0
    verify: Verify = Verify.EXPORT
    verify_within: float = VERIFY_WITHIN
    on_managed: OnManaged = OnManaged.HOLD

    def __post_init__(self) -> None:
        if not all(self.stages) or not self.stages:
            raise ValueError("a deployment names the stages that it is for")
        steps = (0.0, *self.canary)
        if self.canary and (steps[-1] != ALL_TRAFFIC or any(a >= b for a, b in pairwise(steps))):
            raise ValueError("the steps of a canary ascend, from more than 0 % to 100 %")
        if self.bake < 0 or self.verify_within <= 0:
            raise ValueError("a bake takes 0 seconds or more, and verifying takes some")

    @property
    def literal_names(self) -> tuple[str, ...]:
        """The names without a glob: stages that each API must have."""
        return tuple(dict.fromkeys(name for name in self.stages if not is_glob(name)))

    def chooses(self, stage: str) -> bool:
        """Tell whether a stage of this name is made live."""
        return any(fnmatchcase(stage, pattern) for pattern in self.stages)

    def to_json(self) -> dict[str, JSON]:
        """Render as `from_json` reads it: shares in per cent, times in seconds."""
        return {
            "stages": list(self.stages),
            "canary": list(self.canary),
            "bake": self.bake,
            "verify": self.verify.value,
            "verify_within": self.verify_within,
            "on_managed": self.on_managed.value,
        }

    @classmethod
    def from_json(cls, data: JSON) -> Deploy:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found: Mapping[str, JSON] = record(data)
        return cls(
            stages=tuple(map(text, items(found["stages"]))),
            canary=tuple(map(number, items(found["canary"]))),
            bake=number(found["bake"]),
            verify=Verify(text(found["verify"])),
            verify_within=number(found["verify_within"]),
            on_managed=OnManaged(text(found["on_managed"])),
        )
