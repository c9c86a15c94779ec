"""What `iam-policy` prints is enough for the job, and no statement of it can be left out."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from batchgw.exit_codes import OK, PENDING
from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import ask_services_at_once, batchgw, clean_environment, served

ROLE = "OrganizationBatchgw"
PRINCIPAL = "arn:aws:iam::111111111111:root"
MEMBER = "222222222222"

TARGETS = f"""\
version: 1
targets:
  regions: [eu-west-1, us-east-1]
  accounts: ["{MEMBER}"]
  role: {ROLE}
  external_id: shared-id
"""
POLICIES = {
    "all": f"""{TARGETS}
responses:
  DEFAULT_4XX: {{headers: {{X-Test: "1"}}}}
  THROTTLED: default
unlisted: reset
""",
    "by tags": f"""{TARGETS}
  apis:
    include: [{{tags: {{tier: public}}}}, {{tags: {{team: "p*"}}}}]
    exclude: [{{tags: {{team: checkout}}}}]
responses:
  DEFAULT_5XX: {{headers: {{X-Test: "1"}}}}
""",
    "by rules": f"""{TARGETS}
rules:
  - name: public
    match: {{tags: {{tier: public}}}}
    responses: {{DEFAULT_4XX: {{headers: {{X-Test: "1"}}}}}}
  - name: platform
    match: {{tags: {{team: "p*"}}}}
    responses: {{DEFAULT_5XX: {{headers: {{X-Test: "1"}}}}}}
""",
}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)
    ask_services_at_once(monkeypatch, tmp_path)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadyInfo]:
    with served(monkeypatch, apis=48) as info:
        yield info


def _printed(policy: Path, *flags: str) -> dict[str, Any]:
    found = batchgw("iam-policy", policy, *flags)
    assert found.code == OK, found.err
    document: dict[str, Any] = found.json
    return document


def _identify(
    world: ReadyInfo, policy: Mapping[str, object], trust: Mapping[str, object] | None = None
) -> None:
    role: dict[str, object] = {"name": ROLE, "policy": policy}
    if trust is not None:
        role["trust"] = trust
    _post(world, roles=[role])


def _post(world: ReadyInfo, **iam: object) -> None:
    body = json.dumps(iam).encode()
    request = urllib.request.Request(f"{world.endpoint}/_batchgw/iam", body, method="POST")  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert answer.status == 200


def _without(document: Mapping[str, Any], sid: str) -> dict[str, Any]:
    left = [each for each in document["Statement"] if each["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1
    return {**document, "Statement": left}


def _allowed(document: Mapping[str, Any]) -> Sequence[str]:
    return [each["Sid"] for each in document["Statement"] if each["Effect"] == "Allow"]


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", POLICIES)
def test_a_plan_needs_each_statement_for_plan(world: ReadyInfo, tmp_path: Path, kind: str) -> None:
    policy = _write(tmp_path, POLICIES[kind])
    document = _printed(policy, "--for", "plan")
    for sid in _allowed(document):
        _identify(world, _without(document, sid))
        assert batchgw("plan", policy).code not in (OK, PENDING), sid
    _identify(world, document)
    assert batchgw("plan", policy).code == PENDING


def test_a_discover_needs_each_statement_for_discover(world: ReadyInfo, tmp_path: Path) -> None:
    policy = _write(tmp_path, POLICIES["all"])
    document = _printed(policy, "--for", "discover", "--stages")
    for sid in _allowed(document):
        _identify(world, _without(document, sid))
        refused = batchgw("discover", policy, "--stages")
        assert refused.code == 4, sid
        assert "`batchgw iam-policy POLICY --" in refused.err
    _identify(world, document)
    assert batchgw("discover", policy, "--stages").code == OK
    _identify(world, _printed(policy, "--for", "discover"))
    assert batchgw("discover", policy).code == OK


@pytest.mark.parametrize("kind", POLICIES)
def test_an_apply_needs_each_statement_for_apply(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    policy = _write(tmp_path, POLICIES[kind])
    document = _printed(policy, "--for", "apply")
    for sid in _allowed(document):
        with served(monkeypatch, apis=48) as world:  # what one run writes, the next need not
            _identify(world, _without(document, sid))
            assert batchgw("apply", policy, "--yes").code != OK, sid
    with served(monkeypatch, apis=48) as world:
        _identify(world, document)
        done = batchgw("apply", policy, "--yes")
        assert done.code == OK, done.err
        assert batchgw("check", policy).code == OK


def test_what_rules_need_cannot_write_where_no_rule_is_about(world: ReadyInfo, tmp_path: Path) -> None:
    """The same role, used for a policy about all APIs: only those with the tags of rules can be changed."""
    _identify(world, _printed(_write(tmp_path, POLICIES["by rules"])))
    done = batchgw("apply", _write(tmp_path, POLICIES["all"]), "--yes", "-o", "jsonl")
    about = {
        line["id"]
        for line in batchgw("discover", tmp_path / "policy.yaml", "-o", "jsonl").lines
        if "kind" not in line
        and (line["tags"].get("tier") == "public" or line["tags"].get("team", "").startswith("p"))
    }
    written = {o["api"]: o["outcome"] for o in done.lines if o.get("target") == "DEFAULT_4XX"}
    assert {api for api, outcome in written.items() if outcome == "applied"} <= about
    assert "applied" in written.values()
    assert {*written.values()} > {"applied"}


def test_what_deploys_reaches_the_apis_of_rules_and_stages_with_tags_of_their_own(
    world: ReadyInfo, tmp_path: Path
) -> None:
    """A deployment has the tags of its API. A stage that has another one is moved all the same."""
    text = POLICIES["by rules"].replace(
        f"  role: {ROLE}\n", f"  role: {ROLE}\n  apis: {{exclude: [{{tags: {{team: checkout}}}}]}}\n"
    )
    _identify(world, _printed(_write(tmp_path, text), "--for", "deploy"))
    owner = _apigateway(world, **world.keys[MEMBER])
    role = _apigateway(world, **_assumed(world))
    apis = owner.get_rest_apis(limit=500)["items"]
    meant = {api["id"] for api in apis if _is_meant(api.get("tags", {}))}
    deployed = {api["id"] for api in apis if _is_done(role.create_deployment, restApiId=api["id"])}
    assert deployed == meant
    assert 0 < len(meant) < len(apis)
    for api in meant:
        made = owner.create_deployment(restApiId=api)["id"]
        owner.create_stage(
            restApiId=api, stageName="own", deploymentId=made, tags={"tier": "x", "team": "checkout"}
        )
        move = [{"op": "replace", "path": "/deploymentId", "value": made}]
        assert _is_done(role.update_stage, restApiId=api, stageName="own", patchOperations=move)


ROLLOUT = f"""{TARGETS}
use: [cors]
rules:
  - {{name: public, match: {{tags: {{tier: public}}}}, deploy: {{stages: [prod]}}}}
