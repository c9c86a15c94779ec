"""`explain` finds one API and says why it is to be as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import batchgw, clean_environment, served

ORG = """\
version: 1
targets:
  accounts: ["111111111111", "222222222222"]
  regions: [eu-west-1]
  role: OrganizationBatchgw
  apis: {exclude: [{tags: {tier: partner}}]}
responses:
  DEFAULT_4XX: {headers: {X-Team: org}}
rules:
  - name: internal
    match: {tags: {tier: internal}}
    responses: {DEFAULT_4XX: {headers: {X-Team: inside}}}
exemptions:
  - {match: {tags: {tier: internal}}, types: [THROTTLED], reason: vendor, owner: x, until: 2099-01-31}
"""
OUS = """\
version: 1
targets: {accounts: ["111111111111"], regions: [eu-west-1], role: OrganizationBatchgw}
responses: {DEFAULT_4XX: {headers: {X-Team: org}}}
rules:
  - {name: prod, match: {ou: /Prod}, responses: {DEFAULT_4XX: {headers: {X-Team: prod}}}}
"""


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    (tmp_path / "org.yaml").write_text(ORG)
    (tmp_path / "ous.yaml").write_text(OUS)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadyInfo]:
    with served(monkeypatch, apis=24, regions=1) as info:
        yield info


def _api(tier: str) -> str:
    listed = batchgw("discover", "--account", "222222222222", "--region", "eu-west-1", "-o", "jsonl",
                     "--role-name", "OrganizationBatchgw", "--tag", f"tier={tier}")  # fmt: skip
    first = listed.lines[0]
    return f"{first['account']}/{first['region']}/{first['id']}"


@pytest.mark.usefixtures("world")
def test_each_value_comes_with_the_line_that_decided_it() -> None:
    done = batchgw("explain", "org.yaml", _api("internal"), "DEFAULT_4XX")
    assert done.code == 0, done.err
    assert "header X-Team: 'inside'  org.yaml:12:49 (internal)" in done.out
    assert "over 'org'  org.yaml:8:35" in done.out
    assert "matches  internal  org.yaml:10:5" in done.out


@pytest.mark.usefixtures("world")
def test_as_json_it_is_whole() -> None:
    done = batchgw("explain", "org.yaml", _api("internal"), "-o", "json")
    types = {each["type"]: each for each in done.json["types"]}
    assert types["THROTTLED"]["state"] == "exempt"
    (said,) = types["DEFAULT_4XX"]["sets"]
    assert (said["value"], said["where"], said["over"][0]["value"]) == ("'inside'", "org.yaml:12:49", "'org'")


@pytest.mark.usefixtures("world")
def test_an_id_alone_is_looked_for_in_all_scopes() -> None:
    id_ = _api("internal").rpartition("/")[2]
    assert f"222222222222/eu-west-1/{id_}" in batchgw("explain", "org.yaml", id_).out


@pytest.mark.usefixtures("world")
def test_an_api_that_the_targets_leave_out_is_explained_and_that_is_said() -> None:
    done = batchgw("explain", "org.yaml", _api("partner"))
    assert done.code == 0
    assert "leave this API out" in done.err


@pytest.mark.usefixtures("world")
def test_an_api_that_is_nowhere_is_not_explained() -> None:
    done = batchgw("explain", "org.yaml", "nosuchapi0")
    assert (done.code, done.out) == (4, "")
    assert "nosuchapi0" in done.err


@pytest.mark.parametrize("named", ["a1b2c3d4e5", "222222222222/eu-west-1/a1b2c3d4e5"])
def test_why_an_account_region_cannot_be_read_is_said_once(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    with served(monkeypatch, regions=1, denied=("222222222222",)):
        done = batchgw("explain", "org.yaml", named, "--log-level", "error")
    assert done.code == 4
    assert done.err.count("not found: ") == done.err.count("is not authorized to perform") == 1


def test_each_account_region_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, regions=1, denied=("111111111111", "222222222222")):
        done = batchgw("explain", "org.yaml", "a1b2c3d4e5", "--log-level", "error")
    (why,) = [each for each in done.err.splitlines() if each.startswith("not found: ")]
    assert "in any of 2 account-regions that could not be read; in 111111111111/eu-west-1" in why
    assert {"      111111111111/eu-west-1", "      222222222222/eu-west-1"} <= set(done.err.splitlines())


def test_skipped_account_regions_are_no_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each account has many regions that are off, and an API that is nowhere is in none of them."""
    everywhere = Path("org.yaml").read_text().replace("regions: [eu-west-1]", "regions: enabled")
    Path("everywhere.yaml").write_text(everywhere)
    with served(monkeypatch, regions=1):
        done = batchgw("explain", "everywhere.yaml", "a1b2c3d4e5")
    assert done.code == 4
    assert done.err.count("a1b2c3d4e5") == 2, done.err  # once as the name, once in the reason
    assert "DISABLED" not in done.err


def test_a_misspelt_type_is_not_taken_for_an_api() -> None:
    done = batchgw("explain", "org.yaml", "a1b2c3d4e5", "TROTTLED")
    assert done.code == 64
    assert "TROTTLED is not a response type; did you mean THROTTLED?" in done.err


def test_a_rule_about_an_ou_asks_the_organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(monkeypatch, apis=4, accounts=2, regions=1, generated_organization=True) as info:
        listed = batchgw("discover", "--region", "eu-west-1", "-o", "jsonl").lines[0]
        done = batchgw("explain", "ous.yaml", listed["id"])
        assert done.code == 0, done.err
        assert "prod" in done.out
        assert info.accounts


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["org.yaml"], "POLICY... API"),
        (["org.yaml", "team.yaml"], "POLICY... API"),
        (["org.yaml", "orders-gateway-1"], "discover POLICY --name NAME"),
        (["org.yaml", "a/b/c/d"], "neither an API"),
        (["org.yaml", "DEFAULT_4X", "x!"], "neither an API"),
        (["org.yaml", "THROTTLED"], "error: THROTTLED stands where an API is expected: "),
        (["org.yaml", "a1b2c3d4e5", "THROTTLED", "UNAUTHORIZED"], "error: THROTTLED stands where an API"),
    ],
)
def test_words_that_name_no_api_are_refused(words: list[str], said: str) -> None:
    done = batchgw("explain", *words)
    assert done.code == 64
    assert said in done.err
