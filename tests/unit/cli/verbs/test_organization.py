"""An organisation on the command line: what is found, what is told of it, and what is refused."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import ask_services_at_once, batchgw, clean_environment, served

MANAGEMENT, PROD, OTHER, CLOSED = (str(n) * 12 for n in range(1, 5))
WORLD = {
    "accounts": [
        {"id": MANAGEMENT, "name": "management"},
        {"id": PROD, "name": "prod", "ou": r"/Prod/Pay\/ments", "tags": {"tier": "a"}},
        {"id": OTHER, "name": "other", "ou": "/Sand box", "regions": {"eu-south-1": "ENABLED"}},
        {"id": CLOSED, "name": "closed", "ou": "/Prod", "state": "CLOSED"},
    ],
    "regions": ["eu-west-1", "us-east-1"],
}
POLICY = """\
version: 1
targets:
  accounts: [/Prod, ACCOUNT]
  regions: enabled
  role: OrganizationBatchgw
responses:
  DEFAULT_4XX: {headers: {X-Test: "1"}}
"""
ROLE = ("--role-name", "OrganizationBatchgw")
EVERYWHERE = ("--account", "organization", "--region", "enabled", *ROLE)


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ReadyInfo]:
    clean_environment(monkeypatch, tmp_path)
    ask_services_at_once(monkeypatch, tmp_path)
    Path("world.json").write_text(json.dumps(WORLD))
    Path("policy.yaml").write_text(POLICY.replace("ACCOUNT", f'"{OTHER}"'))
    with served(monkeypatch, organization=Path("world.json"), apis=14) as info:
        yield info


def kinds(lines: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for record in lines:
        found.setdefault(record.get("kind", "api"), []).append(record)
    return found


def test_discover_shows_apis_and_then_what_it_knows_of_accounts() -> None:
    """Fourteen APIs are spread over seven account-regions that are on, and one account that is closed."""
    shown = batchgw("discover", *EVERYWHERE, "--output", "jsonl", "--stages")
    assert shown.code == 0, shown.err
    found = kinds(shown.lines)
    assert {record["account"] for record in found["api"]} == {MANAGEMENT, PROD, OTHER}
    one = next(record for record in found["api"] if record["account"] == PROD)
    assert (one["accountName"], one["ou"]) == ("prod", r"/Prod/Pay\/ments")
    assert one["created"].startswith("20")
    assert isinstance(one["stages"], list)
    accounts = {record["id"]: record for record in found["account"]}
    assert accounts[OTHER]["ou"] == "/Sand box"
    assert accounts[PROD]["ou"] == r"/Prod/Pay\/ments"
    assert accounts[PROD]["regions_by"] == "account:ListRegions"
    assert accounts[OTHER]["regions"] == ["eu-south-1", "eu-west-1", "us-east-1"]
    assert accounts[CLOSED]["state"] == "CLOSED"
    skipped = {(record["account"], record["region"]): record["code"] for record in found["skipped-scope"]}
    assert skipped[CLOSED, "*"] == "CLOSED"
    assert skipped[PROD, "eu-south-1"] == "DISABLED"
    Path("apis.jsonl").write_text(shown.out)
    again = batchgw("discover", "--targets", "apis.jsonl", *ROLE, "-o", "jsonl")
    assert len(kinds(again.lines)["api"]) == len(found["api"])


def test_the_table_names_accounts_and_what_is_skipped_beside_it() -> None:
    shown = batchgw("discover", "policy.yaml")
    assert shown.code == 0, shown.err
    assert PROD in shown.out
    assert MANAGEMENT not in shown.out
    assert r"/Prod/Pay\/ments" in shown.err
    assert "account:ListRegions" in shown.err
    assert "4 accounts found, 2 selected, 1 skipped" in shown.err
    assert "CLOSED" in shown.err


ROLE_THAT_LISTS = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "apigateway:GET",
        "Resource": "arn:aws:apigateway:*::/restapis",
    },
}


def test_what_cannot_be_read_is_told_to_programs_as_well_and_counted_as_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One role lists APIs and may not show their stages; another is missing."""
    roles = [{"name": "OrganizationBatchgw", "accounts": [PROD], "policy": ROLE_THAT_LISTS}]
    Path("iam.json").write_text(json.dumps({"roles": roles}))
    with served(monkeypatch, organization=Path("world.json"), apis=14, iam=Path("iam.json")):
        plain = batchgw("discover", *EVERYWHERE, "-o", "jsonl")
        table = batchgw("discover", *EVERYWHERE, "--stages")
        stages = batchgw("discover", *EVERYWHERE, "--stages", "-o", "jsonl")
        Path("apis.jsonl").write_text(stages.out)
        again = batchgw("discover", "--targets", "apis.jsonl", *ROLE)
    assert (plain.code, table.code, stages.code) == (4, 4, 4)
    unread = {(each["account"], each["region"]) for each in kinds(plain.lines)["unread-scope"]}
    assert unread == {(OTHER, region) for region in ("eu-south-1", "eu-west-1", "us-east-1")}
    assert "unread-api" not in kinds(plain.lines)
    told = kinds(stages.lines)
    denied = {each["api"]["id"] for each in told["unread-stages"]}
    listed = {each["id"] for each in kinds(plain.lines)["api"] if each["account"] == PROD}
    assert denied == listed
    assert "unread-api" not in told
    assert {each["id"] for each in told["api"] if each["stages"] is None} == denied
    assert {each["id"] for each in told["api"]} == {each["id"] for each in kinds(plain.lines)["api"]}
    assert table.err.count("could not be read: ApiDenied") == 1
    assert f"Stages of {len(listed)} APIs could not be read: ApiDenied: " in table.err
    assert table.out.count("stages: not read") == len(listed)
    assert table.err.count("`batchgw iam-policy POLICY --stages` prints the statement") == 1
    rows = {line.split()[0]: line for line in table.err.splitlines() if "account:ListRegions" in line}
    assert f"ACTIVE     {len(listed)}  " in rows[PROD]
    assert "ACTIVE   0+?  " in rows[OTHER]
    assert "?" not in rows[MANAGEMENT]
    assert again.code == 0, again.err


