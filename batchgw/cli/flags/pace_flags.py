"""The flags of the pace: the quota, how far it is trusted, and which part of it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from batchgw.cli.flags.flag import ADVANCED, flag
from batchgw.cli.flags.quota_records import (
    BURST,
    RATE,
    SHARE,
    UNKNOWN,
    Number,
    QuotaFile,
    Rate,
    read_total_rate,
)
from batchgw.throttle.quota import STS, TOTAL, Scoping

PANEL = "Pace"


def _rate(text: str) -> float | str:
    rate = read_total_rate(text)
    if rate is None:
        raise typer.BadParameter(f"{text!r} is not {RATE.meaning}; or `{UNKNOWN}`")
    return rate


def _number(number: Number) -> Callable[[str], float]:
    def read(text: str) -> float:
        found = number.read(text)
        if found is None:
            raise typer.BadParameter(f"{text!r} is not {number.meaning}")
        return found

    return read


def _quota_file(name: str) -> QuotaFile:
    from batchgw.cli.flags.quota_file import load_quota_file  # noqa: PLC0415 - pydantic is behind it

    return load_quota_file(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceFlags:
    """How fast to call. The quota is that of one account in one region, and everybody there shares it.

    None stands for a flag that was not given. Then what a plan or run recorded applies, else the quota file,
    else the default.
    """

    rate: Annotated[
        Rate | None,
        flag(
            "--rate",
            f"Quota: calls/s per account-region. [default: {TOTAL.rate:g}]",
            parser=_rate,
            metavar="NUMBER|unknown",
            panel=PANEL,
        ),
    ] = None
    burst: Annotated[
        float | None,
        flag(
            "--burst",
            f"Calls at once after a rest. [default: {TOTAL.burst:g}]",
            parser=_number(BURST),
            metavar="NUMBER",
            panel=PANEL,
        ),
    ] = None
    share: Annotated[
        float | None,
        flag(
            "--share",
            "Part of the quota to use at most. [default: 1]",
            parser=_number(SHARE),
            metavar="NUMBER",
            panel=PANEL,
        ),
    ] = None
    strict: Annotated[
        bool | None,
        flag(
            "--strict/--no-strict",
            "Never exceed the quota, not even to test it.",
            panel=PANEL,
        ),
    ] = None
    probe: Annotated[
        bool | None,
        flag("--probe/--no-probe", "The stated quota is a guess: measure it.", panel=PANEL),
    ] = None
    polite: Annotated[
        bool | None,
        flag(
            "--polite/--no-polite",
            "Leave more of the quota to others. [default: no]",
            panel=PANEL,
        ),
    ] = None
    quota_scope: Annotated[
        Scoping | None,
        flag(
            "--quota-scope",
            "account-region (the default), or account.",
            metavar="SCOPE",
            panel=PANEL,
        ),
    ] = None
    quota_file: Annotated[
        QuotaFile | None,
        flag(
            "--quota-file",
            "File with quotas (YAML); - reads stdin.",
            parser=_quota_file,
            metavar="FILE",
            panel=PANEL,
        ),
    ] = None
    patience: Annotated[
        float | None,
        flag(
            "--patience",
            "Give up when refused this long. [default: 3600]",
            metavar="SECONDS",
            min=1,
            panel=PANEL,
        ),
    ] = None
    workers: Annotated[
        int | None,
        flag(
            "--workers",
            "APIs at a time per account-region. [default: 32]",
            min=1,
            panel=PANEL,
        ),
    ] = None
    attempts: Annotated[
        int | None,
        flag(
            "--attempts",
            "Tries of a call that fails. [default: 8]",
            min=1,
            panel=PANEL,
        ),
    ] = None
    sts_rate: Annotated[
        float | None,
        flag(
            "--sts-rate",
            f"Calls/s to STS at most. [default: {STS.rate:g}]",
            parser=_number(RATE),
            metavar="NUMBER",
            panel=ADVANCED,
        ),
    ] = None