rollout:
  gates: [{{alarm: errors}}, {{metric: 5XXError}}]
  window: {{calendar: "arn:aws:ssm:eu-west-1:{MEMBER}:document/freeze"}}
"""


@pytest.mark.parametrize(
    ("job", "added"),
    [
        ("discover", []),
        ("plan", ["ReadWhatIsLive"]),
        ("apply", ["ReadWhatIsLive", "Deploy", "MoveStages", "AskAlarms", "AskMetrics", "AskCalendars"]),
        ("prune", ["ReadDeployments", "DeleteDeployments"]),
    ],
)
def test_what_a_policy_says_of_stages_gates_and_windows_is_printed(
    tmp_path: Path, job: str, added: list[str]
) -> None:
    found = _printed(_write(tmp_path, ROLLOUT), "--for", job)["Statement"]
    plain = _printed(
        _write(tmp_path, f"{TARGETS}\nuse: [cors]\n"), "--for", job if job != "prune" else "discover"
    )
    usual = [each["Sid"] for each in plain["Statement"]]
    assert [each["Sid"] for each in found if each["Sid"] not in usual] == added
    by_sid = {each["Sid"]: each for each in found}
    if job == "apply":
        assert by_sid["Deploy"]["Condition"] == {"StringEquals": {"aws:ResourceTag/tier": "public"}}
        assert by_sid["AskCalendars"]["Resource"] == f"arn:aws:ssm:eu-west-1:{MEMBER}:document/freeze"


def _is_meant(tags: Mapping[str, str]) -> bool:
    """Tell whether a rule of "by rules" is about an API with these tags, and it is not the checkout's."""
    team = tags.get("team", "")
    return (tags.get("tier") == "public" or team.startswith("p")) and team != "checkout"


def _is_done(call: Callable[..., object], **params: object) -> bool:
    try:
        call(**params)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return False
    return True


