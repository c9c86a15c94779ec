"""What one run learned of quotas is where the next one starts.

Unlike the rest of the journal it may be lost: a run without it is refused a little more often. So nothing
that fails here ends a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from batchgw.concurrency.time_slices import TimeSlices
from batchgw.journal.quota_memory import LONGEST, Limit, Spent, is_news, limit_of, recalled
from batchgw.journal.sql.database.connection import Database
from batchgw.journal.sql.memory.limits import Page, Writing, drop_older, remembered
from batchgw.journal.sql.memory.trying import Trying
from batchgw.redaction import bare_url
from batchgw.throttle.memory import BucketKey, Learned
from batchgw.throttle.pacer import Belief
from batchgw.throttle.quota import Quotas

PAGE: Final = 200
"""Rows read at a time: 3 ms, in which an event loop stands still."""


class SqlQuotaMemory:
    """Remembers in a journal; a `Memory` for `PacedControlPlane`. It knows what it has loaded. Never raises.

    Args:
        database: the journal's.
        endpoint: whose quotas these are: an address, or "" for AWS itself.
        quotas: what this run is told of them: a rate that the stated one held down is not carried over.
        clock: seconds since the epoch.
        trouble: is told why nothing can be remembered, once.
    """

    def __init__(
        self,
        database: Database,
        *,
        endpoint: str,
        quotas: Quotas | None,
        clock: Callable[[], float],
        trouble: Callable[[str], None] | None = None,
    ) -> None:
        self._database = database
        self._writing = Writing(database)
        self._endpoint = bare_url(endpoint)
        self._quotas = quotas or Quotas()
        self._clock = clock
        self._trying = Trying(database, trouble)
        self._known: dict[BucketKey, Limit] = {}
        self._saved: dict[BucketKey, Learned] = {}

    async def load(self) -> None:
        """Read all that is there, a page at a time. What others write later is not seen."""
        slices, after = TimeSlices(), 0
        while True:
            page = self._page(after)
            self._known.update((limit.key, limit) for limit in page.limits.values())
            if page.rows < PAGE or not page.limits:
                return
            after = max(page.limits)
            await slices.yield_if_due()

    def recall(self, key: BucketKey) -> Belief | None:
        """Give what was learned last, with its age; None when there is nothing, or it is too old."""
        limit = self._known.get(key)
        return None if limit is None else recalled(limit, self._quotas, self._clock())

    async def save(self, learned: Iterable[Learned]) -> bool:
        """Write what has changed, in one short transaction. Of two writes about a bucket the last one wins.

        Returns whether it could be written.
        """
        news = [each for each in learned if is_news(each, self._saved.get(each.key))]
        if not news:
            return True
        saved = self._trying.tried(lambda: self._write(news))
        if saved:
            self._saved.update((each.key, each) for each in news)
        return saved

    def _page(self, after: int) -> Page:
        """Read what can be read of the next rows."""
        page = Page()

        def read() -> None:
            nonlocal page
            with self._database.read() as connection:
                page = remembered(connection, self._endpoint, after=after, limit=PAGE)
                if page.damage is not None and self._trying.untold:
                    raise page.damage  # the database looks for the place in the whole journal, so only once

        self._trying.tried(read)
        return page

    def _write(self, news: Iterable[Learned]) -> None:
        more = {each.key: (each, Spent.of(each).since(self._spent(each.key))) for each in news}
        now, share = self._clock(), self._quotas.share
        with self._database.write() as connection:
            if not self._saved:  # once a run
                drop_older(connection, now - LONGEST)
            self._writing.write(connection, more, endpoint=self._endpoint, share=share, at=now)
        for key, (learned, spent) in more.items():
            self._known[key] = limit_of(
                learned, spent, self._known.get(key), endpoint=self._endpoint, share=share, at=now
            )

    def _spent(self, key: BucketKey) -> Spent:
        """What is in the journal already."""
        saved = self._saved.get(key)
        return Spent() if saved is None else Spent.of(saved)
