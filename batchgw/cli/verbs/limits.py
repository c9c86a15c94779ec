"""The verb `limits`: what runs have learned of quotas, and how to forget it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batchgw.cli.flags.flag import flag, repeatable
from batchgw.cli.flags.options import JournalFlags, Output, OutputFlags
from batchgw.cli.flags.verb import verb
from batchgw.cli.output.console import Console
from batchgw.errors import UsageError
from batchgw.report.views.text import Line, Span, amount, duration, line, table
from batchgw.times import timestamp

if TYPE_CHECKING:  # SQLAlchemy is behind it
    from batchgw.journal import Limit, Spent
    from batchgw.throttle.quota import Quota

PANEL = "Rollout"

EVERY = "*"
"""How a bucket of all regions or operations is shown, and asked for; in JSON it is null."""

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichFlags:
    """Which of what is remembered."""

    account: Annotated[
        list[str], repeatable("--account", "Of this account; repeatable, or a comma list.", commas=True)
    ] = field(default_factory=list)
    region: Annotated[
        list[str],
        repeatable(
            "--region",
            "Of this region; repeatable, or a comma list. `*`: shared by all regions.",
            commas=True,
        ),
    ] = field(default_factory=list)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, rich_help_panel=PANEL)(limits)


def limits(
    which: WhichFlags,
    journal: JournalFlags,
    output: OutputFlags,
    forget: Annotated[bool, flag("--forget", "Forget it, instead of showing it.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Show what runs have learned of quotas, what was refused, and how long calls have waited."""
    from batchgw.journal import Journal  # noqa: PLC0415 - SQLAlchemy is behind it

    for account in which.account:
        if not _ACCOUNT.fullmatch(account):
            raise UsageError(f"--account {account} is not twelve digits, by which accounts are remembered.")
    console = Console(color=not output.no_color, quiet=output.quiet)
    with Journal.open(journal.journal) as store:
        if forget:
            number = store.limits.forget(accounts=which.account, regions=which.region)
            console.note(line(f"Forgot {amount(number, 'quota')}."))
            return
        found = store.limits.all(accounts=which.account, regions=which.region)
        _show(found, console, output.output)
        if not found:
            of = "these quotas" if which.account or which.region else "any quota"
            console.note(line(f"{store.location} remembers nothing of {of} yet."))


def _show(found: list[Limit], console: Console, output: Output) -> None:
    now = time.time()
    match output:
        case Output.TABLE:
            console.data(_table(found, now))
        case Output.JSON:
            console.json([record(limit, now) for limit in found])
        case Output.JSONL:
            for limit in found:
                console.jsonl(record(limit, now))


def record(limit: Limit, now: float) -> dict[str, Any]:
    """Render a bucket for machines.

    Rates are calls/second, levels and bursts calls, ages and waits seconds. `level` is as of now. A
    learned rate is null where nothing has measured it.
    """
    belief = limit.belief
    return {
        "endpoint": limit.endpoint or None,
        "account": limit.key.account,
        "region": limit.key.region,
        "operation": limit.key.operation,
        "stated": limit.stated and {"rate": limit.stated.rate, "burst": limit.stated.burst},
        "share": limit.share,
        "learned": {"rate": belief.rate and round(belief.rate, 4), "burst": belief.burst},
        "learned_at": timestamp(limit.at),
        "age": round(max(0.0, now - limit.at), 3),
        "level": round(limit.level(now), 3),
        "last_run": _spent(limit.last),
        "all_runs": _spent(limit.total),
    }


def _spent(spent: Spent) -> dict[str, float]:
    return {"calls": spent.calls, "refused": spent.refused, "waited": round(spent.waited, 3)}


_HEAD = (
    "account", "region", "operation", "stated", "learned", "level", "age", "calls", "refused", "%", "waited",
)  # fmt: skip


def _table(found: list[Limit], now: float) -> list[Line]:
    if not found:
        return []
    elsewhere = any(limit.endpoint for limit in found)
    head = ["endpoint", *_HEAD] if elsewhere else list(_HEAD)
    rows = [[*([limit.endpoint or "AWS"] if elsewhere else []), *_row(limit, now)] for limit in found]
    return table(head, rows, right=range(len(head) - len(_HEAD) + 3, len(head)), indent="")


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
