"""What one run remembers about buckets for the next run. Who stores it implements `Memory`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quota


@dataclass(frozen=True, slots=True)
class BucketKey:
    """One remote bucket.

    `region` is None when all regions of the account share it, `operation` for the total of all operations.
    """

    account: str
    region: str | None
    operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a run knows of a bucket when it ends.

    `stated` is the quota that the run was given; None for an unknown one. `sent` and `refused` count calls of
    this run. `waited` is how many seconds they waited for permits.
    """

    key: BucketKey
    stated: Quota | None
    belief: Belief
    sent: int
    refused: int
    waited: float


class Memory(Protocol):
    """Remembers beliefs between runs."""

    def recall(self, key: BucketKey) -> Belief | None:
        """Give what an earlier run believed, with its age. None when there is nothing, or it is too old.

        Never waits: what has to be read is read before.
        """
        ...


class NoMemory:
    """Remembers nothing."""

    def recall(self, key: BucketKey) -> Belief | None:  # noqa: ARG002 - the protocol's
        """Give None."""
        return None
