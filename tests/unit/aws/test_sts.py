"""Questions to STS: how often, how many at once, how long between; in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import anyio
import pytest

from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.credentials.base_keys import BaseCredentials
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.sts.client import Question, StsClient
from batchgw.control_plane.aws.sts.questions import RoleSession, Sts
from batchgw.errors import (
    AccessDenied,
    CallError,
    ConnectionFailed,
    CredentialsExpired,
    CredentialsRejected,
    EndpointUnreachable,
    ServiceFailure,
    Stopped,
    Throttled,
)
from batchgw.events import CallRetried, Event
from batchgw.model import AccountId, Region, RoleLink, Scope
from batchgw.throttle.quota import STS, Quota
from tests.virtual import virtually

EU = Region("eu-west-1")
VIRGINIA = Region("us-east-1")
CHINA = Region("cn-north-1")
ACCOUNT = AccountId("111111111111")


class Longest(Random):
    """The end of every range: each wait is as long as it may be."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002 - the signature is Random's
        return b


@dataclass
class FakeClient:
    """Fails as the script says, one error a call, then answers. A call takes a second."""

    script: list[CallError] = field(default_factory=list)
    left_at: list[float] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0

    async def call(self, method: str, target: Target, params: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002 - as the real one
        self.left_at.append(anyio.current_time())
        self.keys.append(target.keys.access_key)
        self.regions.append(target.region)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await anyio.sleep(1.0)
        self._at_once -= 1
        if self.script:
            raise self.script.pop(0)
        return {"Account": ACCOUNT}


@dataclass
class FakeBase:
    """Numbered keys: a renewal gives the next, as long as there are `others`."""

    others: int = 0
    number: int = 0

    async def keys(self, region: Region) -> Keys:  # noqa: ARG002 - as the real one
        return Keys(access_key=f"AKIA{self.number}", secret_key="s")

    async def renew(self, rejected: Keys, region: Region) -> bool:  # noqa: ARG002 - as the real one
        self.number += 1
        return self.number <= self.others


def session(arn: str, *, external_id: str | None = None) -> RoleSession:
    return RoleSession(arn=arn, name="s", link=RoleLink(role="R", external_id=external_id))


@dataclass
class Told:
    events: list[Event] = field(default_factory=list)

    def notify(self, event: Event) -> None:
        self.events.append(event)


def ask(
    *script: CallError,
    base: FakeBase | None = None,
    attempts: int = 3,
    told: Told | None = None,
    stop: StopSignal | None = None,
    pace: Quota = STS,
    body: Callable[[Sts], Awaitable[object]] = lambda sts: sts.account(EU),
) -> tuple[FakeClient, list[object]]:
    """Ask, by default for the account, and give what was sent and what came of it."""
    client = FakeClient(list(script))
    results: list[object] = []

    async def main() -> None:
        client_of_sts = StsClient(
            cast("TargetedClient", client),
            cast("BaseCredentials", base or FakeBase()),
            always_on=lambda region: None if region == CHINA else VIRGINIA,
            attempts=attempts,
            pace=pace,
            observer=told,
            stop=stop,
            random=Longest(),
        )
        try:
            results.append(await body(Sts(client_of_sts)))
        except (CallError, Stopped) as error:
            results.append(error)

    virtually(main)
    return client, results


def waits(client: FakeClient) -> list[float]:
    """Seconds between the end of a call and the next."""
    return [after - before - 1 for before, after in zip(client.left_at, client.left_at[1:], strict=False)]


def test_what_fails_is_asked_again_after_doubling_waits_and_bounded() -> None:
    client, (error,) = ask(*[ServiceFailure("down")] * 5)
    assert isinstance(error, ServiceFailure)
    assert waits(client) == [0.5, 1.0]  # three attempts


def test_a_throttle_waits_and_uses_up_no_attempt() -> None:
    """Five throttles in a row and two failures are survived with three attempts."""
    throttles = [Throttled("Rate exceeded")] * 5
    client, results = ask(ServiceFailure("down"), *throttles, ServiceFailure("down"))
    assert results == [ACCOUNT]
    assert len(client.left_at) == 8


def test_no_service_makes_us_wait_longer_than_a_minute() -> None:
    client, results = ask(
        Throttled("slow down", retry_after=86_400.0), ServiceFailure("maintenance", retry_after=3600.0)
    )
    assert results == [ACCOUNT]
    assert waits(client) == [60.0, 60.0]


async def crowd(sts: Sts, number: int) -> float:
    """So many ask at once. Gives the seconds until all are answered."""
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(number):
            tasks.start_soon(sts.account, EU)
    return anyio.current_time() - began


def test_a_thousand_accounts_ask_fifty_times_a_second() -> None:
    """10 are there at first, 2.25 stay in reserve, the rest is refilled; the last answer takes a second."""
    client, (took,) = ask(body=lambda sts: crowd(sts, 1000))
    assert len(client.left_at) == 1000
    assert took == pytest.approx((1000 - 10 + 2.25) / 50 + 1)
    first, second, third = client.left_at[:3]
    assert second == first
    assert third - second == pytest.approx(1 / 100), "but for two, not even the burst leaves all at once"


def test_another_pace_is_kept_to() -> None:
    """As above, at 5 a second."""
    _, (took,) = ask(body=lambda sts: crowd(sts, 1000), pace=Quota(5, 10))
    assert took == pytest.approx((1000 - 10 + 2.25) / 5 + 1)


def test_when_one_is_told_to_slow_down_all_do() -> None:
    client, _ = ask(Throttled("slow down", retry_after=50.0), body=lambda sts: crowd(sts, 200))
    assert len(client.left_at) == 201
    assert len([at for at in client.left_at if 1.0 < at - client.left_at[0] < 51.0]) == 0


def test_every_attempt_made_again_is_told_and_the_last_is_not() -> None:
    told = Told()
    ask(*[ConnectionFailed("refused", code="EndpointConnectionError")] * 3, told=told)
    assert [
        (e.operation, str(e.scope), e.attempt, e.delay, e.code)
        for e in told.events
        if isinstance(e, CallRetried)
    ] == [
        ("GetCallerIdentity", "*/eu-west-1", 1, 0.5, "EndpointConnectionError"),
        ("GetCallerIdentity", "*/eu-west-1", 2, 1.0, "EndpointConnectionError"),
    ]


def test_a_role_is_told_of_with_the_scope_it_is_for() -> None:
    told = Told()
    scope = Scope(account=ACCOUNT, region=Region("me-south-1"))
    ask(
        ServiceFailure("down"),
        told=told,
        body=lambda sts: sts.assume_role(session("arn", external_id="sesame-17"), EU, scope),
    )
    (event,) = told.events
    assert isinstance(event, CallRetried)
    assert (event.operation, event.scope) == ("AssumeRole", scope)
    assert "sesame-17" not in repr(event)


def test_expired_keys_get_one_more_attempt_with_others_even_where_one_attempt_is_all() -> None:
    base = FakeBase(others=9)
    client, results = ask(CredentialsExpired("expired"), base=base, attempts=1)
    assert (results, client.keys) == ([ACCOUNT], ["AKIA0", "AKIA1"])
    client, (error,) = ask(*[CredentialsExpired("expired")] * 9, base=FakeBase(others=9), attempts=5)
    assert (type(error), len(client.left_at)) == (CredentialsExpired, 2)


def test_expired_keys_without_others_are_rejected() -> None:
    client, (error,) = ask(CredentialsExpired("expired"))
    assert (type(error), len(client.left_at)) == (CredentialsRejected, 1)


OFF = CredentialsRejected("The security token is invalid", code="InvalidClientTokenId")


def test_where_a_region_is_switched_off_the_one_that_cannot_be_is_asked_from_then_on() -> None:
    async def twice(sts: Sts) -> list[AccountId]:
        return [await sts.account(EU), await sts.account(EU)]

    client, results = ask(OFF, body=twice)
    assert results == [[ACCOUNT, ACCOUNT]]
    assert client.regions == [EU, VIRGINIA, VIRGINIA]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (
            CredentialsRejected("unknown in Virginia", code="InvalidClientTokenId"),
            "The security token is invalid",
        ),
        (ServiceFailure("down in Virginia"), "The security token is invalid"),
        (AccessDenied("not authorized: sts:AssumeRole"), "not authorized: sts:AssumeRole"),
    ],
)
def test_keys_that_are_unknown_there_too_are_at_fault_themselves(second: CallError, told: str) -> None:
    """A role that refuses them there shows that the keys are known, and says more."""
    client, (error,) = ask(OFF, second, attempts=1)
    assert (str(error), client.regions) == (told, [EU, VIRGINIA])


