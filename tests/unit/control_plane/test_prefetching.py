"""Credentials are fetched while a plan is written into the journal, so all first calls leave at once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest

from batchgw import api
from batchgw.control_plane.interface import Execution, Request, T
from batchgw.control_plane.stack import PREFETCH, PacedControlPlane
from batchgw.errors import CredentialsUnavailable
from batchgw.journal import open_journal
from batchgw.model import AccountId, Region, Scope
from tests.scenarios.estate import Estate
from tests.virtual import virtually

SCOPES = tuple(
    Scope(account=AccountId(account), region=Region(region))
    for account in ("111111111111", "222222222222")
    for region in ("eu-west-1", "us-east-1")
)
LOGIN = 0.3


class Needing:
    """A plane whose accounts need credentials first, which takes `seconds`, or fails.

    Attributes:
        reached: accounts, and how often.
        first: when the first call of a scope came, and whether its account had been reached.
    """

    def __init__(self, estate: Estate | None = None, *, seconds: float = LOGIN, fails: bool = False) -> None:
        self._estate = estate
        self._seconds = seconds
        self._fails = fails
        self.reached: Counter[AccountId] = Counter()
        self.first: dict[Scope, tuple[float, bool]] = {}

    async def prefetch_credentials(self, scope: Scope) -> None:
        await anyio.sleep(self._seconds)
        self.reached[scope.account] += 1
        if self._fails:
            raise CredentialsUnavailable("cannot assume the role", code="AccessDenied")

    async def send(self, request: Request[T], execution: Execution | None = None) -> T:
        assert self._estate is not None
        reached = bool(self.reached[request.scope.account])
        self.first.setdefault(request.scope, (anyio.current_time(), reached))
        return await self._estate.raw.send(request, execution)

    async def current_account(self) -> AccountId:
        return AccountId("111111111111")


def reaching(plane: Needing) -> float:
    """Seconds that it takes to reach all scopes."""

    async def main() -> float:
        began = anyio.current_time()
        await PacedControlPlane(plane).prefetch_credentials_of(SCOPES)
        return anyio.current_time() - began

    return virtually(main)


def test_each_account_is_reached_once_and_all_at_the_same_time() -> None:
    plane = Needing()
    assert reaching(plane) == pytest.approx(LOGIN)
    assert plane.reached == {scope.account: 1 for scope in SCOPES}


def test_what_cannot_be_reached_is_left_to_its_first_call() -> None:
    assert reaching(Needing(fails=True)) == pytest.approx(LOGIN)


def test_who_does_not_answer_holds_nobody_up_for_long() -> None:
    plane = Needing(seconds=60)
    assert reaching(plane) == pytest.approx(PREFETCH)
    assert not plane.reached


@pytest.mark.parametrize("fails", [False, True])
def test_an_apply_reaches_every_account_before_its_first_put(tmp_path: Path, *, fails: bool) -> None:
    async def main() -> None:
        async with Estate() as estate:
            with await api.plan(estate.policy, plane=estate.plane) as plan:
                plane = Needing(estate, fails=fails)
                async with open_journal(str(tmp_path / "journal.db")) as journal:
                    summary = await api.apply(plan, plane=PacedControlPlane(plane), journal=journal)
            assert summary.exit_code == 0
            assert plane.reached == dict.fromkeys(map(AccountId, estate.world.accounts), 1)
            assert set(plane.first) == set(estate.scopes)
            assert all(reached for _, reached in plane.first.values())
            assert len({at for at, _ in plane.first.values()}) == 1

    virtually(main)


def test_a_plane_that_needs_nothing_is_not_asked() -> None:
    async def main() -> None:
        async with Estate() as estate:
            began = anyio.current_time()
            await estate.plane.prefetch_credentials_of(estate.scopes)
            assert anyio.current_time() == began

    virtually(main)