@pytest.mark.parametrize("verb", ["plan", "check", "apply", "discover"])
def test_a_selector_of_accounts_that_matches_nothing_is_refused_with_its_place(verb: str) -> None:
    Path("policy.yaml").write_text(POLICY.replace("ACCOUNT", "/prod/**"))
    yes = ["--yes"] if verb == "apply" else []
    refused = batchgw(verb, "policy.yaml", *yes)
    assert refused.code == 4
    assert "policy.yaml:3:21: OU /prod/** matches no account" in refused.out + refused.err
    assert "the case of letters counts, and there is /Prod" in refused.out + refused.err
    accepted = batchgw(verb, "policy.yaml", *yes, "--allow-empty")
    assert accepted.code in (0, 2)


REGIONS = "{enabled: true, exclude: [us-east-9], order: [eu-south-1, eu-west-9]}"
NO_REGIONS = (
    "policy.yaml:4:38: excluded region us-east-9 matches no region of any account; did you mean us-east-",
    "policy.yaml:4:70: region of the order eu-west-9 matches no region of any account; did you mean eu-west-",
)


@pytest.mark.parametrize("verb", ["plan", "check", "apply", "discover"])
def test_a_region_that_no_account_has_is_refused_with_its_place(verb: str) -> None:
    """It would not be left out, or not be first. One that any account has is no mistake."""
    text = POLICY.replace("ACCOUNT", f'"{OTHER}"').replace("regions: enabled", f"regions: {REGIONS}")
    Path("policy.yaml").write_text(text)
    yes = ["--yes"] if verb == "apply" else []
    refused = batchgw(verb, "policy.yaml", *yes)
    assert refused.code == 4
    said = refused.out + refused.err
    for sentence in NO_REGIONS:
        assert sentence in said
    assert "order eu-south-1 matches" not in said
    if verb == "apply":
        assert "nothing was written" in said
    accepted = batchgw(verb, "policy.yaml", *yes, "--allow-empty")
    assert accepted.code in (0, 2)


