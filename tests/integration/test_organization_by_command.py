"""The verbs themselves, on an organisation in small: discover, plan, and apply after an account has moved."""

from __future__ import annotations

from pathlib import Path

from batchgw.exit_codes import OK, PENDING
from tests.integration import company as companies
from tests.integration.command import Shell
from tests.integration.company import BEFORE, ROLE
from tests.integration.emulator import REGIONS, Emulator

MEANT = {"pay", "play"}
"""Accounts that the policy means, and that are open."""

POLICY = f"""\
version: 1
targets:
  accounts: [/Prod/Payments, /Sandbox]
  regions: [eu-west-1, us-east-1]
  role: {ROLE}
responses:
  DEFAULT_4XX: {{headers: {{X-Test: "1"}}}}
"""


def test_an_account_that_moves_after_the_plan_is_told_and_the_plan_is_carried_out(
    only_ministack: Emulator, tmp_path: Path
) -> None:
    """Twice the organisation is asked: the plan knows what discover found."""
    company = companies.found(only_ministack)
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "quotas.yaml").write_text("services: {organizations: {rate: 1000, burst: 1000}}")
    quotas = {"BATCHGW_QUOTA_FILE": "quotas.yaml"}
    shell = Shell(emulator=only_ministack, folder=tmp_path, variables=quotas)

    found = shell.batchgw("discover", "policy.yaml", "--output", "jsonl")
    assert found.code == OK, found.err
    apis = {(line["account"], line["region"], line["id"]) for line in found.lines if "kind" not in line}
    assert apis == {
        (company.ids[name], region, company.apis[name, region]) for name in MEANT for region in REGIONS
    }
    accounts = {line["name"]: line["ou"] for line in found.lines if line.get("kind") == "account"}
    assert accounts == {"pay": "/Prod/Payments", "play": "/Sandbox", "old": "/Sandbox"}
    assert [line["code"] for line in found.lines if line.get("kind") == "skipped-scope"] == ["SUSPENDED"]

    assert shell.batchgw("plan", "policy.yaml", "--out", "saved.plan").code == PENDING
    only_ministack.client("organizations").move_account(
        AccountId=company.ids["play"],
        SourceParentId=company.ous["Sandbox",],
        DestinationParentId=company.ous["Prod", "Web/Shop"],
    )
    applied = shell.batchgw("apply", "--plan", "saved.plan", "--yes")
    assert applied.code == OK, applied.err
    told = f"account {company.ids['play']} (play) moved since the plan, from /Sandbox to /Prod/Web\\/Shop"
    assert told in " ".join(applied.err.split())
    assert company.customised() == {
        at: BEFORE | ({"DEFAULT_4XX"} if at[0] in MEANT else set()) for at in company.apis
    }
