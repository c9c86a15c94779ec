"""The verdict of a plan or check: an exit code, and a record of figures for machines."""

from __future__ import annotations

from batchgw.exit_codes import INCOMPLETE, OK, PENDING
from batchgw.model.shape import JSON
from batchgw.planning.totals import PlanTotals

SCHEMA_VERSION = 1
"""Of `verdict_to_json`: raised when a field changes its meaning or goes away."""


def exit_code(totals: PlanTotals, *, allow_empty: bool) -> int:
    """Give the exit code of `plan` and `check`.

    INCOMPLETE comes before PENDING: something was not read, or a selector matches nothing and the user did
    not accept that.
    """
    if not totals.complete or (totals.nothing and not allow_empty):
        return INCOMPLETE
    return PENDING if totals.total.writes else OK


_WORDS = {OK: "as_desired", PENDING: "drift", INCOMPLETE: "incomplete"}
"""What the exit codes stand for."""


def verdict_to_json(totals: PlanTotals, exit_code: int) -> dict[str, JSON]:
    """Count a plan's targets by what is to be done.

    `percent_as_desired` has two decimals and is rounded down, so 100 means all but what is left alone. It is
    None where there are none.
    """
    total = totals.total
    desired, expected = total.no_ops, total.expected
    meant = expected - total.set_aside
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": _WORDS[exit_code],
        "exit_code": exit_code,
        "counts": {
            "apis": total.apis,
            "apis_to_change": total.changed_apis,
            "expected": expected,
            "as_desired": desired,
            "to_create": total.creates,
            "to_update": total.updates,
            "to_reset": total.resets,
            "left_alone": total.set_aside,
            "managed": total.managed_targets,
            "unread": total.unread_targets - total.managed_targets,
            "unread_scopes": total.unread_scopes,
            "skipped_scopes": total.skipped_scopes - totals.skipped_accounts,
            "skipped_accounts": totals.skipped_accounts,
        },
        "percent_as_desired": 10_000 * desired // meant / 100 if meant else None,
    }
