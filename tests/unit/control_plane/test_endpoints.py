"""When an endpoint is given up: nothing but failures, from several scopes, for some seconds."""

from __future__ import annotations

import pytest

from batchgw.control_plane.endpoints import AGAIN, SCOPES, SECONDS, SECONDS_FOR_ALL, Endpoints
from batchgw.control_plane.tries import ATTEMPTS
from batchgw.errors import ConnectionFailed, EndpointUnreachable
from batchgw.model import AccountId, Region, Scope

DUBLIN, OHIO = Region("eu-west-1"), Region("us-east-2")
HOST = "https://apigateway.eu-west-1.example"


def scope(number: int, region: Region = DUBLIN) -> Scope:
    return Scope(account=AccountId(f"{number:012}"), region=region)


def refused(endpoint: str = HOST) -> ConnectionFailed:
    return ConnectionFailed(f"cannot connect to {endpoint}: connection refused.", endpoint=endpoint)


def fail(endpoints: Endpoints, of: Scope, now: float, endpoint: str = HOST) -> EndpointUnreachable | None:
    return endpoints.failed(refused(endpoint), of, of.region, now)


def test_it_is_given_up_when_enough_scopes_have_failed_for_long_enough() -> None:
    endpoints = Endpoints()
    for number in range(SCOPES):
        assert fail(endpoints, scope(number), 10.0) is None
        endpoints.check(DUBLIN, 10.0)
    assert fail(endpoints, scope(0), 10.0 + SECONDS - 0.1) is None
    verdict = fail(endpoints, scope(0), 10.0 + SECONDS)
    assert verdict is not None
    assert verdict.message.startswith(
        f"cannot connect to {HOST}: connection refused. Nothing there has answered"
    )
    with pytest.raises(EndpointUnreachable) as caught:
        endpoints.check(DUBLIN, 14.0)
    assert caught.value.sent is False
    assert fail(endpoints, scope(9), 14.0) is not None


def test_too_few_scopes_leave_it_to_their_own_retries() -> None:
    endpoints = Endpoints()
    for now in range(100):
        for number in range(SCOPES - 1):
            assert fail(endpoints, scope(number), float(now)) is None


def test_one_that_has_answered_is_never_given_up() -> None:
    endpoints = Endpoints()
    endpoints.answered(DUBLIN)
    for number in range(10):
        assert fail(endpoints, scope(number), 100.0 * number) is None


def test_an_answer_in_between_ends_the_suspicion() -> None:
    endpoints = Endpoints()
    for number in range(SCOPES):
        fail(endpoints, scope(number), 0.0)
    endpoints.answered(DUBLIN)
    assert fail(endpoints, scope(0), 60.0) is None


def test_other_endpoints_are_judged_apart() -> None:
    endpoints = Endpoints()
    for number in range(SCOPES):
        fail(endpoints, scope(number), 0.0)
    assert fail(endpoints, scope(0, OHIO), 60.0, "https://apigateway.us-east-2.example") is None
    assert fail(endpoints, scope(0), 60.0) is not None
    endpoints.check(OHIO, 60.0)


def test_regions_behind_one_endpoint_are_given_up_with_it() -> None:
    endpoints = Endpoints()
    for number in range(SCOPES):
        fail(endpoints, scope(number), 0.0)
    assert fail(endpoints, scope(0, OHIO), 60.0) is not None
    with pytest.raises(EndpointUnreachable):
        endpoints.check(OHIO, 60.0)


def test_a_failure_that_names_no_endpoint_says_nothing_of_any() -> None:
    endpoints = Endpoints()
    for number in range(10):
        assert endpoints.failed(ConnectionFailed("refused"), scope(number), DUBLIN, 10.0 * number) is None


def test_the_next_verb_tries_again() -> None:
    endpoints = Endpoints()
    for number in range(SCOPES + 1):
        fail(endpoints, scope(number), SECONDS * number)
    endpoints.forget()
    endpoints.check(DUBLIN, 60.0)
    assert fail(endpoints, scope(0), 60.0) is None


def test_nobody_sleeps_through_the_verdict() -> None:
    endpoints = Endpoints()
    assert endpoints.wait(14.0, DUBLIN) == 14.0
    for number in range(SCOPES):
        assert endpoints.wait(14.0, DUBLIN) == 14.0
        fail(endpoints, scope(number), 0.0)
    assert endpoints.wait(14.0, DUBLIN) == SECONDS
    assert endpoints.wait(0.2, DUBLIN) == 0.2
    assert endpoints.wait(14.0, OHIO) == 14.0


def test_one_call_that_all_wait_for_is_enough_after_a_longer_while() -> None:
    endpoints = Endpoints()
    alone = scope(0)
    for now in (0.0, 3.0, SECONDS_FOR_ALL - 0.1):
        assert endpoints.failed(refused(), alone, DUBLIN, now, for_all=True) is None
    assert endpoints.wait(14.0, DUBLIN) == SECONDS
    assert endpoints.wait(2.0, DUBLIN) == 2.0
    assert endpoints.failed(refused(), alone, DUBLIN, SECONDS_FOR_ALL, for_all=True) is not None


def test_the_attempts_of_a_call_that_all_wait_for_outlast_the_verdict_however_the_dice_fall() -> None:
    endpoints = Endpoints()
    endpoints.failed(refused(), scope(0), DUBLIN, 0.0, for_all=True)
    assert (ATTEMPTS - 1) * endpoints.wait(0.0, DUBLIN) >= SECONDS_FOR_ALL


def test_after_a_while_it_is_tried_again() -> None:
    endpoints = Endpoints()
    for number in range(SCOPES):
        fail(endpoints, scope(number), SECONDS * number)  # the third, at 6 s, is enough
    with pytest.raises(EndpointUnreachable):
        endpoints.check(DUBLIN, 2 * SECONDS + AGAIN - 0.1)
    endpoints.check(DUBLIN, 2 * SECONDS + AGAIN)
    assert fail(endpoints, scope(0), 2 * SECONDS + AGAIN) is None
