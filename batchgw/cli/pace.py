"""From the pace's flags to a pace: a flag before the quota file, the file before the defaults."""

from __future__ import annotations

from typing import TypeVar

from batchgw.cli.pace_flags import PaceFlags
from batchgw.cli.quotas import UNKNOWN, QuotaFile, Rate
from batchgw.control_plane.paced import Pace
from batchgw.errors import UsageError

T = TypeVar("T")


def chosen_pace(flags: PaceFlags) -> Pace:
    """Fill in what was not given. Raises UsageError for settings that contradict each other."""
    default = Pace()
    file = flags.quota_file or QuotaFile(file="")
    rate: Rate = _first(flags.rate, file.rate, default.rate or UNKNOWN)
    _refuse_contradictions(flags, rate, share=_first(flags.share, file.share, default.share))
    return Pace(
        rate=None if rate == UNKNOWN else rate,
        burst=_first(flags.burst, file.burst, default.burst),
        share=_first(flags.share, file.share, default.share),
        strict=_first(flags.strict, None, default.strict),
        probe=_first(flags.probe, None, default.probe),
        quota_scope=_first(flags.quota_scope, file.scope, default.quota_scope),
        operations={**default.operations, **file.operations},
        patience=_first(flags.patience, None, default.patience),
        workers=_first(flags.workers, None, default.workers),
        attempts=_first(flags.attempts, None, default.attempts),
    )


def _refuse_contradictions(flags: PaceFlags, rate: Rate, *, share: float) -> None:
    if flags.strict and flags.probe:
        raise UsageError(
            "--strict and --probe contradict each other: a quota is either never exceeded, or tried. Give "
            "one of them."
        )
    if rate != UNKNOWN:
        return
    if flags.strict:
        raise UsageError(
            "--strict needs a quota to be strict about, and --rate is unknown: state the rate, or leave "
            "--strict out."
        )
    if share < 1:
        raise UsageError(
            f"--share {share:g} needs a quota to be a share of, and --rate is unknown: state the rate, or "
            "leave --share out."
        )
    if flags.burst is not None:
        raise UsageError(
            "--burst says what a known quota holds, and --rate is unknown: state the rate, or leave --burst "
            "out."
        )


def _first(flag: T | None, file: T | None, default: T) -> T:
    if flag is not None:
        return flag
    return default if file is None else file
