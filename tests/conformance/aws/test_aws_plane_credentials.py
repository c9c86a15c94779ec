"""Roles over HTTP: how they are assumed, renewed and refused, and what happens when keys expire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
import pytest_asyncio
from aiohttp import web

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws import AwsControlPlane, connect
from batchgw.control_plane.operations import GetRestApis
from batchgw.control_plane.stack import PacedControlPlane
from batchgw.control_plane.tries import ATTEMPTS
from batchgw.errors import (
    CallError,
    CredentialsExpired,
    CredentialsRejected,
    CredentialsUnavailable,
    Stopped,
    WrongAccount,
)
from batchgw.events import CallRetried, CredentialsRefreshed, Event
from batchgw.model import AccountId, Region, Scope
from tests.conformance.aws.stub import (
    BASE_KEY,
    Seen,
    Stub,
    api_answer,
    api_error,
    assumed,
    cut,
    only_test_configuration,
    serving,
    sts_error,
)

pytestmark = pytest.mark.usefixtures("each_way")

ACCOUNT = "222222222222"
THERE = Scope(account=AccountId(ACCOUNT), region=Region("eu-west-1"))
LIST = GetRestApis(scope=THERE)
DENIED = "User: arn:aws:iam::000000000001:user/test is not authorized to perform: sts:AssumeRole"


class Told:
    """An observer that keeps all events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        self.events.append(event)


@pytest.fixture(autouse=True)
def _configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    only_test_configuration(monkeypatch)
    monkeypatch.setattr("batchgw.throttle.backoff.BASE", 0.001)


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[Stub]:
    async with serving() as running:
        yield running


@pytest_asyncio.fixture
async def plane(stub: Stub) -> AsyncIterator[AwsControlPlane]:
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role="Batchgw") as opened:
        yield opened


class Script:
    """STS gives these answers one after the other, and then repeats the last.

    A number means new keys that live so many seconds.
    """

    def __init__(self, *answers: web.Response | float | None) -> None:
        self.answers = list(answers)
        self.asked: list[Seen] = []

    async def __call__(self, seen: Seen, request: web.Request) -> web.StreamResponse:
        self.asked.append(seen)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        match answer:
            case None:
                cut(request)
                return web.Response()
            case web.Response():
                return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
            case life:
                return assumed(ACCOUNT, serial=len(self.asked), lifetime=life)


async def failure(plane: AwsControlPlane) -> CallError:
    with pytest.raises(CallError) as caught:
        await plane.send(LIST)
    return caught.value


def refuses(key: str, error: web.Response) -> Any:
    """An API Gateway that refuses one access key and takes all others."""

    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        if seen.key == key:
            return web.Response(status=error.status, headers=error.headers, body=error.body)
        return api_answer(200, {"item": [{"id": seen.key}]})

    return answer


@pytest.mark.asyncio
async def test_after_a_prefetch_the_first_call_needs_no_sts(stub: Stub, plane: AwsControlPlane) -> None:
    stub.sts = sts = Script(900.0)
    await plane.prefetch_credentials(THERE)
    assert len(sts.asked) == 1
    assert [s.form["Action"] for s in stub.seen] == ["GetCallerIdentity", "AssumeRole"]
    await plane.send(LIST)
    assert len(sts.asked) == 1
    assert len(stub.seen) == 3


@pytest.mark.asyncio
async def test_a_prefetch_that_fails_raises_what_a_call_would_raise(
    stub: Stub, plane: AwsControlPlane
) -> None:
    stub.sts = Script(sts_error("AccessDenied", 403, DENIED))
    with pytest.raises(CredentialsUnavailable, match="arn:aws:iam::222222222222:role/Batchgw"):
        await plane.prefetch_credentials(THERE)


@pytest.mark.asyncio
async def test_a_role_that_cannot_be_assumed_is_explained_with_account_reason_and_advice(
    stub: Stub, plane: AwsControlPlane
) -> None:
    stub.sts = Script(sts_error("AccessDenied", 403, DENIED))
    error = await failure(plane)
    assert type(error) is CredentialsUnavailable
    for part in ("arn:aws:iam::222222222222:role/Batchgw", ACCOUNT, DENIED, "trust policy", "--role-name"):
        assert part in str(error)
    assert (error.code, error.status, error.request_id) == ("AccessDenied", 403, "sts-1")
    assert len(stub.assumed) == 1, "a denial is not retried"
    assert stub.seen_by("apigateway") == []


