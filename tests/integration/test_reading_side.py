"""Who reads the organisation needs each statement that `iam-policy --organization` prints, on MiniStack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

import batchgw
from batchgw.errors import AccessDenied
from batchgw.exit_codes import OK
from batchgw.planning.totals import PlanTotals
from tests.integration import company as companies
from tests.integration.company import ROLE, Company
from tests.integration.emulator import Emulator
from tests.integration.permits import change_user, give, make_user, without
from tests.integration.session import connected, paced, policy
from tests.unit.cli_driver import batchgw as command

RUNNER = "runner"

POLICY = f"""\
version: 1
targets:
  accounts: {{include: [/Prod/Payments, {{tags: {{tier: gold}}}}], exclude: [{{name: old}}]}}
  regions: enabled
  role: {ROLE}
responses:
  DEFAULT_4XX: {{headers: {{X-Test: "1"}}}}
"""
"""Means two accounts: "pay" and "play"."""

MEANT = {"pay", "play"}


def printed(folder: Path, *flags: str) -> dict[str, Any]:
    """Give a document that `iam-policy` prints for the policy."""
    file = folder / "policy.yaml"
    file.write_text(POLICY)
    found = command("iam-policy", file, *flags)
    assert found.code == OK, found.err
    document: dict[str, Any] = found.json
    return document


@pytest.fixture
def company(only_ministack: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Give the organisation, with the roles and the user as they are printed. The user's keys are in use."""
    made = companies.found(only_ministack)
    for name in MEANT:
        give(only_ministack, made.keys(name), ROLE, printed(tmp_path, "--for", "plan"))
    keys = make_user(only_ministack, RUNNER, may=printed(tmp_path, "--organization"))
    for name, value in keys.environment.items():
        monkeypatch.setenv(name, value)
    return made


def planned(emulator: Emulator) -> PlanTotals | None:
    """Give the totals of a plan; None where the organisation cannot be read."""

    async def main() -> PlanTotals | None:
        async with connected(emulator, role=ROLE) as plane:
            try:
                with await batchgw.plan(policy(POLICY), plane=paced(plane)) as plan:
                    return plan.totals
            except AccessDenied:
                return None

    return anyio.run(main)


def accounts(company: Company, totals: PlanTotals) -> set[str]:
    """Give the names of the accounts that have something to change."""
    return {company.name(scope.account) for scope, counts in totals.scopes.items() if counts.changed_apis}


def test_what_is_printed_is_enough(company: Company) -> None:
    totals = planned(company.emulator)
    assert totals is not None
    assert totals.complete
    assert accounts(company, totals) == MEANT
    assert set(totals.frozen.regions.values()) == {"account:ListRegions"}


@pytest.mark.parametrize("sid", ["ListAccounts", "ReadOus", "ReadTagsOfAccounts", "AssumeRoles"])
def test_no_statement_can_be_spared(company: Company, tmp_path: Path, sid: str) -> None:
    """But ListRegionsOfAccounts: accounts tell their regions themselves, and MiniStack lets everybody ask."""
    change_user(company.emulator, RUNNER, without(printed(tmp_path, "--organization"), sid))
    totals = planned(company.emulator)
    assert totals is None or not totals.complete
    assert totals is None or not accounts(company, totals)
