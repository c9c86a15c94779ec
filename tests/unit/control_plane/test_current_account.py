"""`current` beside the ids of accounts: the credentials' own one, in its place, each account once."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.cli.flags.options import ConnectionFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.discovery.scopes import resolve_scopes
from batchgw.model import AccountId, Region, Targets
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
        scopes = await resolve_scopes(Plane(), targets)  # type: ignore[arg-type] # it is asked nothing else
        assert [scope.account for scope in scopes] == resolved

    virtually(main)


def test_a_policy_and_a_flag_may_name_it_beside_ids(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(f'version: 1\ntargets: {{role: R, accounts: [current, "{OTHER}"]}}\nuse: [cors]\n')
    loaded = load_policy(path)
    assert loaded.policy.targets.accounts == ("current", OTHER)
    chosen = chosen_targets(Targets(), SelectionFlags(account=["current", OTHER]), ConnectionFlags())
    assert chosen.accounts == ("current", OTHER)