@pytest.mark.asyncio
async def test_a_throttled_failing_or_cut_sts_is_asked_again(stub: Stub, plane: AwsControlPlane) -> None:
    script = Script(
        sts_error("Throttling", 400, "Rate exceeded"), sts_error("InternalFailure", 500, ""), None, 3600.0
    )
    stub.sts = script
    await plane.send(LIST)
    assert len(script.asked) == 4
    assert [s.key for s in stub.seen_by("apigateway")] == [f"ASIA{ACCOUNT}x4"]


@pytest.mark.asyncio
async def test_an_sts_that_stays_down_is_given_up_after_a_bounded_number_of_attempts(
    stub: Stub, plane: AwsControlPlane
) -> None:
    script = Script(sts_error("ServiceUnavailable", 503, "Service Unavailable"))
    stub.sts = script
    error = await failure(plane)
    assert type(error) is CredentialsUnavailable
    assert "Service Unavailable" in str(error)
    assert "trust policy" not in str(error), "the role is not at fault"
    assert len(script.asked) == ATTEMPTS


@pytest.mark.asyncio
async def test_without_a_role_an_sts_that_stays_down_ends_the_scope_after_the_attempts_of_one_call(
    stub: Stub,
) -> None:
    """Twenty calls in two regions all wait for the same three attempts."""
    script = Script(sts_error("ServiceUnavailable", 503, "Service Unavailable"))
    stub.identity = script
    errors: list[CallError] = []

    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", attempts=3) as plane:
        paced = PacedControlPlane(plane)

        async def ask(region: str) -> None:
            with pytest.raises(CallError) as caught:
                await paced.send(GetRestApis(scope=Scope(account=AccountId(ACCOUNT), region=Region(region))))
            errors.append(caught.value)

        async with anyio.create_task_group() as tasks:
            for region in ("eu-west-1", "us-east-1"):
                for _ in range(10):
                    tasks.start_soon(ask, region)
    assert {type(e) for e in errors} == {CredentialsUnavailable}
    assert all("whose account the credentials are: " in str(e) for e in errors)
    assert all("Service Unavailable" in str(e) for e in errors)
    assert len(script.asked) <= 6, "calls that came after the first failure may have asked once more"
    assert stub.seen_by("apigateway") == []


@pytest.mark.asyncio
async def test_observers_are_told_of_retries_of_sts_and_a_stop_ends_them(stub: Stub) -> None:
    stub.sts = Script(api_throttle(retry_after=50))
    told, stop = Told(), StopSignal()

    class Stopping:
        def notify(self, event: Event) -> None:
            told.notify(event)
            stop.request()

    url = f"http://127.0.0.1:{stub.port}"
    async with connect(endpoint_url=url, role="Batchgw", observer=Stopping(), stop=stop) as plane:
        with anyio.fail_after(10), pytest.raises(Stopped):
            await plane.send(LIST)
    (event,) = told.events
    assert isinstance(event, CallRetried)
    assert (event.operation, event.scope, event.attempt) == ("AssumeRole", THERE, 1)


def api_throttle(*, retry_after: int) -> web.Response:
    answer = sts_error("Throttling", 400, "Rate exceeded")
    answer.headers["Retry-After"] = str(retry_after)
    return answer


@pytest.mark.asyncio
async def test_base_credentials_that_sts_does_not_know_are_named_as_the_cause(
    stub: Stub, plane: AwsControlPlane
) -> None:
    words = "The security token included in the request is invalid."
    stub.sts = Script(sts_error("InvalidClientTokenId", 403, words))
    assert type(await failure(plane)) is CredentialsRejected


@pytest.mark.asyncio
async def test_expired_base_credentials_without_newer_ones_are_rejected_for_good(
    stub: Stub, plane: AwsControlPlane
) -> None:
    script = Script(sts_error("ExpiredToken", 403, "The security token is expired"))
    stub.sts = script
    error = await failure(plane)
    assert type(error) is CredentialsRejected
    assert not error.retry_safe
    assert len(script.asked) == 1