@pytest.mark.parametrize(
    ("region", "error"),
    [
        (VIRGINIA, OFF),
        (CHINA, OFF),
        (EU, CredentialsRejected("Signature expired", code="SignatureDoesNotMatch")),
        (EU, AccessDenied("not authorized: sts:AssumeRole", code="AccessDenied")),
    ],
)
def test_what_is_the_same_everywhere_is_not_asked_elsewhere(region: Region, error: CallError) -> None:
    client, results = ask(error, body=lambda sts: sts.account(region))
    assert (results, client.regions) == ([error], [region])


@pytest.mark.parametrize(
    "refusal", [ServiceFailure("maintenance", retry_after=50.0), Throttled("slow down", retry_after=50.0)]
)
def test_a_stop_ends_the_wait_before_another_attempt(refusal: CallError) -> None:
    stop = StopSignal()

    async def stopped(sts: Sts) -> float:
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(request_later)
            with pytest.raises(Stopped):
                await sts.account(EU)
        return anyio.current_time() - began

    async def request_later() -> None:
        await anyio.sleep(3.0)
        stop.request()

    client, results = ask(refusal, body=stopped, stop=stop)
    assert (len(client.left_at), results) == (1, [3.0])


def test_after_a_stop_nothing_is_asked() -> None:
    stop = StopSignal()

    async def stopped(sts: Sts) -> None:
        stop.request()
        await sts.account(EU)

    client, (error,) = ask(body=stopped, stop=stop)
    assert (type(error), client.left_at) == (Stopped, [])


