"""`explain --offline` answers from what other verbs have found, and says what they have not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import Result, ask_services_at_once, batchgw, clean_environment, served

HEAD = """\
version: 1
targets: {accounts: [current, "222222222222"], regions: [eu-west-1], role: OrganizationBatchgw}
responses: {DEFAULT_4XX: {headers: {X-Team: all}}}
"""
RULE = "rules:\n  - {name: asks, match: %s, responses: {DEFAULT_4XX: {headers: {X-Team: asked}}}}\n"
APIS = ("--account", "current", "--account", "222222222222", "--region", "eu-west-1")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    ask_services_at_once(monkeypatch, tmp_path)
    Path("plain.yaml").write_text(HEAD)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadyInfo]:
    """Two accounts of an organisation with OUs, and a tool behind each API."""
    with served(monkeypatch, regions=1, generated_organization=True, owned=1.0) as info:
        yield info


def _found() -> list[Any]:
    """List all APIs. Nothing of it is remembered."""
    listed = batchgw("discover", *APIS, "--role-name", "OrganizationBatchgw", "--no-memory", "-o", "jsonl")
    assert listed.code == 0, listed.err
    return [each for each in listed.lines if "kind" not in each]


def _name(api: Any) -> str:
    return f"{api['account']}/{api['region']}/{api['id']}"


def _policy(match: str) -> str:
    Path("asks.yaml").write_text(HEAD + RULE % match)
    return "asks.yaml"


def _offline(policy: str, api: Any) -> Result:
    return batchgw("explain", policy, "--offline", _name(api))


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("verb", ["discover", "plan", "check", "apply"])
def test_each_verb_that_finds_apis_leaves_them_for_it(verb: str) -> None:
    api = _found()[0]
    unknown = _offline("plain.yaml", api)
    assert unknown.code == 64
    assert f"no discovery that the journal remembers has found {_name(api)}" in unknown.err
    done = batchgw(verb, "plain.yaml", *(["--yes"] if verb == "apply" else []))
    assert done.code in (0, 2), done.err
    offline, live = _offline("plain.yaml", api), batchgw("explain", "plain.yaml", _name(api))
    assert (offline.code, offline.out) == (0, live.out)
    assert f"{_name(api)} as it was found 0." in offline.err
    assert "Its account" not in offline.err


@pytest.mark.usefixtures("world")
def test_without_memory_nothing_is_left_for_it() -> None:
    api = _found()[0]
    assert batchgw("plan", "plain.yaml", "--no-memory").code == 2
    assert _offline("plain.yaml", api).code == 64


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("match", ["{ou: '/**'}", "{account: '*'}", "{expression: account.ou != null}"])
def test_ous_and_names_of_accounts_are_those_of_the_organisation_as_it_is_remembered(match: str) -> None:
    api, policy = _found()[-1], _policy(match)
    assert batchgw("plan", policy).code == 2
    offline, live = _offline(policy, api), batchgw("explain", policy, _name(api))
    assert (offline.code, offline.out) == (0, live.out), offline.err
    assert "header X-Team: 'asked'  asks.yaml:5:" in offline.out
    assert re.search(r"^Its account as it was \d+\.\d s ago\.$", offline.err, re.MULTILINE)


@pytest.mark.usefixtures("world")
def test_tags_of_accounts_are_remembered_where_they_were_asked() -> None:
    api, policy = _found()[-1], _policy("{expression: account.tags != null && account.name != ''}")
    assert batchgw("discover", "--account", "organization", "--region", "eu-west-1", *_ROLE).code == 0
    lacks = _offline(policy, api)
    assert lacks.code == 64
    assert f"does not remember the tags of account {api['account']} (rule asks, asks.yaml:5:5)" in lacks.err
    assert batchgw("plan", policy).code == 2
    assert "X-Team: 'asked'" in _offline(policy, api).out


_ROLE = ("--role-name", "OrganizationBatchgw")


@pytest.mark.usefixtures("world")
def test_the_place_of_an_account_comes_from_any_discovery_of_the_organisation() -> None:
    """Not only from one with this policy."""
    api, policy = _found()[-1], _policy("{ou: '/**'}")
    assert batchgw("discover", "plain.yaml").code == 0
    lacks = _offline(policy, api)
    assert lacks.code == 64
    assert f"in which OU account {api['account']} is (rule asks, asks.yaml:5:5)" in lacks.err
    assert "`batchgw plan` of this policy" in lacks.err
    assert batchgw("discover", "--account", "organization", "--region", "eu-west-1", *_ROLE).code == 0
    offline = _offline(policy, api)
    assert "X-Team: 'asked'" in offline.out, offline.err


@pytest.mark.usefixtures("world")
def test_what_a_rule_asks_that_cannot_match_anyway_is_not_missed() -> None:
    """The reason that is given is one that is known."""
    api, policy = _found()[-1], _policy("{ou: '/**', owner: terraform, created: {before: 1999-01-01}}")
    assert batchgw("discover", "plain.yaml").code == 0
    offline = _offline(policy, api)
    assert offline.code == 0, offline.err
    assert "no match asks  asks.yaml:5:5  created before 1999-01-01: it was created 20" in offline.out


@pytest.mark.usefixtures("world")
def test_owners_are_those_that_calls_have_told() -> None:
    """Tags tell of a stack, and not that CDK made it. A later discovery by tags alone takes nothing away."""
    policy = _policy("{owner: 'cdk'}")
    asked = batchgw("discover", *APIS, *_ROLE, "--select", "owner: cdk", "--no-memory", "-o", "jsonl")
    (api, *_) = [each for each in asked.lines if "kind" not in each]
    assert batchgw("discover", "plain.yaml").code == 0
    lacks = _offline(policy, api)
    assert lacks.code == 64
    assert "does not remember who manages it (rule asks, asks.yaml:5:5)" in lacks.err
    for verb in ("plan", "discover"):
        assert batchgw(verb, policy).code in (0, 2)
        offline = _offline(policy, api)
        assert "header X-Team: 'asked'" in offline.out, offline.err
        assert "Who manages it as it was " in offline.err
    assert offline.out == batchgw("explain", policy, _name(api)).out


@pytest.mark.usefixtures("world")
def test_an_exemption_that_asks_is_named_by_its_place() -> None:
    api = _found()[0]
    exemption = "exemptions:\n  - {match: {ou: /Prod}, reason: r, owner: o, until: 2099-12-31}\n"
    Path("exempt.yaml").write_text(HEAD + exemption)
    assert batchgw("discover", "plain.yaml").code == 0
    assert "(the exemption at exempt.yaml:5:5)" in _offline("exempt.yaml", api).err


@pytest.mark.usefixtures("world")
def test_an_api_of_another_place_or_endpoint_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    api = _found()[0]
    assert batchgw("plan", "plain.yaml").code == 2
    elsewhere = {"account": "333333333333", "region": api["region"], "id": api["id"]}
    assert _offline("plain.yaml", elsewhere).code == 64
    assert batchgw("explain", "plain.yaml", "--offline", api["id"]).code == 0
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert _offline("plain.yaml", api).code == 64


@pytest.mark.usefixtures("world")
def test_an_api_that_the_targets_leave_out_is_said_to_be() -> None:
    api = _found()[0]
    assert batchgw("plan", "plain.yaml").code == 2
    Path("narrow.yaml").write_text(
        HEAD.replace("targets: {", "targets: {apis: {include: [{name: nobody}]}, ")
    )
    assert "leave this API out" in _offline("narrow.yaml", api).err
    Path("owned.yaml").write_text(HEAD.replace("targets: {", "targets: {apis: {include: [{ou: /Prod}]}, "))
    assert "leave this API out" not in _offline("owned.yaml", api).err