def _assumed(world: ReadyInfo) -> dict[str, str]:
    own = world.keys[world.management_account]
    sts = _client(world, "sts", **own)
    arn = f"arn:aws:iam::{MEMBER}:role/{ROLE}"
    made = sts.assume_role(RoleArn=arn, RoleSessionName="test", ExternalId="shared-id")["Credentials"]
    return {
        "access_key_id": made["AccessKeyId"],
        "secret_access_key": made["SecretAccessKey"],
        "session_token": made["SessionToken"],
    }


def _apigateway(world: ReadyInfo, **keys: str) -> Any:
    return _client(world, "apigateway", **keys)


def _client(world: ReadyInfo, service: str, **keys: str) -> Any:
    named = {f"aws_{name}": value for name, value in keys.items()}
    return boto3.client(service, region_name="eu-west-1", endpoint_url=world.endpoint, **named)


def test_telling_owners_needs_what_is_printed_for_it(world: ReadyInfo, tmp_path: Path) -> None:
    """`plan --on-managed` makes calls that a plan without it does not make."""
    policy = _write(tmp_path, POLICIES["all"])
    _identify(world, _printed(policy, "--for", "plan"))
    assert batchgw("plan", policy, "--on-managed", "hold").code not in (OK, PENDING)
    _identify(world, _printed(policy, "--for", "plan", "--on-managed", "hold"))
    assert batchgw("plan", policy, "--on-managed", "hold").code == PENDING


def test_who_reads_the_organisation_by_a_role_needs_each_statement(world: ReadyInfo, tmp_path: Path) -> None:
    """Those about assuming are for the base credentials, the others for the role that reads."""
    policy = _write(
        tmp_path,
        f"""\
version: 1
targets: {{accounts: organization, regions: [eu-west-1], role: {ROLE}}}
organization: {{role: "arn:aws:iam::111111111111:role/Reader"}}
use: [cors]
""",
    )
    printed = _printed(policy, "--organization")
    assert "AssumeReader" in _allowed(printed)
    for spared in ("", "ListAccounts", "AssumeRoles", "AssumeReader"):  # there are no OUs to read
        given = _without(printed, spared) if spared else printed
        assuming = [each for each in given["Statement"] if each["Sid"].startswith("Assume")]
        reading = [each for each in given["Statement"] if each not in assuming]
        own = [*assuming, *_printed(policy)["Statement"]]
        _post(
            world,
            roles=[{"name": "Reader", "policy": {**printed, "Statement": reading}}, {"name": ROLE}],
            users=[{"accounts": ["111111111111"], "policy": {**printed, "Statement": own}}],
        )
        found = batchgw("discover", policy, "--no-memory")
        assert (found.code == OK) is (not spared), (spared, found.err)


def test_what_is_printed_for_a_check_cannot_write(world: ReadyInfo, tmp_path: Path) -> None:
    policy = _write(tmp_path, POLICIES["all"])
    _identify(world, _printed(policy, "--for", "check"))
    refused = batchgw("apply", policy, "--yes")
    assert refused.code != OK
    assert "apigateway:PUT" in refused.out + refused.err


def test_the_trust_policy_lets_in_whom_it_names(world: ReadyInfo, tmp_path: Path) -> None:
    policy = _write(tmp_path, POLICIES["all"])
    document = _printed(policy, "--for", "plan")
    for principal, code in ((PRINCIPAL, PENDING), ("arn:aws:iam::333333333333:root", 4)):
        _identify(world, document, _printed(policy, "--trust", "--principal", principal))
        assert batchgw("plan", policy).code == code
    _identify(world, document, _printed(policy, "--trust", "--principal", PRINCIPAL))
    assert batchgw("plan", policy, "--external-id", "another").code == 4


def test_tags_and_source_identity_are_trusted_as_well(world: ReadyInfo, tmp_path: Path) -> None:
    text = POLICIES["all"].replace(
        f"  role: {ROLE}\n  external_id: shared-id\n",
        f"  role:\n    - role: {ROLE}\n      external_id: shared-id\n"
        "      session_tags: {team: edge}\n      source_identity: nightly\n",
    )
    policy = _write(tmp_path, text)
    document = _printed(policy, "--for", "plan")
    trust = _printed(policy, "--trust", "--principal", PRINCIPAL)
    for sid in _allowed(trust):
        _identify(world, document, _without(trust, sid))
        assert batchgw("plan", policy).code == 4, sid
    _identify(world, document, trust)
    assert batchgw("plan", policy).code == PENDING