@pytest.mark.parametrize("by_flag", [True, False])
def test_an_account_of_a_plain_list_is_told_with_its_place(*, by_flag: bool) -> None:
    """A rule asks for its OU, so the organisation is asked, which does not have it."""
    rule = "rules:\n  - {name: r, match: {ou: /Prod}, responses: {THROTTLED: {status: 429}}}\n"
    text = POLICY.replace("[/Prod, ACCOUNT]", f'["{OTHER}", "987654321098"]')
    Path("policy.yaml").write_text(text + rule)
    given = ["--account", OTHER, "--account", "987654321098"] if by_flag else []
    where = "--account" if by_flag else "policy.yaml:3:30"
    refused = batchgw("plan", "policy.yaml", *given)
    assert refused.code == 4
    assert f"{where}: account 987654321098 matches no account" in refused.out
    left_out = batchgw("discover", "policy.yaml", *given, "--exclude-account", "/Prod")
    assert f"{where}: account 987654321098 matches no account" in left_out.err


RULES = """\
rules:
  - {name: old, match: {ou: /Prd, tags: {team: a}}, responses: {THROTTLED: {status: 429}}}
  - {name: few, match: {account: Other}, responses: {THROTTLED: {status: 429}}}
  - {name: none, match: {ou: /Sand box, name: missing}, responses: {THROTTLED: {status: 429}}}
exemptions:
  - {match: {ou: /Sandbox/**}, types: [THROTTLED], reason: r, until: 2999-01-01}
"""
SLIPS = (
    "policy.yaml:9:5: rule old matches no REST API; OU /Prd matches no account; did you mean /Prod?\n",
    "policy.yaml:10:5: rule few matches no REST API; account name Other matches no account; the case of ",
    "policy.yaml:11:5: rule none matches no REST API\n",
    "OU /Sandbox/** matches no REST API; OU /Sandbox/** matches no account; did you mean /Sand box?\n",
)


@pytest.mark.parametrize("accounts", ["organization", f'[/Prod, "{OTHER}"]'])
def test_a_slip_in_what_a_rule_asks_of_accounts_is_told_as_in_targets(accounts: str) -> None:
    text = POLICY.replace("[/Prod, ACCOUNT]", accounts)
    Path("policy.yaml").write_text(text + RULES)
    table = batchgw("plan", "policy.yaml", "--out", "saved.plan")
    assert table.code == 2
    for sentence in SLIPS:
        assert sentence in table.out
    for form in ("text", "markdown"):
        said = batchgw("show", "saved.plan", "-o", form)
        assert "did you mean /Prod?" in said.out + said.err, form
    told = batchgw("check", "policy.yaml", "-o", "json").json["totals"]
    assert [each.get("hint") for each in told["rules"]] == [
        "OU /Prd matches no account; did you mean /Prod?",
        "account name Other matches no account; the case of letters counts, and there is other",
        None,
    ]
    assert told["exemptions"][0]["hint"].endswith("did you mean /Sand box?")


def test_of_a_rule_about_accounts_that_are_not_meant_this_time_nothing_is_guessed() -> None:
    """In which OUs the others are is not asked for, so that its OU may be there."""
    Path("policy.yaml").write_text(POLICY.replace("[/Prod, ACCOUNT]", f'["{OTHER}"]') + RULES)
    told = batchgw("check", "policy.yaml", "-o", "json").json["totals"]
    assert "hint" not in told["rules"][0]


@pytest.mark.parametrize(("verb", "key"), [("plan", "include"), ("discover", "include"), ("plan", "exclude")])
def test_a_slip_in_what_a_selector_of_apis_asks_of_accounts_is_told(verb: str, key: str) -> None:
    text = POLICY.replace("[/Prod, ACCOUNT]", "organization")
    apis = f"  apis: {{{key}: [{{ou: /Prd}}]}}\nresponses"
    Path("policy.yaml").write_text(text.replace("responses", apis))
    found = batchgw(verb, "policy.yaml")
    assert found.code == (4 if key == "include" else 2)
    said = "OU /Prd matches no REST API; OU /Prd matches no account; did you mean /Prod?"
    assert said in found.out + found.err


