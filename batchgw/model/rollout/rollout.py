"""How a policy is rolled out, as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchgw.model.fleet.organization import AccountSelector
from batchgw.model.rollout.gate import Gate
from batchgw.model.rollout.limits import Limits, MaxFailures, OnFailure
from batchgw.model.rollout.wave import ALL, Wave, WaveOrder
from batchgw.model.rollout.window import Window, read_window, window_to_json
from batchgw.model.scope import Region
from batchgw.model.shape import JSON, count, items, number, record, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How a policy is rolled out.

    Attributes:
        waves: in their order; at least one.
        order: in which order sized waves take APIs.
        seed: which of many equal orders that is.
        bake: seconds that are watched after each wave.
        gates: what is asked after each wave.
        max_failures: how many failures are borne.
        limits: what a plan may do without being allowed by name.
        on_failure: what happens when a gate fails or a budget is exceeded.
        windows: when calls may be made: all of them must be open.
        max_parallel_scopes: account-regions that go side by side within a wave; None where all do.
        regions: regions to begin with within a wave, in this order.
    """

    waves: tuple[Wave, ...] = (ALL,)
    order: WaveOrder = WaveOrder.SPREAD
    seed: str = "0"
    bake: float = 0.0
    gates: tuple[Gate, ...] = ()
    max_failures: MaxFailures = field(default_factory=MaxFailures)
    limits: Limits = field(default_factory=Limits)
    on_failure: OnFailure = OnFailure.STOP
    windows: tuple[Window, ...] = ()
    max_parallel_scopes: int | None = None
    regions: tuple[Region, ...] = ()

    @property
    def account_words(self) -> tuple[AccountSelector, ...]:
        """What its waves ask of accounts that only the organisation knows: each by itself."""
        return tuple(word for wave in self.waves for word in wave.account_words)

    def to_json(self) -> dict[str, JSON]:
        """Render as `from_json` reads it."""
        return {
            "waves": [wave.to_json() for wave in self.waves],
            "order": self.order.value,
            "seed": self.seed,
            "bake": self.bake,
            "gates": [gate.to_json() for gate in self.gates],
            "max_failures": self.max_failures.to_json(),
            "limits": self.limits.to_json(),
            "on_failure": self.on_failure.value,
            "windows": [window_to_json(window) for window in self.windows],
            "max_parallel_scopes": self.max_parallel_scopes,
            "regions": list(self.regions),
        }

    @classmethod
    def from_json(cls, data: JSON) -> Rollout:
        """Read what `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        found = record(data)
        most = found["max_parallel_scopes"]
        return cls(
            waves=tuple(map(Wave.from_json, items(found["waves"]))),
            order=WaveOrder(text(found["order"])),
            seed=text(found["seed"]),
            bake=number(found["bake"]),
            gates=tuple(map(Gate.from_json, items(found["gates"]))),
            max_failures=MaxFailures.from_json(found["max_failures"]),
            limits=Limits.from_json(found["limits"]),
            on_failure=OnFailure(text(found["on_failure"])),
            windows=tuple(map(read_window, items(found["windows"]))),
            max_parallel_scopes=None if most is None else count(most),
            regions=tuple(Region(text(each)) for each in items(found["regions"])),
        )
