"""What the journal remembers of one API and its account: as discovery has found them last."""

from __future__ import annotations

from dataclasses import dataclass, replace

from batchgw.cli.memory.organization import at_endpoint, is_at_endpoint
from batchgw.discovery.found_apis import READER, RecalledApi, recalled_api
from batchgw.discovery.named_apis import may_be_in
from batchgw.discovery.organization.recollection import Recollection, recalled
from batchgw.journal import Journal
from batchgw.model import Account, AccountId, ExplicitApi


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An API as it was found, its account, and when that was asked; None where it is not remembered."""

    found: RecalledApi
    account: Account | None = None
    account_at: float | None = None


async def remembered(
    journal: Journal, named: ExplicitApi, *, endpoint: str, account: bool, owner: bool
) -> Remembered | None:
    """Give what is remembered of an API at an endpoint, and of its `account`, if that is asked for.

    With `owner` its owner must be certain. None where no discovery has found the API.
    """
    memory = await journal.organization_memory(reader=at_endpoint(READER, endpoint))
    found = await recalled_api(memory, named.id, owner=owner)
    if found is None or not may_be_in(named, found.api.scope):
        return None
    for reader in await journal.organization_readers() if account else ():
        if is_at_endpoint(reader, endpoint):
            known = await recalled(await journal.organization_memory(reader=reader), since=0.0)
            of_api = _account(known, found.api.scope.account)
            if of_api is not None:
                return Remembered(found=found, account=of_api, account_at=known.as_of)
    return Remembered(found=found)


def _account(known: Recollection, wanted: AccountId) -> Account | None:
    """Give an account with the names of its OUs and its tags, as far as they are remembered."""
    for account in known.accounts or ():
        if account.id == wanted:
            way = account.ou_ids
            ou = known.units.named(way) if known.units.know(way) else account.ou
            return replace(account, ou=ou, tags=known.tags.get(wanted))
    return None
