"""Models with one part switched off. The gates that such a model misses show what its part is for."""

from __future__ import annotations

from math import inf
from unittest.mock import patch

from batchgw.throttle.bucket import beginning
from batchgw.throttle.bucket.model import AT_ONCE, BucketModel
from batchgw.throttle.bucket.probe import Probe
from batchgw.throttle.bucket.reserve import Reserve
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quota, Trust


class NoLevelReset(BucketModel):
    """A refusal does not change the level."""

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
    """The reserve stays small, even if the bucket has shown that it holds its burst."""

    def _enlarge_reserve(self) -> None:
        self._unproven = False


class NoPairs(BucketModel):
    """Calls never leave in pairs, so nobody notices that others have emptied the bucket.

    Each call gets the token that has just run in.
    """

    def _goes_unnoticed(self, kept: float) -> bool:  # noqa: ARG002
        return False


class UnprovenReserve(BucketModel):
    """The reserve becomes large, even if the bucket has not shown that it holds its burst."""

    def _prove_burst(self, sent_at: float) -> None:  # noqa: ARG002
        self._enlarge_reserve()


class NoHurry(BucketModel):
    """Overspent calls leave at twice the believed rate at most."""

    def _spacing(self) -> float:
        return max(super()._spacing(), 0.0 if self._sent < AT_ONCE else 1 / (2 * self._rate))


class BelievesDenials(BucketModel):
    """A remembered rate is believed, however low it is."""

    def __init__(
        self,
        quota: Quota | None,
        *,
        share: float = 1.0,
        trust: Trust = Trust.TRUSTED,
        polite: bool = False,
        belief: Belief | None = None,
    ) -> None:
        with patch.object(beginning, "HALF", 0.0):
            super().__init__(quota, share=share, trust=trust, polite=polite, belief=belief)


class HalfPolite(BucketModel):
    """A polite run that probes as often as any other."""

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
    """The model reacts to every refusal."""

    def refused(self, sent_at: float, now: float, retry_after: float | None = None) -> None:
        self._reacted = -inf
        super().refused(sent_at, now, retry_after)
