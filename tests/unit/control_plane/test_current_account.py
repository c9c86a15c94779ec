"""`current` beside the ids of accounts: the credentials' own one, in its place, each account once."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from batchgw.cli.flags.options import ConnectionFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.control_plane.interface import ControlPlane
from batchgw.discovery.estate import Estate
from batchgw.discovery.scopes import find_scopes
from batchgw.model import AccountId, Region, Scope, Targets
from batchgw.policy.loader import load_policy
from tests.virtual import virtually

OWN, OTHER = "111111111111", "222222222222"


class Plane:
    """Knows whose the credentials are."""

    async def current_account(self) -> AccountId:
        return AccountId(OWN)


@pytest.mark.parametrize(
    ("accounts", "resolved"),
    [
        ([], [OWN]),
        (["current"], [OWN]),
        (["current", OTHER], [OWN, OTHER]),
        ([OTHER, "current"], [OTHER, OWN]),
        (["current", OWN, OTHER], [OWN, OTHER]),
    ],
)
def test_current_becomes_the_account_of_the_credentials(accounts: list[str], resolved: list[str]) -> None:
    targets = Targets(accounts=tuple(map(AccountId, accounts)), regions=(Region("eu-west-1"),))

    async def main() -> None:
        plane = cast("ControlPlane", Plane())  # it is asked nothing else
        async with find_scopes(plane, targets, estate=Estate()) as scopes:
            found = [scope async for scope in scopes]
        assert found == [Scope(account=AccountId(a), region=Region("eu-west-1")) for a in resolved]

    virtually(main)


def test_a_policy_and_a_flag_may_name_it_beside_ids(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f'version: 1\ntargets: {{role: R, accounts: [current, "{OTHER}"]}}\nuse: [cors]\n')
    loaded = load_policy(path)
    assert loaded.policy.targets.accounts == ("current", OTHER)
    chosen = chosen_targets(Targets(), SelectionFlags(account=["current", OTHER]), ConnectionFlags())
    assert chosen.accounts == ("current", OTHER)
