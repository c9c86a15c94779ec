"""A chain of three roles over two virtual hours: each link lives an hour, and STS refuses for ten minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import anyio
import pytest

from batchgw.control_plane.aws.assumed_role import Assuming, role_chain
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.credentials.base_keys import BaseCredentials
from batchgw.control_plane.aws.credentials.renewal import Background
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.scope_credentials import ScopeCredentials
from batchgw.control_plane.aws.sts.client import StsClient
from batchgw.control_plane.aws.sts.questions import Sts
from batchgw.control_plane.aws.sts.regions import StsRegions
from batchgw.errors import CallError, ConnectionCut, CredentialsExpired, ServiceFailure, Throttled
from batchgw.events import NullObserver
from batchgw.model import AccountId, Region, RoleLink, Scope
from tests.virtual import virtually

EU = Region("eu-west-1")
BASE, HUB, SPOKE = AccountId("000000000001"), AccountId("111111111111"), AccountId("333333333333")
SCOPES = [Scope(account=AccountId(f"{number:012}"), region=EU) for number in range(400, 410)]
CHAIN = [
    RoleLink(role=f"arn:aws:iam::{HUB}:role/Hub"),
    RoleLink(role=f"arn:aws:iam::{SPOKE}:role/Spoke"),
    RoleLink(role="Each"),
]

HOUR, MINUTE = 3600.0, 60.0
CALLER_OF = {HUB: BASE, SPOKE: HUB} | {scope.account: SPOKE for scope in SCOPES}
"""Whose keys must ask for a role of an account."""


class FakeBase:
    """Base credentials that never expire."""

    account = BASE

    async def keys(self, _region: Region) -> Keys:
        return Keys(access_key=f"{BASE}/0", secret_key="s", account=BASE)


@dataclass
class FakeSts:
    """Gives keys for an hour to whoever has keys that are good, of the link before; refuses for a while."""

    begin: float
    end: float
    refusal: Callable[[], CallError]
    given: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    ends: dict[str, float] = field(default_factory=lambda: {f"{BASE}/0": 9e9})

    def check(self, key: str) -> None:
        """Refuse keys whose hour is over, as every service does."""
        if anyio.current_time() >= self.ends[key]:
            raise CredentialsExpired("The security token included in the request is expired")

    async def call(self, method: str, target: Target, params: Mapping[str, Any]) -> Mapping[str, Any]:
        assert method == "assume_role"
        assert "DurationSeconds" not in params
        await anyio.sleep(0.2)
        if self.begin <= anyio.current_time() < self.end:
            self.refused += 1
            raise self.refusal()
        self.check(target.keys.access_key)
        account = AccountId(params["RoleArn"].split(":")[4])
        assert target.keys.access_key.startswith(f"{CALLER_OF[account]}/"), "the link before signs"
        self.given[account] += 1
        key = f"{account}/{self.given[account]}"
        self.ends[key] = anyio.current_time() + HOUR
        return {
            "Credentials": {
                "AccessKeyId": key,
                "SecretAccessKey": "s",
                "SessionToken": "t",
                "Expiration": datetime.fromtimestamp(self.ends[key], UTC),
            },
            "AssumedRoleUser": {"Arn": f"arn:aws:sts::{account}:assumed-role/R/s"},
        }


def chained(sts: FakeSts, background: Background) -> ScopeCredentials:
    """Keys by the chain, as `connect` puts them together."""
    base = cast("BaseCredentials", FakeBase())
    regions = StsRegions(EU, lambda _region: "aws")
    client = StsClient(cast("TargetedClient", sts), base, always_on=regions.always_on)
    shared = Assuming(
        sts=Sts(client),
        regions=regions,
        session_name=lambda: "batchgw-run",
        background=background,
        observer=NullObserver(),
        clock=anyio.current_time,
    )
    role = role_chain(CHAIN, shared, base, each_account=True, policy=None)
    return ScopeCredentials(base, regions, role=role, observer=NullObserver())


REFUSALS: list[Callable[[], CallError]] = [
    lambda: Throttled("Rate exceeded"),
    lambda: ServiceFailure("down"),
    lambda: ConnectionCut("cut"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=["throttled", "down", "cut"])
@pytest.mark.parametrize("begin", [35 * MINUTE, 71 * MINUTE + 40])
def test_ten_minutes_without_sts_are_not_noticed_by_any_call(
    begin: float, refusal: Callable[[], CallError]
) -> None:
    """A call in each of ten accounts every ten seconds. All have keys at once, which are good.

    The first renewal is due 36 to 40 minutes after the first keys, all links' keys then; the second 72 to 80
    minutes after them. So each of the two times falls on a renewal of the whole chain.
    """
    sts = FakeSts(begin, begin + 10 * MINUTE, refusal)
    calls: list[float] = []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            credentials = chained(sts, tasks.start_soon)

            async def work(scope: Scope) -> None:
                for second in range(0, int(2 * HOUR), 10):
                    await anyio.sleep_until(second)
                    keys = await credentials.keys(scope)
                    assert keys.account == scope.account
                    sts.check(keys.access_key)
                    if second:
                        assert anyio.current_time() == second, "no call but the first waits for STS"
                    calls.append(anyio.current_time())

            async with anyio.create_task_group() as workers:
                for scope in SCOPES:
                    workers.start_soon(work, scope)
            tasks.cancel_scope.cancel()

    virtually(main)
    assert len(calls) == 10 * 720
    assert sts.refused, "the ten minutes were within the time of renewals"
    assert {sts.given[scope.account] for scope in SCOPES} <= {3, 4}, "two or three renewals in two hours"
    assert all(2 <= sts.given[account] <= 4 for account in (HUB, SPOKE)), "as often as they were needed"


def test_a_chain_whose_sts_never_comes_back_ends_with_the_link_that_failed() -> None:
    """The keys of the account serve to the last minute of their hour. Then the reason is told."""
    sts = FakeSts(5 * MINUTE, 9e9, lambda: ServiceFailure("down"))
    failures: list[str] = []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            credentials = chained(sts, tasks.start_soon)
            for second in range(0, int(HOUR - MINUTE), 10):
                await anyio.sleep_until(second)
                await credentials.keys(SCOPES[0])
            await anyio.sleep_until(HOUR)
            try:
                await credentials.keys(SCOPES[0])
            except CallError as error:
                failures.append(str(error))
            tasks.cancel_scope.cancel()

    virtually(main)
    (said,) = failures
    assert "role/Hub in account 111111111111 (link 1 of 3 of the chain): down" in said