def test_a_stop_ends_every_wait_and_no_question_is_asked_after_it() -> None:
    """The first is told to wait for fifty seconds. Those in flight are given up, for they change nothing."""
    stop = StopSignal()
    stopped: list[Stopped] = []
    answered: list[AccountId] = []

    async def one(sts: Sts) -> None:
        try:
            answered.append(await sts.account(EU))
        except Stopped as error:
            stopped.append(error)

    async def hundred(sts: Sts) -> float:
        began = anyio.current_time()
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(one, sts)
            await anyio.sleep(1.5)
            stop.request()
        await one(sts)
        return anyio.current_time() - began

    client, (took,) = ask(Throttled("slow down", retry_after=50.0), body=hundred, stop=stop)
    assert len(answered) + len(stopped) == 101
    assert answered
    assert max(client.left_at) - client.left_at[0] <= 1.0
    assert took == 1.5


def test_a_question_shows_no_external_id() -> None:
    scope = Scope(account=ACCOUNT, region=EU)
    question = Question(method="m", operation="o", region=EU, scope=scope, params={"ExternalId": "sesame-17"})
    assert "sesame-17" not in repr(question)


def test_an_sts_that_nobody_can_connect_to_is_given_up_for_a_thousand_roles_at_once() -> None:
    """The first failure comes at 1 s, the verdict 3 s later, and nobody is asked for after that.

    By then no more than 10 + 4 x 50 questions have left. Were each asked eight times, at 50/s, it took 160 s.
    """

    async def roles(sts: Sts) -> list[str]:
        told: list[str] = []

        async def one(number: int) -> None:
            scope = Scope(account=AccountId(f"{number:012}"), region=EU)
            arn = f"arn:aws:iam::{scope.account}:role/R"
            try:
                await sts.assume_role(session(arn), EU, scope)
            except CallError as error:
                told.append(f"{type(error).__name__}: {error}")

        async with anyio.create_task_group() as tasks:
            for number in range(1000):
                tasks.start_soon(one, number)
        assert anyio.current_time() < 10
        return told

    def refused() -> ConnectionFailed:
        url = "https://sts.example"
        return ConnectionFailed(f"cannot connect to {url}: connection refused.", endpoint=url)

    client, (told,) = ask(*(refused() for _ in range(8000)), attempts=8, body=roles)
    assert isinstance(told, list)
    assert len(told) == 1000
    assert len(set(told)) == 1
    assert told[0].startswith("EndpointUnreachable: cannot connect to https://sts.example")
    assert 150 <= len(client.left_at) <= 210


def test_whose_the_keys_are_is_not_asked_for_half_a_minute_where_nobody_can_connect() -> None:
    """All scopes wait for it. A call takes 1 s, and waits are of 1.5 to 3 s: it leaves as is said below.

    The last one fails 12 s after the first did, which is long enough.
    """

    def refused() -> ConnectionFailed:
        url = "https://sts.example"
        return ConnectionFailed(f"cannot connect to {url}: connection refused.", endpoint=url)

    client, (error,) = ask(
        *(refused() for _ in range(20)),
        attempts=8,
        body=lambda sts: sts.account(EU, Keys(access_key="AKIA9", secret_key="s")),
    )
    assert isinstance(error, EndpointUnreachable)
    assert client.left_at == [0.0, 2.5, 5.0, 8.0, 12.0]