@pytest.mark.asyncio
async def test_expired_base_credentials_are_read_again_from_their_source(
    stub: Stub, plane: AwsControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(sts_error("ExpiredToken", 403, "The security token is expired"), 3600.0)
    stub.sts = script
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIARENEWED")
    await plane.send(LIST)
    assert [s.key for s in script.asked] == [BASE_KEY, "AKIARENEWED"]


@pytest.mark.asyncio
async def test_keys_of_another_account_than_asked_for_are_not_used(
    stub: Stub, plane: AwsControlPlane
) -> None:
    async def other(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        return assumed("333333333333")

    stub.sts = other
    error = await failure(plane)
    assert type(error) is WrongAccount
    assert "account 333333333333, not of 222222222222" in str(error)
    assert stub.seen_by("apigateway") == []


@pytest.mark.asyncio
async def test_new_keys_that_are_expired_already_lead_to_advice_about_the_clock(
    stub: Stub, plane: AwsControlPlane
) -> None:
    stub.sts = Script(-600.0)
    error = await failure(plane)
    assert type(error) is CredentialsUnavailable
    assert "clock" in str(error)


@pytest.mark.asyncio
async def test_an_unreadable_answer_of_sts_is_not_quoted(stub: Stub, plane: AwsControlPlane) -> None:
    stub.sts = Script(web.Response(text="<html>hunter2</html>", content_type="text/html"))
    error = await failure(plane)
    assert type(error) is CredentialsUnavailable
    assert "hunter2" not in str(error)


@pytest.mark.asyncio
async def test_keys_that_expire_on_the_way_are_replaced_for_the_next_attempt(
    stub: Stub, plane: AwsControlPlane
) -> None:
    """The attempt fails with an error that is safe to retry. The next attempt is signed with fresh keys."""
    stub.sts = Script(3600.0)
    stub.gateway = refuses(f"ASIA{ACCOUNT}x1", api_error("ExpiredTokenException", 403, "expired"))
    error = await failure(plane)
    assert type(error) is CredentialsExpired
    assert error.retry_safe
    page = await plane.send(LIST)
    assert page.items[0].id == f"ASIA{ACCOUNT}x2"
    assert len(stub.assumed) == 2


@pytest.mark.asyncio
async def test_calls_that_all_find_their_keys_expired_lead_to_one_renewal(
    stub: Stub, plane: AwsControlPlane
) -> None:
    stub.sts = Script(3600.0)
    stub.gateway = refuses(f"ASIA{ACCOUNT}x1", api_error("ExpiredTokenException", 403, "expired"))
    expired: list[CredentialsExpired] = []

    async def twice() -> None:
        try:
            await plane.send(LIST)
        except CredentialsExpired as error:
            expired.append(error)
            await plane.send(LIST)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(twice)
    assert expired
    assert len(stub.assumed) == 2


@pytest.mark.asyncio
async def test_expired_static_credentials_without_a_role_are_rejected_at_once(stub: Stub) -> None:
    stub.gateway = refuses(BASE_KEY, api_error("ExpiredTokenException", 403, "expired"))
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}") as plane:
        own = await plane.current_account()
        with pytest.raises(CredentialsRejected, match="renew them") as caught:
            await plane.send(GetRestApis(scope=Scope(account=own, region=Region("eu-west-1"))))
    assert not caught.value.retry_safe


@pytest.mark.asyncio
async def test_observers_are_told_of_renewed_keys_without_the_secret(stub: Stub) -> None:
    told = Told()
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role="Batchgw", observer=told) as plane:
        await plane.send(LIST)
    (event,) = told.events
    assert isinstance(event, CredentialsRefreshed)
    assert (event.account, event.role) == (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:role/Batchgw")
    assert "token-" not in repr(event)


@pytest.mark.asyncio
async def test_short_lived_keys_are_renewed_beside_the_calls_and_none_fails(
    stub: Stub, plane: AwsControlPlane
) -> None:
    """Keys live less than 2 s, and STS needs 0.2 s. Calls go on until the second pair of keys signs them."""
    slow = Script(2.0)

    async def answer(seen: Seen, request: web.Request) -> web.StreamResponse:
        await anyio.sleep(0.2)
        return await slow(seen, request)

    stub.sts = answer
    keys: set[str] = set()
    with anyio.fail_after(30):
        while len(keys) < 2:
            await plane.send(LIST)
            keys.add(stub.seen_by("apigateway")[-1].key)
            await anyio.sleep(0.02)


@pytest.mark.asyncio
async def test_closing_ends_a_renewal_that_is_under_way(stub: Stub) -> None:
    hanging = anyio.Event()

    async def answer(seen: Seen, _request: web.Request) -> web.StreamResponse:
        if len(stub.assumed) > 1:
            hanging.set()
            await anyio.sleep(60)
        return assumed(seen.form["RoleArn"].split(":")[4], lifetime=2.0)

    stub.sts = answer
    async with connect(endpoint_url=f"http://127.0.0.1:{stub.port}", role="Batchgw") as plane:
        with anyio.fail_after(5):
            while not hanging.is_set():
                await plane.send(LIST)
                await anyio.sleep(0.05)
