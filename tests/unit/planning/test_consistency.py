"""An edited plan whose checksum was made again must still agree with itself and with its policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchgw.errors import PlanUnreadable
from batchgw.model import (
    AccountId,
    Desired,
    GatewayResponse,
    Mode,
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
from batchgw.model.inheritance import Observed, shown
from batchgw.planning.diff import diff
from batchgw.planning.kinds import expected
from batchgw.planning.plan_file.plan import Plan
from tests.saved_plans import with_checksum, write_plan

T = ResponseType
DUBLIN = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
TOKYO = Scope(account=AccountId("111111111111"), region=Region("ap-northeast-1"))
CORS = Settings(parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"})
DESIRED = Desired(
    rules={
        T.DEFAULT_4XX: Rule(settings=CORS),
        T.INVALID_API_KEY: Rule(settings=None),
        T.THROTTLED: Rule(settings=CORS, mode=Mode.MERGE),
    }
)

Line = dict[str, Any]


def observed(*customised: GatewayResponse) -> Observed:
    own = {response.type: response for response in customised}
    return {t: shown(t, own) for t in T}


def item(api: str, *customised: GatewayResponse, desired: Desired = DESIRED) -> PlannedApi:
    return PlannedApi(
        api=RestApi(scope=DUBLIN, id=RestApiId(api)), changes=diff(observed(*customised), desired)
    )


def own(response_type: ResponseType, settings: Settings) -> GatewayResponse:
    return GatewayResponse(type=response_type, settings=settings, default_response=False)


def written(path: Path, *items: PlannedApi | UnreadApi | UnreadScope, desired: Desired = DESIRED) -> Path:
    return write_plan(path, items, desired=desired, scopes=[DUBLIN, TOKYO])


def forged(path: Path, edit: Callable[[list[Line]], None]) -> Path:
    """Edit the lines of a plan and compute its checksum again, as anybody can."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    edit(lines)
    path.write_bytes(
        with_checksum(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines[:-1])
    )
    return path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    unread = UnreadApi(
        api=RestApi(scope=DUBLIN, id=RestApiId("a3")),
        targets=expected(DESIRED),
        code="BadRequest",
        message="no",
    )
    return written(
        tmp_path / "plan",
        item("a1"),
        item("a2", own(T.INVALID_API_KEY, CORS)),
        unread,
        UnreadScope(scope=TOKYO, code="AccessDenied", message="no"),
    )


def test_a_plan_with_a_new_checksum_and_no_edit_is_a_plan(plan: Path) -> None:
    opened = Plan.open(forged(plan, lambda _lines: None))
    assert opened.totals.total.writes == 5  # two types are customised in each API, one is reset in a2


def no_totals(lines: list[Line]) -> None:
    lines[-2] = {"kind": "totals", "scopes": {}, "total": {}, "operations": {}}


def totals_of_nothing(lines: list[Line]) -> None:
    for counts in lines[-2]["scopes"].values():
        for name in counts:
            counts[name] = 0


def another_after(lines: list[Line]) -> None:
    lines[1]["changes"][0]["after"]["responseParameters"]["gatewayresponse.header.X-Evil"] = "'1'"


def another_merge(lines: list[Line]) -> None:
    lines[1]["changes"][2]["after"]["statusCode"] = "200"


def another_action(lines: list[Line]) -> None:
    lines[2]["changes"][1]["action"] = "NO_OP"


def one_change_less(lines: list[Line]) -> None:
    del lines[1]["changes"][0]


def one_change_twice(lines: list[Line]) -> None:
    lines[1]["changes"].insert(1, lines[1]["changes"][0])


def one_change_more(lines: list[Line]) -> None:
    changes = lines[1]["changes"]
    changes.append(json.loads(json.dumps(changes[0])))
    changes[-1]["target"] = "WAF_FILTERED"


def one_api_twice(lines: list[Line]) -> None:
    lines.insert(2, lines[1])


def read_and_unread(lines: list[Line]) -> None:
    lines[3]["api"]["id"] = "a1"


def types_twice(lines: list[Line]) -> None:
    lines[3]["targets"].append({"change": "response", "target": "THROTTLED"})


def elsewhere(lines: list[Line]) -> None:
    lines[1]["api"]["account"] = "999999999999"


def unread_elsewhere(lines: list[Line]) -> None:
    lines[4]["region"] = "us-east-1"


def a_scope_too_many(lines: list[Line]) -> None:
    counts = dict.fromkeys(lines[-2]["total"], 0) | {"apis": 1}
    lines[-2]["scopes"]["999999999999/eu-west-1"] = counts


