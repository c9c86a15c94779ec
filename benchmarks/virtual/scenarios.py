"""The scenarios, and the seeds over which they are run."""

from __future__ import annotations

from batchgw.simulator.traffic.quota import Neighbour
from batchgw.throttle.pacer import Belief
from benchmarks.virtual.worlds.another_batchgw import AnotherBatchgw
from benchmarks.virtual.worlds.neighbours import STANDARD_ATTEMPTS, Jobs, Retrying
from benchmarks.virtual.worlds.scenario import MIDDLE, SHORT, SIZES, Goals, Scenario
from benchmarks.virtual.worlds.settings import Settings

TUNING = range(100)
"""Seeds to develop with: nothing measured over them is shown."""

HELD_OUT = range(2000, 2024)
"""Seeds to measure with: nothing is tuned to them."""


def _goals(small: tuple[float, ...], middle: tuple[float, ...], large: tuple[float, ...]) -> Goals:
    """Goals at each size: makespan / limit, our share of refused calls, and the neighbour's where bounded."""
    keys = ("ratio", "refused", "theirs")
    certain = {"given_up": 0.0, "wrong": 0.0}
    return {
        size: dict(zip(keys, bounds, strict=False)) | certain
        for size, bounds in zip(SIZES, (small, middle, large), strict=True)
    }


def _middle(**bounds: float) -> Goals:
    """Goals at 2,000 calls and no other size."""
    return {SIZES[1]: bounds | {"given_up": 0.0, "wrong": 0.0}}


SCENARIOS = (
    Scenario(
        key="alone",
        title="quota known, alone",
        goals=_goals((1.02, 0.0), (1.002, 0.0), (1.001, 0.0005)),
    ),
    Scenario(
        key="neighbour-3",
        title="neighbour 3/s",
        neighbour=Neighbour(rate=3),
        peers=True,
        goals=_goals((1.03, 0.04), (1.002, 0.012, 0.024), (1.002, 0.012)),
    ),
    Scenario(
        key="neighbour-6",
        title="neighbour 6/s",
        neighbour=Neighbour(rate=6),
        peers=True,
        goals=_goals((1.05, 0.055), (1.003, 0.019, 0.036), (1.002, 0.022)),
    ),
    Scenario(
        key="on-off",
        title="neighbour on/off, quarters",
        neighbour=Neighbour(rate=6),
        pauses=0.25,
        goals=_goals((1.15, 0.055), (1.05, 0.02), (1.005, 0.012)),
    ),
    Scenario(
        key="on-off-20",
        title="neighbour on/off every 20 s",
        neighbour=Neighbour(rate=6, on=20, off=20),
        peers=True,
        goals=_goals((1.15, 0.055), (1.04, 0.02), ()),
        sizes=SHORT,
    ),
    Scenario(
        key="too-high",
        title="stated 2x too high",
        settings=Settings(rate=20, burst=80),
        goals=_goals((1.03, 0.05), (1.005, 0.012), (1.001, 0.006)),
    ),
    Scenario(
        key="unknown",
        title="unknown quota",
        settings=Settings(unknown=True),
        goals=_goals((1.07, 0.04), (1.01, 0.01), (1.001, 0.006)),
    ),
    Scenario(
        key="unknown-again",
        title="unknown quota, second run",
        settings=Settings(unknown=True),
        remembered=True,
        sizes=SHORT,
    ),
    Scenario(
        key="halves",
        title="quota halves and returns",
        steps=((0.25, 0.5), (0.65, 1.0)),
        goals=_goals((1.10, 0.025), (1.005, 0.01), (1.001, 0.004)),
    ),
    Scenario(
        key="consuming",
        title="refusals consume, 7/s",
        neighbour=Neighbour(rate=7),
        refusals="consuming",
        goals=_goals((1.10, 0.055), (1.03, 0.02), (1.02, 0.015)),
    ),
    Scenario(
        key="too-low",
        title="stated 2x too low",
        settings=Settings(rate=5, burst=20, probe=True),
        sizes=SHORT,
    ),
    Scenario(
        key="account",
        title="8 regions, one quota",
        scoping="account",
        regions=8,
        uplink=(0.02, 0.08),
        sizes=SHORT,
    ),
    Scenario(
        key="patient-3",
        title="neighbour 3/s that tries again",
        neighbour=Retrying(rate=3),
        peers=True,
        sizes=MIDDLE,
    ),
    Scenario(
        key="bursts-30",
        title="bursts of 30 a minute",
        neighbour=Jobs(calls=30, at_once=30, every=60),
        peers=True,
        goals=_middle(ratio=1.003, theirs=0.08),
        sizes=MIDDLE,
    ),
    Scenario(
        key="bursts-100",
        title="bursts of 100 a minute",
        neighbour=Jobs(calls=100, at_once=100, every=60),
        peers=True,
        goals=_middle(ratio=1.06),
        sizes=MIDDLE,
    ),
    Scenario(
        key="terraform",
        title="Terraform, 200 calls, 10 at once",
        neighbour=Jobs(calls=200, at_once=10),
        peers=True,
        goals=_middle(ratio=1.05),
        sizes=MIDDLE,
    ),
    Scenario(
        key="ci",
        title="CI job, 30 calls a minute, 3 tries",
        neighbour=Jobs(calls=30, at_once=4, every=60, attempts=STANDARD_ATTEMPTS),
        peers=True,
        goals=_middle(their_lost=0.006),
        sizes=MIDDLE,
    ),
    Scenario(
        key="another-batchgw",
        title="another batchgw, 1,000 calls",
        neighbour=AnotherBatchgw(calls=1_000),
        peers=True,
        sizes=MIDDLE,
    ),
    *(
        Scenario(
            key=f"dice-{percent}",
            title=f"{percent} % refused by chance",
            script=({"match": {"probability": percent / 100}, "fault": "throttle"},),
            peers=True,
            sizes=MIDDLE,
        )
        for percent in (1, 2, 5)
    ),
    Scenario(
        key="after-denial",
        title="0.2/s remembered of a denial",
        believed=Belief(rate=0.2, burst=40, level=0, age=120),
        goals=_middle(ratio=1.05),
        sizes=MIDDLE,
    ),
    Scenario(
        key="polite-3",
        title="--polite, neighbour 3/s",
        settings=Settings(polite=True),
        neighbour=Neighbour(rate=3),
        goals=_middle(ratio=1.015, theirs=0.007),
        sizes=MIDDLE,
    ),
    Scenario(
        key="polite-6",
        title="--polite, neighbour 6/s",
        settings=Settings(polite=True),
        neighbour=Neighbour(rate=6),
        goals=_middle(ratio=1.05, theirs=0.015),
        sizes=MIDDLE,
    ),
    Scenario(
        key="uplink",
        title="alone, 5-80 ms on the way",
        uplink=(0.02, 0.08),
        sizes=SHORT,
    ),
)
"""All scenarios. Those without goals have none that anybody has shown to be reachable."""


def scenario(key: str) -> Scenario:
    """The scenario with that key. Raises KeyError."""
    return {each.key: each for each in SCENARIOS}[key]
