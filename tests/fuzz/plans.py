"""Plan files: a plan damaged as bytes, or line by line as JSON with a new checksum.

Promised: PlanUnreadable, or a plan whose items, totals and views can be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from batchgw.errors import PlanUnreadable
from batchgw.model import (
    AccountId,
    Desired,
    GatewayResponse,
    Mode,
    PlanItem,
    PlannedApi,
    Region,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Scope,
    Settings,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.response_change import TARGETS
from batchgw.model.shape import JSON
from batchgw.planning.diff import diff
from batchgw.planning.estimate import estimate
from batchgw.planning.plan_file.items import item_to_json
from batchgw.planning.plan_file.plan import Plan
from batchgw.report.plan_fold import PlanFold
from batchgw.report.views.lines.plan import PlanScreen
from batchgw.report.views.text import plain
from tests.fuzz.harness import fuzz
from tests.fuzz.mutate import spoil, spoil_bytes
from tests.saved_plans import with_checksum, write_plan

_SCOPES = (
    Scope(account=AccountId("111122223333"), region=Region("eu-west-1")),
    Scope(account=AccountId("012345678901"), region=Region("us-east-1")),
)
_WORDS = (
    *(
        "kind",
        "api",
        "changes",
        "account",
        "region",
        "id",
        "tags",
        "before",
        "after",
        "action",
        "totals",
        "scopes",
    ),
    *(
        "responseType",
        "responseParameters",
        "responseTemplates",
        "statusCode",
        "defaultResponse",
        "sha256",
        "end",
    ),
    *(
        "CREATE",
        "UPDATE",
        "RESET",
        "NO_OP",
        "THROTTLED",
        "gatewayresponse.header.A",
        "eu-west-1",
        "unread-api",
    ),
)


def run(cases: int, seed: int) -> int:
    """Check `cases` plans. Raises Broken."""
    with TemporaryDirectory() as folder:
        return fuzz("plans", _case, lambda case: check(case, Path(folder)), cases=cases, seed=seed)


def check(content: bytes, folder: Path) -> None:
    """Open a plan, read its items and show it. Raises AssertionError, or what escapes."""
    path = folder / "saved.plan"
    path.write_bytes(content)
    try:
        plan = Plan.open(path)
        items = list(plan.items())
        of_scopes = [item for scope in plan.totals.scopes for item in plan.items(scope)]
    except PlanUnreadable:
        return
    assert len(of_scopes) <= len(items)
    _show(plan, items)


def _show(plan: Plan, items: list[PlanItem]) -> None:
    fold = PlanFold(plan.variants)
    for item in items:
        fold.add(item)
        json.dumps(item_to_json(item)).encode()
    totals = plan.totals
    for line in PlanScreen(fold=fold, totals=totals, estimate=estimate(totals)).lines():
        plain(line).encode()
    json.dumps([plan.header.to_json(), totals.to_json(), estimate(totals).to_json()]).encode()


@cache
def _plan() -> tuple[bytes, ...]:
    """The lines of a plan, up to its totals."""
    with TemporaryDirectory() as folder:
        options: dict[str, JSON] = {"rate": 10.0, "regions": ["eu-west-1"]}
        path = write_plan(Path(folder) / "plan", _items(), desired=_DESIRED, scopes=_SCOPES, options=options)
        return tuple(path.read_bytes().splitlines(keepends=True)[:-1])


_OLD = Settings(status_code="429", templates={"application/json": "{}"})
_NEW = Settings(parameters={"gatewayresponse.header.A": "'*'"}, templates={"text/html": "<p>x</p>\n"})
_DESIRED = Desired(
    rules={
        ResponseType.DEFAULT_4XX: Rule(settings=_NEW),
        ResponseType.THROTTLED: Rule(settings=_NEW, mode=Mode.MERGE),
        ResponseType.UNAUTHORIZED: Rule(settings=None),
    },
    wherever_customised={ResponseType.WAF_FILTERED: _NEW},
)


def _items() -> Iterator[PlanItem]:
    for number, scope in enumerate((*_SCOPES, *_SCOPES)):
        customised = (ResponseType.THROTTLED, ResponseType.UNAUTHORIZED, ResponseType.WAF_FILTERED)[
            number % 3 :
        ]
        observed = {t: GatewayResponse(type=t, settings=_OLD, default_response=False) for t in customised}
        yield PlannedApi(api=_api(number, scope), changes=diff(observed, _DESIRED))
    yield UnreadApi(
        api=_api(9, _SCOPES[0]),
        targets=(TARGETS[ResponseType.THROTTLED],),
        code="ApiNotFound",
        message="gone",
    )
    yield UnreadScope(scope=_SCOPES[1], code="AccessDenied", message="User: x is not authorized")


def _api(number: int, scope: Scope) -> RestApi:
    return RestApi(
        scope=scope,
        id=RestApiId(f"api000000{number}"),
        name=f"orders-{number}",
        tags={"tier": "public"},
        endpoint_types=("REGIONAL",),
        created=1_700_000_000.0,
    )


def _case(dice: Random) -> bytes:
    lines = list(_plan())
    for _ in range(dice.randint(1, 2)):
        at = dice.randrange(len(lines))
        lines[at] = _damaged_line(lines[at], dice)
    if dice.random() < 0.1:
        lines.insert(dice.randint(1, len(lines)), lines.pop(dice.randrange(len(lines))))
    whole = with_checksum(lines)
    return spoil_bytes(whole, dice) if dice.random() < 0.2 else whole


def _damaged_line(line: bytes, dice: Random) -> bytes:
    """Damage a line: mostly as JSON, so that the plan passes with its new checksum."""
    if dice.random() < 0.2:
        return spoil_bytes(line, dice)
    try:
        value = json.loads(line)
    except ValueError:
        return line
    return json.dumps(spoil(value, dice, words=_WORDS), separators=(",", ":")).encode() + b"\n"
