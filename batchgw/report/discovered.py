"""What `discover` finds, as records: APIs with account and stages; then accounts, and what was not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from batchgw.discovery.estate import Estate
from batchgw.model import AccountId, RestApi, SkippedScope, UnreadApi, UnreadScope
from batchgw.model.shape import JSON
from batchgw.report.records import Record, api_to_json, shown_item_to_json
from batchgw.times import timestamp


@dataclass(kw_only=True)
class Discovered:
    """A listing under way.

    Attributes:
        apis: the REST APIs, as they are found.
        estate: what is found meanwhile of accounts, regions and stages.
        unread: what turns out meanwhile not to be readable.
        skipped: what is meanwhile rightly not looked into.
        by_account: how many APIs were shown, by account.
    """

    apis: AsyncIterable[RestApi]
    estate: Estate
    unread: Sequence[UnreadApi | UnreadScope] = ()
    skipped: Sequence[SkippedScope] = ()
    by_account: Counter[str] = field(default_factory=Counter)

    async def __aiter__(self) -> AsyncIterator[RestApi]:
        """Give each API, and count it."""
        async for api in self.apis:
            self.by_account[api.scope.account] += 1
            yield api

    def in_doubt(self) -> set[AccountId]:
        """Name the accounts in which there may be APIs that are not shown."""
        scopes = (each.api.scope if isinstance(each, UnreadApi) else each.scope for each in self.unread)
        return {scope.account for scope in scopes}

    def api(self, api: RestApi) -> Record:
        """Render an API, with what is known of its account, and its stages where somebody asked for them."""
        account = self.estate.accounts.get(api.scope.account)
        stages = self.estate.stages.get((api.scope, api.id))
        record = dict(api_to_json(api))
        if api.created is not None:
            record["created"] = timestamp(api.created)
        if account is not None:
            record |= {"accountName": account.name, "ou": account.path}
        if stages is not None:
            record["stages"] = list(stages)
        elif (api.scope, api.id) in self.estate.unread_stages:
            record["stages"] = None
        return record

    def rest(self) -> Iterator[Record]:
        """Render what is not about one API, once all were given. Each record says by `kind` what it is."""
        for account in self.estate.accounts.values():
            more: dict[str, JSON] = {
                "kind": "account",
                "tags": None if account.tags is None else dict(account.tags),
                "regions": list(self.estate.looked_into.get(account.id, ())),
                "regions_by": self.estate.regions.get(account.id),
                "apis": self.by_account[account.id],
            }
            yield {**account.to_json(), **more}
        yield from map(shown_item_to_json, (*self.unread, *self.skipped))
        for each in self.estate.unread_stages.values():
            told: dict[str, JSON] = {"api": dict(api_to_json(each.api)), "code": each.code}
            yield {"kind": "unread-stages", **told, "message": each.message}
        if self.estate.as_of is not None:
            yield {"kind": "organization", "as_of": timestamp(self.estate.as_of)}