def unknown_variant(lines: list[Line]) -> None:
    lines[1]["variant"] = 1


def another_base(lines: list[Line]) -> None:
    desired = Desired(rules={T.THROTTLED: Rule(settings=None)})
    lines[-2]["variants"] = [{"rules": [], "desired": desired.to_json()}]


def said_to_be_exempt(lines: list[Line]) -> None:
    target = {"change": "response", "target": lines[1]["changes"].pop(0)["target"]}
    lines[1]["set_aside"] = [{**target, "code": "Exempt", "message": "no"}]


def changed_and_set_aside(lines: list[Line]) -> None:
    target = {"change": "response", "target": "THROTTLED"}
    lines[1]["set_aside"] = [{**target, "code": "Exempt", "message": "no"}]


def held_and_changed(lines: list[Line]) -> None:
    changed_and_set_aside(lines)
    lines[1]["set_aside"][0]["code"] = "Managed"


def unread_and_set_aside(lines: list[Line]) -> None:
    target = {"change": "response", "target": "THROTTLED"}
    lines[3]["set_aside"] = [{**target, "code": "Exempt", "message": "no"}]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (no_totals, "its totals say 0"),
        (totals_of_nothing, "its totals say 0 apis in 111111111111/eu-west-1, and its items come to 2"),
        (another_after, "111111111111/eu-west-1/a1, DEFAULT_4XX: its `after` is not what is made of it"),
        (another_merge, "111111111111/eu-west-1/a1, THROTTLED: its `after` is not what is made of it"),
        (another_action, "a2, INVALID_API_KEY: it has NO_OP, where RESET is made of it"),
        (one_change_less, "a1, DEFAULT_4XX: it has no change, where CREATE is made of it"),
        (one_change_twice, "a1, its changes: one is listed twice"),
        (one_change_more, "a1, WAF_FILTERED: it has CREATE, where no change is made of it"),
        (one_api_twice, "it lists 111111111111/eu-west-1/a1 twice"),
        (read_and_unread, "it lists 111111111111/eu-west-1/a1 twice"),
        (types_twice, "a response type of 111111111111/eu-west-1/a3 twice"),
        (elsewhere, "its totals say 2 apis in 111111111111/eu-west-1, and its items come to 1"),
        (unread_elsewhere, "say 1 unread scopes in 111111111111/ap-northeast-1, and its items come to 0"),
        (a_scope_too_many, "its totals say 1 apis in 999999999999/eu-west-1, and its items come to 0"),
        (unknown_variant, "111111111111/eu-west-1/a1 is of variant 1, which its totals do not have"),
        (another_base, "what its totals say of APIs that no rule matches is not what its first line says"),
        (said_to_be_exempt, "a1, DEFAULT_4XX: it has no change, where CREATE is made of it"),
        (changed_and_set_aside, "it expects a response type of 111111111111/eu-west-1/a1 twice"),
        (held_and_changed, "it expects a response type of 111111111111/eu-west-1/a1 twice"),
        (unread_and_set_aside, "it expects a response type of 111111111111/eu-west-1/a3 twice"),
    ],
)
def test_what_contradicts_itself_is_no_plan(
    plan: Path, edit: Callable[[list[Line]], None], says: str
) -> None:
    with pytest.raises(PlanUnreadable, match="contradicts itself") as refused:
        Plan.open(forged(plan, edit))
    assert says in str(refused.value)


def test_a_merge_starts_from_what_a_type_shows_also_where_its_family_is_not_in_the_plan(
    tmp_path: Path,
) -> None:
    """What an uncustomised type shows is inherited, so its before-image says what the merge was made of."""
    desired = Desired(rules={T.THROTTLED: Rule(settings=CORS, mode=Mode.MERGE)})
    family = Settings(status_code="418", parameters={"gatewayresponse.header.X-Family": "'1'"})
    planned = item("a1", own(T.DEFAULT_4XX, family), desired=desired)
    assert planned.changes[0].after == Settings(
        status_code="418", parameters={**family.parameters, **CORS.parameters}
    )
    assert list(Plan.open(written(tmp_path / "plan", planned, desired=desired)).items()) == [planned]


def test_an_api_that_comes_twice_is_found_in_a_plan_of_any_size(tmp_path: Path) -> None:
    fleet = [item(f"{number:010d}") for number in range(600)]
    assert Plan.open(written(tmp_path / "whole", *fleet)).totals.total.apis == 600
    with pytest.raises(PlanUnreadable, match="it lists 111111111111/eu-west-1/0000000007 twice"):
        Plan.open(written(tmp_path / "twice", *fleet, item("0000000007")))
