"""Random worlds: both what is true and what the client is told are drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.quota import TOTAL, Quota, Trust
from tests.throttle.worlds.remote import Others
from tests.throttle.worlds.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A world, calls to make in it, and what the client believes."""

    world: World
    calls: int
    quota: Quota | None
    share: float
    trust: Trust

    def model(self) -> BucketModel:
        """A new model of what the client believes."""
        return BucketModel(self.quota, share=self.share, trust=self.trust)

    @property
    def pace(self) -> float:
        """Calls/second to expect: what the true rate leaves to us, within our own ceiling if there is one."""
        others = self.world.others.mean if isinstance(self.world.others, Others) else 0.0
        least = min((factor for _, factor in self.world.steps), default=1.0)
        free = max(0.1 * self.world.rate, self.world.rate * min(1.0, least) - others)
        if self.quota is None or (self.trust is not Trust.STRICT and self.share == 1):
            return free
        return min(free, self.quota.rate * self.share)


def case(seed: int) -> Case:
    """The case that belongs to a seed."""
    random = Random(f"case/{seed}")
    rate = 0.2 * 300 ** random.random()  # 0.2 to 60 calls/s
    hosts = random.choice((1, 1, 1, 2, 4))
    world = World(
        rate=rate,
        burst=float(hosts * random.choice((1, 2, 5, 10, 40))),
        hosts=hosts,
        steps=random.choice(((), (), ((30.0, random.uniform(0.2, 2)), (90.0, 1.0)))),
        consuming=random.random() < 0.2,
        retry_after=random.choice((None, None, 0.0, 1.0, 20.0)),
        others=_others(random, rate),
        lost=random.choice((0.0, 0.03)),
        cut=random.choice((0.0, 0.03)),
        straggling=random.choice((0.0, 0.1)),
    )
    wrong = random.choice((1.0, 1.0, 0.25, 0.5, 2.0, 4.0))
    quota = Quota(rate * wrong, max(1.0, world.burst * random.choice((0.5, 1.0, 2.0))))
    return Case(
        world=world,
        calls=random.randint(40, 300),
        quota=None if random.random() < 0.15 and 1 < rate < 10 * TOTAL.rate else quota,
        share=random.choice((1.0, 1.0, random.uniform(0.1, 1))),
        trust=random.choice(list(Trust)),
    )


def _others(random: Random, rate: float) -> Others | None:
    if random.random() < 0.4:
        return None
    batch = random.choice((1, 1, 4))
    part = random.uniform(0, 0.6)
    if random.random() < 0.3:
        return Others(rate=part * rate, batch=batch, on=random.uniform(5, 60), off=random.uniform(5, 60))
    return Others(rate=part * rate, batch=batch)