@pytest.mark.parametrize(("verb", "yes"), [("plan", []), ("apply", ["--yes"]), ("discover", [])])
def test_an_error_says_how_old_the_accounts_are_even_if_all_else_is_quiet(verb: str, yes: list[str]) -> None:
    """An OU that has got its first account since is not known yet."""
    assert batchgw("plan", "policy.yaml").code == 2
    [journal] = Path("state").rglob("*.db")
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("UPDATE organization SET at = at - 725")
    Path("policy.yaml").write_text(POLICY.replace("ACCOUNT", "/Former"))
    again = batchgw(verb, "policy.yaml", *yes, "-q")
    assert again.code == 4
    said = re.search(
        r"policy.yaml:3:21: OU /Former matches no account.* \(accounts as of 12 min \d+ s before; "
        r"--refresh asks again\)",
        again.out + again.err,
    )
    assert said, again
    fresh = batchgw(verb, "policy.yaml", *yes, "-q", "--refresh")
    assert "OU /Former matches no account" in fresh.out + fresh.err
    assert "--refresh" not in fresh.out + fresh.err


def test_what_was_found_is_used_again_until_it_is_asked_for() -> None:
    first = batchgw("plan", "policy.yaml", "-o", "json")
    again = batchgw("plan", "policy.yaml", "-o", "json")
    asked = [each.json["totals"]["as_of"] for each in (first, again)]
    assert asked[0] == asked[1]
    refreshed = batchgw("plan", "policy.yaml", "-o", "json", "--refresh")
    assert refreshed.json["totals"]["as_of"] > asked[1]
    assert {each["id"] for each in first.json["totals"]["accounts"]} == {PROD, OTHER, CLOSED}


@pytest.mark.parametrize(
    ("flags", "variable", "is_asked"),
    [
        ([], None, True),
        (["--organization-age", "7300"], None, False),
        (["--organization-age", "7100"], None, True),
        (["--organization-age", "0"], None, True),
        ([], "7300", False),
        (["--refresh"], "7300", True),
    ],
)
def test_for_how_long_accounts_are_used_again_can_be_said(
    monkeypatch: pytest.MonkeyPatch, flags: list[str], variable: str | None, *, is_asked: bool
) -> None:
    """They were asked for two hours ago."""
    asked = batchgw("plan", "policy.yaml", "-o", "json").json["totals"]["as_of"]
    [journal] = Path("state").rglob("*.db")
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("UPDATE organization SET at = at - 7200")
    if variable is not None:
        monkeypatch.setenv("BATCHGW_ORGANIZATION_AGE", variable)
    again = batchgw("plan", "policy.yaml", "-o", "json", *flags).json["totals"]["as_of"]
    assert again >= asked if is_asked else again == pytest.approx(asked - 7200)


@pytest.mark.parametrize("given", ["-1", "nan", "1h"])
def test_an_age_is_a_number_of_seconds(given: str) -> None:
    refused = batchgw("plan", "policy.yaml", "--organization-age", given)
    assert refused.code == 64
    assert f"'{given}' is not a number of at least 0" in refused.err


def test_a_plan_and_its_apply_account_for_every_target() -> None:
    planned = batchgw("plan", "policy.yaml", "--out", "saved", "-o", "json")
    assert planned.code == 2, planned.err
    applied = batchgw("apply", "--plan", "saved", "--yes", "-o", "json")
    assert applied.code == 0, applied.err
    assert batchgw("check", "policy.yaml").code == 0


def change(world: ReadyInfo, *changes: dict[str, str]) -> None:
    """Change the organisation that is served."""
    url, body = f"{world.endpoint}/_batchgw/organization", json.dumps(changes).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, method="POST")).close()  # noqa: S310 - our own


SINCE = [
    f"account {OTHER} (other) moved since the plan, from /Sand box to /Prod",
    f"account {CLOSED} (closed) was CLOSED when the plan was made, and is ACTIVE",
]


