"""A night's check is measured as its page says: what there is, what a program must find, and the bounds."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from batchgw.control_plane.aws.wire import FORMS
from batchgw.control_plane.interface import AWS
from batchgw.control_plane.operations import GetGatewayResponses
from batchgw.model import AccountId, Action, Region, RestApiId, Scope
from batchgw.planning.diff import diff
from batchgw.policy.loader import load_policy
from batchgw.simulator.traffic.quota import UNLIMITED, QuotaRules
from benchmarks import night
from benchmarks.fleet.scan import has_drifted
from benchmarks.fleet.server import Organisation
from benchmarks.fleet.size import AS_WANTED, OF, POLICY, Size
from benchmarks.harness.results import Row

SIZE = Size(accounts=2, regions=2, apis=15)
TAKEN = {"wall": 2.0, "cpu": 1.0, "peak": 100.0, "read": 900, "drifted": 240}
COUNTED = {"connections": 7, "opened": 9, "calls": 960, "refused": 3, "roles": 15}
PART = Size(accounts=15, regions=4, apis=15)


def asked(organisation: Organisation, path: str, *, account: str, region: str) -> tuple[bytes, bytes]:
    """Ask with the keys of an account's role. Gives the status line and the body."""
    signed = f"AWS4-HMAC-SHA256 Credential=ASIA{account}/20261130/{region}/apigateway/aws4_request"
    head = f"GET {path} HTTP/1.1\r\nAuthorization: {signed}".encode()
    answer, _, body = organisation.answer(head, b"").partition(b"\r\n\r\n")
    return answer.split(b"\r\n")[0], body


def apis(organisation: Organisation, account: str, region: str) -> list[str]:
    _, page = asked(organisation, "/restapis?limit=500", account=account, region=region)
    return [item["id"] for item in json.loads(page)["item"]]


def test_every_api_of_the_organisation_has_an_id_of_its_own() -> None:
    organisation = Organisation(SIZE, UNLIMITED)
    found = [
        api
        for account in SIZE.account_ids
        for region in SIZE.region_names
        for api in apis(organisation, account, region)
    ]
    assert len(set(found)) == len(found) == 60


def test_a_script_and_batchgw_find_the_same_and_as_much_as_there_is() -> None:
    desired = load_policy("policy.yaml", text=POLICY).policy.desired
    organisation = Organisation(SIZE, UNLIMITED)
    account, region = SIZE.account_ids[1], SIZE.region_names[1]
    bodies, drifted = [], []
    for api in apis(organisation, account, region):
        path = f"/restapis/{api}/gatewayresponses"
        status, body = asked(organisation, path, account=account, region=region)
        assert status == b"HTTP/1.1 200 OK"
        bodies.append(body)
        answer = FORMS["get_gateway_responses"].answer(body)
        scope = Scope(account=AccountId(account), region=Region(region))
        observed = GetGatewayResponses(scope=scope, api=RestApiId(api)).read(answer, AWS)
        pending = any(change.action is not Action.NO_OP for change in diff(observed, desired))
        assert has_drifted(answer["items"]) is pending
        drifted.append(pending)
    assert drifted == [False] * AS_WANTED + [True] * (OF - AS_WANTED)
    assert SIZE.drifted == 4 * 4
    assert len(set(bodies)) == 1 + 3 + 1, "as wanted; three that are like no other; never customised"


def test_the_server_refuses_what_is_above_the_quota_of_an_account_region() -> None:
    organisation = Organisation(SIZE, QuotaRules())
    account, (first, second) = SIZE.account_ids[0], SIZE.region_names
    answers = [asked(organisation, "/restapis", account=account, region=first)[0] for _ in range(41)]
    assert answers.count(b"HTTP/1.1 429 Too Many Requests") == 1
    assert asked(organisation, "/restapis", account=account, region=second)[0] == b"HTTP/1.1 200 OK"
    assert (organisation.calls, organisation.refused) == (42, 1)


def test_nothing_is_answered_about_an_account_region_that_did_not_sign() -> None:
    organisation = Organisation(SIZE, UNLIMITED)
    account, (first, second) = SIZE.account_ids[0], SIZE.region_names
    foreign = apis(organisation, account, second)[0]
    path = f"/restapis/{foreign}/gatewayresponses"
    assert asked(organisation, path, account=account, region=first)[0] == b"HTTP/1.1 404 Not Found"


def test_what_a_part_took_is_multiplied_and_what_it_held_is_not() -> None:
    """15 of 1,000 accounts in 2 s."""
    found = night.figures(night.OTHERS[0], TAKEN, COUNTED, PART, night.FLEET)
    assert found.failed is None
    assert found.values == {
        "accounts": 15,
        "wall": pytest.approx(133.33, abs=0.01),
        "cpu": pytest.approx(66.67, abs=0.01),
        "call": pytest.approx(1.0417, abs=0.0001),  # 1 s for 15 x 4 x 16 calls
        "peak": 100.0,
        "connections": 7,
        "refused": 3,
    }


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"read": 899}, "899 APIs read and 240 drifted; there are 900 and 240"),
        ({"drifted": 0}, "900 APIs read and 0 drifted; there are 900 and 240"),
    ],
)
def test_a_program_that_finds_something_else_has_failed(wrong: dict[str, float], told: str) -> None:
    assert night.figures(night.OURS, {**TAKEN, **wrong}, COUNTED, PART, night.FLEET).failed == told


def test_the_bounds_are_those_of_sts_and_the_quota() -> None:
    """1,000 roles at 50 a second, 10 of them at once; 16 calls fit into a burst of 40, 60 do not."""
    assert [bound.values["wall"] for bound in night.bounds_of(night.FLEET)] == [19.8, 0.0]
    larger = replace(night.FLEET, apis=59)
    assert [bound.values["wall"] for bound in night.bounds_of(larger)] == [19.8, 2.0]


def test_seconds_are_compared_with_the_largest_bound() -> None:
    ours = Row(name="ours", values={"wall": 30.0}, goals=night.GOALS)
    assert night.compared(ours, 20.0).values["ratio"] == 1.5
    assert night.compared(Row(name="broken", failed="no"), 20.0).values == {}
