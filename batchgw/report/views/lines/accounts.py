"""The accounts of an organisation, as lines: where each is, how many APIs it has, who said its regions."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.report.discovered import Discovered
from batchgw.report.views.text import Line, Span, line, shorten, table

SHOWN = 20
"""Accounts shown. The rest is counted; `--output jsonl` has all."""

_LONGEST = 40
"""Characters of a name or path that are shown."""


def account_lines(found: Discovered) -> Iterator[Line]:
    """Render the first accounts; nothing where the organisation was not asked."""
    accounts = sorted(found.estate.accounts.values(), key=lambda account: account.id)
    if not accounts:
        return
    in_doubt = found.in_doubt()
    rows = [
        (
            account.id,
            shorten(account.name, _LONGEST),
            shorten(account.path, _LONGEST),
            account.state,
            f"{found.by_account[account.id]:,}" + ("+?" if account.id in in_doubt else ""),
            f"{len(found.estate.looked_into.get(account.id, ())):,}",
            found.estate.regions.get(account.id, ""),
        )
        for account in accounts[:SHOWN]
    ]
    yield from table(["account", "name", "OU", "state", "APIs", "regions", "regions by"], rows, right=(4, 5))
    if len(accounts) > SHOWN:
        yield line(Span(f"  and {len(accounts) - SHOWN:,} more; --output jsonl has all", "dim"))
