"""Linters and readers that are not ours take what `iam-policy` prints."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchgw.model import (
    AccountSelection,
    AccountSelector,
    EnabledRegions,
    OuPattern,
    Region,
    RoleLink,
    Selection,
    Selector,
    Targets,
)
from batchgw.model.rollout.gate import AlarmCheck, CalendarCheck, Gate, MetricCheck, MetricName
from batchgw.model.rollout.rollout import Rollout
from batchgw.permissions import cloudformation, terraform
from batchgw.permissions.job import Needs, statements
from batchgw.permissions.kinds import Job
from batchgw.permissions.organization import reading_side
from batchgw.permissions.roles import Chain
from batchgw.permissions.statement import Statement, document
from benchmarks.peers import terraform_parts

PRINCIPAL = "arn:aws:iam::111122223333:role/Runner"
LINK = RoleLink(
    role="arn:aws:iam::{account}:role/ops/Batchgw",
    external_id="id-1",
    session_tags={"team": "edge"},
    source_identity="nightly",
)
CHAIN = Chain(before=(), last=LINK)
ROLLOUT = Rollout(
    gates=(
        Gate(name="alarm", check=AlarmCheck(alarm="errors")),
        Gate(name="metric", check=MetricCheck(metric=MetricName.SERVER_ERRORS)),
        Gate(name="calendar", check=CalendarCheck(calendar="freeze")),
    )
)
BY_TAGS = Selection(
    include=(Selector(tags={"tier": "public"}), Selector(tags={"team": "p*"})),
    exclude=(Selector(tags={"batchgw": "off"}),),
)


def _jobs() -> Iterator[tuple[str, tuple[Statement, ...]]]:
    for job in Job:
        for words, apis in (("all", Selection()), ("by tags", BY_TAGS)):
            needs = Needs(job=job, apis=apis, owners=True, own_regions=True, live=True, rollout=ROLLOUT)
            yield f"{job} {words}", statements(needs)
    regions = (Region("eu-west-1"), Region("us-east-1"))
    yield "listed regions", statements(Needs(job=Job.APPLY, apis=Selection(), regions=regions))
    by_ou = AccountSelection(
        include=(AccountSelector(ou=OuPattern.parse("/Prod")),), exclude=(AccountSelector(tags={"a": "b"}),)
    )
    yield (
        "the reading side",
        reading_side(Targets(role="R", organization=by_ou, enabled_regions=EnabledRegions()), "aws"),
    )


JOBS = dict(_jobs())
# The stack is asked for by an API's id. It is not known when IAM decides, so the statement cannot name one.
# A statement that names alarms would tell no composite one.
ON_EVERYTHING = {
    "FindStacks": ("RESOURCE_STAR", "['cloudformation:DescribeStackResources']"),
    "AskAlarms": ("RESOURCE_STAR", "['cloudwatch:DescribeAlarms']"),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_linter_of_policies_finds_nothing(job: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parliament = pytest.importorskip("parliament")
        policy = parliament.analyze_policy_string(json.dumps(document(JOBS[job])))
    found = {(each.issue, str(each.detail)) for each in policy.findings}
    sids = {each.sid for each in JOBS[job]}
    assert found == {finding for sid, finding in ON_EVERYTHING.items() if sid in sids}


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("link", [LINK, RoleLink(role="Batchgw")], ids=["full", "plain"])
def test_cfn_lint_finds_nothing_in_the_template(job: str, link: RoleLink) -> None:
    assert _lint(cloudformation.template(Chain(before=(), last=link), JOBS[job], [PRINCIPAL])) == []


def _lint(template: str) -> list[str]:
    """Give cfn-lint's errors and warnings."""
    api = pytest.importorskip("cfnlint.api")
    settings = pytest.importorskip("cfnlint.config").ManualArgs(regions=["us-east-1", "cn-north-1"])
    return [str(each) for each in api.lint(template, config=settings)]


@pytest.mark.parametrize("job", JOBS)
def test_a_reader_of_hcl_reads_the_module(job: str) -> None:
    hcl2 = pytest.importorskip("hcl2")
    module: Any = hcl2.load(io.StringIO(terraform.module(CHAIN, JOBS[job], [PRINCIPAL])))
    kinds = [kind.strip('"') for each in module["resource"] for kind in each]
    assert kinds == ["aws_iam_role", "aws_iam_role_policy"]


def _terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments],
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull},
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("link", [LINK, RoleLink(role="Batchgw")], ids=["full", "plain"])
def test_terraform_has_nothing_to_format_and_nothing_to_object(tmp_path: Path, link: RoleLink) -> None:
    if shutil.which("terraform") is None:
        pytest.skip("no terraform on this machine")
    (tmp_path / "main.tf").write_text(
        terraform.module(Chain(before=(), last=link), JOBS["deploy by tags"], [PRINCIPAL])
    )
    formatted = _terraform(tmp_path, "fmt", "-check", "-diff")
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr
    plugins = terraform_parts.mirror()
    if plugins is None:
        pytest.skip("no copy of Terraform's AWS provider on this machine")
    begun = _terraform(tmp_path, "init", f"-plugin-dir={plugins}")
    assert begun.returncode == 0, begun.stderr
    validated = _terraform(tmp_path, "validate")
    assert validated.returncode == 0, validated.stderr


def test_the_linter_finds_what_is_wrong() -> None:
    """So that its silence means something."""
    text = cloudformation.template(Chain(before=(), last=LINK), JOBS["apply all"], [PRINCIPAL])
    assert _lint(text.replace("PolicyDocument:", "PolicyDocumnt:"))
