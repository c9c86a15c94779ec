"""A plan or a check in one record: how it stands, in figures, for whoever asks a machine."""

from __future__ import annotations

from typing import Any

from batchgw.planning.totals import PlanTotals

SCHEMA_VERSION = 1
"""Of `verdict_to_json`: raised when a field changes its meaning or goes away."""

_WORDS = {0: "as_desired", 2: "drift", 4: "incomplete"}
"""What the exit codes of `plan` and `check` stand for."""


def verdict_to_json(totals: PlanTotals, exit_code: int) -> dict[str, Any]:
    """Say how a plan's API-types stand; `percent_as_desired` is None where there are none.

    It has two decimals and is rounded down: 100 means all of them.
    """
    total = totals.total
    desired, expected = total.no_ops, total.expected
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
            "unread": total.unread_targets,
            "unread_scopes": total.unread_scopes,
        },
        "percent_as_desired": 10_000 * desired // expected / 100 if expected else None,
    }
