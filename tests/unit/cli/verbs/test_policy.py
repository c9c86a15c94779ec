"""init, schema, presets, validate, version: the verbs that touch no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.cli_driver import batchgw, clean_environment

BAD = "version: 1\nresponses:\n  UNAUTHORISED: {status: 401}\n"
DOUBTFUL = "version: 1\nresponses:\n  REQUEST_TOO_LARGE: {status: 400}\n"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)


def test_init_writes_a_policy_that_validates() -> None:
    written = batchgw("init")
    assert (written.code, written.out) == (0, "")
    assert "batchgw plan policy.yaml" in written.err
    checked = batchgw("validate", "policy.yaml")
    assert checked.code == 0
    assert checked.out.startswith("policy.yaml: valid")


def test_init_replaces_nothing_unless_told() -> None:
    Path("policy.yaml").write_text("mine")
    refused = batchgw("init")
    assert (refused.code, refused.out) == (64, "")
    assert refused.err.startswith("error: policy.yaml exists already")
    assert Path("policy.yaml").read_text() == "mine"
    assert batchgw("init", "--force").code == 0
    assert Path("policy.yaml").read_text().startswith("# A batchgw policy")


def test_init_prints_to_a_pipe() -> None:
    printed = batchgw("init", "-")
    assert printed.out.startswith("# A batchgw policy")
    assert os.listdir(".") == []  # noqa: PTH208 - names only


def test_init_into_a_folder_that_is_not_there() -> None:
    refused = batchgw("init", "no/such/policy.yaml")
    assert (refused.code, refused.err) == (64, "error: no/such/policy.yaml: No such file or directory.\n")


def test_the_schema_is_json() -> None:
    assert batchgw("schema").json["title"] == "batchgw policy"


def test_presets_are_told_by_name() -> None:
    assert batchgw("presets", "cors").out.startswith("cors  ")
    names = [preset["name"] for preset in batchgw("presets", "-o", "json").json]
    assert {"cors", "security-headers"} <= set(names)
    assert [preset["name"] for preset in batchgw("presets", "-o", "jsonl").lines] == names
    unknown = batchgw("presets", "crs")
    assert (unknown.code, unknown.err) == (64, "error: no preset is called crs; did you mean cors?\n")


def test_validate_tells_line_and_column_and_exits_64() -> None:
    Path("p.yaml").write_text(BAD)
    done = batchgw("validate", "p.yaml")
    assert (done.code, done.out) == (64, "")
    assert done.err.splitlines()[0].startswith("p.yaml:3:3: error: ")
    assert "did you mean UNAUTHORIZED?" in done.err


def test_validate_as_json() -> None:
    Path("p.yaml").write_text(BAD)
    done = batchgw("validate", "p.yaml", "-o", "json")
    (problem,) = done.json
    assert (done.code, problem["line"], problem["column"], problem["severity"]) == (64, 3, 3, "error")
    assert [p["line"] for p in batchgw("validate", "p.yaml", "-o", "jsonl").lines] == [3]


def test_warnings_are_told_and_only_strict_makes_them_errors() -> None:
    Path("p.yaml").write_text(DOUBTFUL)
    done = batchgw("validate", "p.yaml")
    assert done.code == 0
    assert "p.yaml:3:3: warning: " in done.err
    assert "1 warning" in done.out
    assert batchgw("validate", "p.yaml", "--strict").code == 64


def test_several_files_are_all_checked() -> None:
    Path("a.yaml").write_text(BAD)
    Path("b.yaml").write_text(DOUBTFUL)
    done = batchgw("validate", "a.yaml", "b.yaml")
    assert done.code == 64
    assert done.out.startswith("b.yaml: valid")
    assert "a.yaml:3:3" in done.err


def test_a_policy_may_come_by_pipe() -> None:
    assert batchgw("validate", "-", stdin=DOUBTFUL).code == 0
    assert batchgw("validate", "-", stdin=BAD).code == 64


def test_version() -> None:
    from batchgw.version import VERSION  # noqa: PLC0415 - what is asserted

    assert batchgw("version").out == f"batchgw {VERSION}\n"
    assert batchgw("version", "-o", "json").json == {"batchgw": VERSION}


@pytest.mark.parametrize(
    "asked", [(), ("--trust", "--principal", "arn:aws:iam::111111111111:user/u"), ("--organization",)]
)
def test_a_document_for_iam_is_one_line_of_jsonl(asked: tuple[str, ...]) -> None:
    targets = "targets: {accounts: organization, regions: enabled, role: Reader}"
    Path("policy.yaml").write_text(f"version: 1\n{targets}\nresponses: {{THROTTLED: default}}\n")
    (one,) = batchgw("iam-policy", "policy.yaml", *asked, "-o", "jsonl").lines
    pretty = batchgw("iam-policy", "policy.yaml", *asked)
    assert one == pretty.json
    assert len(pretty.out.splitlines()) > 1


@pytest.mark.parametrize(
    ("targets", "region", "partition"),
    [
        ("role: R, regions: [us-gov-west-1]", "eu-west-1", "aws-us-gov"),
        ("role: R, regions: enabled", "cn-north-1", "aws-cn"),
        ("role: R, regions: enabled", "eu-west-1", "aws"),
        ("role: 'arn:aws-cn:iam::{account}:role/R', regions: enabled", "eu-west-1", "aws-cn"),
        (
            "role: [{role: 'arn:aws-cn:iam::999999999999:role/Hub'}, {role: R}], regions: enabled",
            "eu-west-1",
            "aws-cn",
        ),
    ],
)
def test_permissions_are_about_the_partition_of_the_accounts(
    monkeypatch: pytest.MonkeyPatch, targets: str, region: str, partition: str
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    Path("policy.yaml").write_text(
        f"version: 1\ntargets: {{accounts: ['111111111111'], {targets}}}\nresponses: {{THROTTLED: default}}\n"
    )
    _all_arns_are_of(partition)


@pytest.mark.parametrize("role", ["arn:*:iam::*:role/R", "arn:{partition}:iam::{account}:role/R"])
def test_a_role_may_leave_the_partition_open(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    monkeypatch.setenv("AWS_REGION", "us-gov-west-1")
    Path("policy.yaml").write_text(
        "version: 1\ntargets: {accounts: ['111111111111'], regions: enabled}\n"
        "responses: {THROTTLED: default}\n"
    )
    _all_arns_are_of("aws-us-gov", "--role-name", role)


def _all_arns_are_of(partition: str, *given: str) -> None:
    for flags in ((), ("--organization",)):
        found = batchgw("iam-policy", "policy.yaml", *flags, *given)
        assert found.code == 0, found.err
        arns = [
            arn
            for each in found.json["Statement"]
            for arn in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
        ]
        assert {arn.split(":")[1] for arn in arns} == {partition}
