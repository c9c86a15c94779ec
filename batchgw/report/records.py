"""Plans, REST APIs, runs and learned quotas as records for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from batchgw.model import PlanItem, PlannedApi, RestApi, UnreadApi
from batchgw.model.shape import JSON, record
from batchgw.planning.plan_file.items import item_to_json
from batchgw.planning.plan_file.plan import Plan
from batchgw.planning.totals import PlanTotals
from batchgw.times import timestamp

if TYPE_CHECKING:  # SQLAlchemy is behind it
    from batchgw.journal import Limit, RunRecord, Spent

Record = Mapping[str, JSON]
"""A JSON object."""


def header_to_json(plan: Plan) -> Record:
    """Render a plan's header, its time as all times are shown."""
    return {**plan.header.to_json(), "created": timestamp(plan.header.created)}


def totals_to_json(totals: PlanTotals) -> Record:
    """Render a plan's totals. A scope that was rightly not looked into has no row: it is an item."""
    found = totals.to_json()
    rows = record(found["scopes"])
    left_alone = {str(scope) for scope, counts in totals.scopes.items() if counts.nothing_but_skipped}
    return {**found, "scopes": {scope: row for scope, row in rows.items() if scope not in left_alone}}


def shown_item_to_json(item: PlanItem) -> Record:
    """Render an item of a plan, its API's time as all times are shown.

    An API that another tool manages has a kind of its own where that is a failure: it could have been read.
    """
    shown = item_to_json(item)
    if isinstance(item, UnreadApi) and item.managed:
        shown["kind"] = "managed-api"
    if not isinstance(item, PlannedApi | UnreadApi) or item.api.created is None:
        return shown
    return {**shown, "api": {**record(shown["api"]), "created": timestamp(item.api.created)}}


def api_to_json(api: RestApi) -> Record:
    """Render a REST API."""
    return {
        "account": api.scope.account,
        "region": api.scope.region,
        "id": api.id,
        "name": api.name,
        "tags": dict(api.tags),
        "endpointTypes": list(api.endpoint_types),
        **({} if api.owner is None else {"owner": {"kind": api.owner.kind, "name": api.owner.name}}),
    }


NOT_BEGUN = "not begun"
"""State of a run that was refused or stopped before it had anything to do, such as one with a stale plan."""


def state_of(run: RunRecord) -> str:
    """Say how far a run came: as the journal does, but for a run that never began."""
    return run.state.value if run.planned or not run.state.ended else NOT_BEGUN


def run_to_json(run: RunRecord) -> Record:
    """Render a run. `identity` is that of its first credentials; None where STS was not called."""
    totals = run.totals
    return {
        "run": run.id,
        "verb": run.verb,
        **({} if run.parent is None else {"takes_back": run.parent}),
        "state": state_of(run),
        "policy": run.policy_source,
        "policy_digest": run.policy_digest,
        "started": timestamp(run.started),
        "finished": None if run.finished is None else timestamp(run.finished),
        "identity": run.visible_options.get("identity"),
        "batchgw": run.version,
        "holder": str(run.holder),
        "options": dict(run.visible_options),
        "expected": totals.expected,
        "applied": totals.applied,
        "unchanged": totals.unchanged,
        "failed": totals.failed,
        "skipped": totals.skipped,
        "held": totals.held,
        "not_attempted": totals.not_attempted,
        "undecided": totals.undecided,
    }


def limit_to_json(limit: Limit, now: float) -> Record:
    """Render what was learned of a quota.

    Rates are calls/second, levels and bursts calls, ages and waits seconds. `level` is as of now. A learned
    rate is null where nothing has measured it.
    """
    belief, stated = limit.belief, limit.stated
    return {
        "endpoint": limit.endpoint or None,
        "account": limit.key.account,
        "region": limit.key.region,
        "operation": limit.key.operation,
        "stated": None if stated is None else {"rate": stated.rate, "burst": stated.burst},
        "share": limit.share,
        "learned": {"rate": belief.rate and round(belief.rate, 4), "burst": belief.burst},
        "learned_at": timestamp(limit.at),
        "age": round(max(0.0, now - limit.at), 3),
        "level": round(limit.level(now), 3),
        "last_run": _spent(limit.last),
        "all_runs": _spent(limit.total),
    }


def _spent(spent: Spent) -> Record:
    return {"calls": spent.calls, "refused": spent.refused, "waited": round(spent.waited, 3)}
