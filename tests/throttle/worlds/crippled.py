"""Mirrors with one part switched off: what each part is for shows in the gates that they fail."""

from __future__ import annotations

from math import inf

from batchgw.throttle.bucket.model import VOLLEY, BucketModel
from batchgw.throttle.bucket.probe import Probe
from batchgw.throttle.bucket.reserve import Reserve
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quota, Trust


class NoLevelReset(BucketModel):
    """A refusal tells nothing about the level."""

    def _level_after(self, sent_at: float, now: float, believed: float) -> float:  # noqa: ARG002
        return believed


class NoMeasuredRefill(BucketModel):
    """A refusal multiplies the rate by 0.7, as AIMD does."""

    def _measured(self, sent_at: float) -> float:
        self._refill.sample(sent_at)
        return 0.7 * self._rate


class NoDecrease(BucketModel):
    """A refusal leaves the rate as it is."""

    def _measured(self, sent_at: float) -> float:
        self._refill.sample(sent_at)
        return self._rate


class NoReserve(BucketModel):
    """Nothing is kept in the bucket."""

    def __init__(
        self,
        quota: Quota | None,
        *,
        share: float = 1.0,
        trust: Trust = Trust.TRUSTED,
        polite: bool = False,
        belief: Belief | None = None,
    ) -> None:
        super().__init__(quota, share=share, trust=trust, polite=polite, belief=belief)
        self._probe.keep(Reserve(0.0, 0.0))
        self._probe.reserve = 0.0
        self._unproven = False

    def _reserve(self) -> float:
        return 0.0


class SmallReserve(BucketModel):
    """However much the bucket has shown to hold, little is kept in it."""

    def _enlarge_reserve(self) -> None:
        self._unproven = False


class NoPairs(BucketModel):
    """Calls leave one by one: others may have emptied the bucket, and each finds the token that ran in."""

    def _goes_unnoticed(self, kept: float) -> bool:  # noqa: ARG002
        return False


class UnprovenReserve(BucketModel):
    """Much is kept in the bucket, whatever it holds."""

    def _prove_burst(self, sent_at: float) -> None:  # noqa: ARG002 - nothing refutes it
        self._enlarge_reserve()


class NoHurry(BucketModel):
    """What is overspent leaves no faster than at twice the believed rate."""

    def _spacing(self) -> float:
        return max(super()._spacing(), 0.0 if self._sent < VOLLEY else 1 / (2 * self._rate))


class BelievesDenials(BucketModel):
    """A remembered rate is believed, however little it is."""

    def _believable(self, remembered: float, age: float) -> float:  # noqa: ARG002
        return remembered


class HalfPolite(BucketModel):
    """A polite run that touches the floor as often as any other."""

    def __init__(
        self,
        quota: Quota | None,
        *,
        share: float = 1.0,
        trust: Trust = Trust.TRUSTED,
        polite: bool = False,
        belief: Belief | None = None,
    ) -> None:
        super().__init__(quota, share=share, trust=trust, polite=polite, belief=belief)
        self._probe = Probe(burst=self._burst, scale=self._scale)


class NoProbing(BucketModel):
    """Nothing is ever spent beyond belief."""

    def _advance(self, now: float) -> None:
        self._probing = False
        super()._advance(now)


class NoEpisodes(BucketModel):
    """Every refusal is reacted to."""

    def refused(self, sent_at: float, now: float, retry_after: float | None = None) -> None:
        self._reacted = -inf
        super().refused(sent_at, now, retry_after)