def test_accounts_that_moved_since_are_told_and_the_plan_is_applied_all_the_same(world: ReadyInfo) -> None:
    assert batchgw("plan", "policy.yaml", "--out", "saved").code == 2
    change(world, {"account": OTHER, "move": "/Prod"}, {"account": CLOSED, "state": "ACTIVE"})
    applied = batchgw("apply", "--plan", "saved", "--yes", "-o", "json")
    assert applied.code == 0, applied.err
    assert applied.json["failed"] == 0
    for sentence in SINCE:
        assert f"Accounts: {sentence}" in applied.err
    told = applied.json["organization"]
    assert [each["now"]["id"] for each in told["moved"]] == [OTHER]
    assert [each["now"]["id"] for each in told["changed"]] == [CLOSED]
    assert (told["joined"], told["left"]) == ([], [])


def test_a_saved_plan_gives_no_pace_to_regions_that_are_off() -> None:
    """There are more of those than of any other, and no call is ever made there."""
    assert batchgw("plan", "policy.yaml", "--out", "saved").code == 2
    assert batchgw("apply", "--plan", "saved", "--yes").code == 0
    known = {(each["account"], each["region"]) for each in batchgw("limits", "-o", "json").json}
    on = {
        (PROD, "eu-west-1"),
        (PROD, "us-east-1"),
        (OTHER, "eu-west-1"),
        (OTHER, "us-east-1"),
        (OTHER, "eu-south-1"),
    }
    assert known == on


def test_accounts_are_told_before_a_plan_is_refused_because_of_one_of_them(world: ReadyInfo) -> None:
    assert batchgw("plan", "policy.yaml", "--out", "saved").code == 2
    change(world, {"account": OTHER, "state": "SUSPENDED"})
    applied = batchgw("apply", "--plan", "saved", "--yes")
    assert applied.code == 4
    told = applied.err.index(f"account {OTHER} (other) was ACTIVE when the plan was made, and is SUSPENDED")
    assert told < applied.err.index("error: cannot assume")


def test_a_resume_tells_what_became_of_the_accounts_of_its_plan(world: ReadyInfo) -> None:
    """The run keeps them, since its plan may be gone."""
    applied = batchgw("apply", "policy.yaml", "--yes", "-o", "json")
    assert (applied.code, "organization" in applied.json) == (0, False)
    change(world, {"account": OTHER, "move": "/Prod"}, {"account": CLOSED, "state": "ACTIVE"})
    resumed = batchgw("resume", applied.json["run"], "--yes", "-o", "jsonl")
    assert resumed.code == 0, resumed.err
    for sentence in SINCE:
        assert f"Accounts: {sentence}" in resumed.err
    assert [each["now"]["id"] for each in resumed.lines[-1]["organization"]["moved"]] == [OTHER]


@pytest.mark.parametrize("verb", ["apply", "resume"])
def test_what_became_of_the_accounts_is_remembered_for_the_next_command(world: ReadyInfo, verb: str) -> None:
    """It has the age of that question, and needs no --refresh. With --no-memory nothing is kept."""
    assert batchgw("plan", "policy.yaml", "--out", "saved").code == 2
    given = ["--plan", "saved", "--no-recheck"]
    if verb == "resume":
        given = [batchgw("apply", "--plan", "saved", "--yes", "-o", "json").json["run"]]
    planned = _accounts()
    change(world, {"account": OTHER, "move": "/Prod"}, {"account": CLOSED, "state": "ACTIVE"})
    for flags, accounts in (
        (["--no-memory"], planned),
        (
            [],
            [(PROD, r"/Prod/Pay\/ments", "ACTIVE"), (OTHER, "/Prod", "ACTIVE"), (CLOSED, "/Prod", "ACTIVE")],
        ),
    ):
        done = batchgw(verb, *given, "--yes", *flags)
        assert done.code == 0, done.err
        assert _accounts() == accounts


def _accounts() -> list[tuple[str, str, str]]:
    """Give the accounts of a plan that is made now: their ids, places and states."""
    found = batchgw("plan", "policy.yaml", "-o", "json").json["totals"]
    return sorted((each["id"], each["ou"], each["state"]) for each in found["accounts"])
