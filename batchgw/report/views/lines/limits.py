"""What was learned of quotas, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from batchgw.report.views.text import Line, Span, table
from batchgw.times import duration

if TYPE_CHECKING:  # SQLAlchemy is behind it
    from batchgw.journal import Limit
    from batchgw.throttle.quota import Quota

EVERY = "*"
"""How a quota of all regions or operations is shown, and asked for; in JSON it is null."""

COLUMNS = (
    "account", "region", "operation", "stated", "learned", "level", "age", "calls", "refused", "%", "waited",
)  # fmt: skip


def limit_table(found: Sequence[Limit], now: float) -> list[Line]:
    """Lay out a row a quota; an endpoint column only where one is not AWS itself."""
    if not found:
        return []
    elsewhere = any(limit.endpoint for limit in found)
    head = ["endpoint", *COLUMNS] if elsewhere else list(COLUMNS)
    rows = [[*([limit.endpoint or "AWS"] if elsewhere else []), *_row(limit, now)] for limit in found]
    return table(head, rows, right=range(len(head) - len(COLUMNS) + 3, len(head)), indent="")


def _row(limit: Limit, now: float) -> list[str | Span]:
    spent = limit.total
    refused = f"{100 * spent.refused / spent.calls:.1f}" if spent.calls else "-"
    return [
        limit.key.account,
        limit.key.region or EVERY,
        limit.key.operation or EVERY,
        _quota(limit.stated, limit.share),
        "-" if limit.belief.rate is None else f"{limit.belief.rate:.3g}/s {limit.belief.burst:g}",
        f"{limit.level(now):.0f}",
        duration(max(0.0, now - limit.at)),
        f"{spent.calls:,}",
        Span(f"{spent.refused:,}", "warning" if spent.refused else "dim"),
        refused,
        duration(spent.waited),
    ]


def _quota(quota: Quota | None, share: float) -> str:
    if quota is None:
        return "unknown"
    ours = "" if share == 1 else f" x {share:g}"
    return f"{quota.rate:.3g}/s {quota.burst:g}{ours}"
