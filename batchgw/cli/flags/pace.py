"""From flags to a pace: a flag counts before the quota file, the file before the default."""

from __future__ import annotations

from typing import TypeVar

from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.flags.quota_records import SHARE_OF_UNKNOWN, UNKNOWN, QuotaFile, Rate
from batchgw.control_plane.stack import Pace
from batchgw.errors import QuotasInvalid, UsageError

T = TypeVar("T")


def chosen_pace(flags: PaceFlags) -> Pace:
    """Fill in what was not given. Raises UsageError for settings that contradict each other.

    It is QuotasInvalid where one of them is in the quota file.
    """
    default = Pace()
    file = flags.quota_file or QuotaFile(file="")
    rate: Rate = _first(flags.rate, file.rate, default.rate or UNKNOWN)
    _refuse_contradicting_flags(flags)
    if rate == UNKNOWN:
        _refuse_contradicted_file(flags, file)
    return Pace(
        rate=None if rate == UNKNOWN else rate,
        burst=_first(flags.burst, file.burst, default.burst),
        share=_first(flags.share, file.share, default.share),
        strict=_first(flags.strict, None, default.strict),
        probe=_first(flags.probe, None, default.probe),
        polite=_first(flags.polite, file.polite, default.polite),
        quota_scope=_first(flags.quota_scope, file.scope, default.quota_scope),
        operations={**default.operations, **file.operations},
        services={**default.services, **file.services},
        patience=_first(flags.patience, None, default.patience),
        workers=_first(flags.workers, None, default.workers),
        attempts=_first(flags.attempts, None, default.attempts),
        sts_rate=_first(flags.sts_rate, None, default.sts_rate),
    )


def _refuse_contradicting_flags(flags: PaceFlags) -> None:
    if flags.strict and flags.probe:
        raise UsageError(
            "--strict and --probe contradict each other: a quota is either never exceeded, or tested. Give "
            "one of them."
        )
    if flags.rate != UNKNOWN:
        return
    if flags.strict:
        raise UsageError(
            "--strict never exceeds a quota, and --rate is unknown: state the rate, or leave --strict out."
        )
    if flags.share is not None and flags.share < 1:
        raise UsageError(
            f"--share {flags.share:g} is a part of a quota, and --rate is unknown: state the rate, or leave "
            "--share out."
        )
    if flags.burst is not None:
        raise UsageError(
            "--burst says what a known quota holds, and --rate is unknown: state the rate, or leave --burst "
            "out."
        )


def _refuse_contradicted_file(flags: PaceFlags, file: QuotaFile) -> None:
    """Raise QuotasInvalid with everything in flags and file that makes no sense for an unknown quota."""
    problems = []
    if flags.share is None and (file.share or 1) < 1:
        said = "the rate" if flags.rate is None else "--rate"
        problems.append(file.problem("share", SHARE_OF_UNKNOWN.format(rate=said)))
    if flags.rate is None:
        given = {
            "--strict never exceeds a quota": bool(flags.strict),
            "--share is a part of a quota": flags.share is not None and flags.share < 1,
            "--burst says what a known quota holds": flags.burst is not None,
        }
        problems += [
            file.problem(
                "rate", f"the rate is unknown here, and {why}: state the rate, or leave the flag out"
            )
            for why, contradicts in given.items()
            if contradicts
        ]
    if problems:
        raise QuotasInvalid(tuple(problems), beside_flags=True)


def _first(flag: T | None, file: T | None, default: T) -> T:
    if flag is not None:
        return flag
    return default if file is None else file
