"""The role as a CloudFormation template and as a Terraform module."""

from __future__ import annotations

import io
import json
import re

import pytest
from ruamel.yaml import YAML

from batchgw.model import RoleLink, Selection, Selector
from batchgw.permissions import cloudformation, terraform
from batchgw.permissions.job import Needs, statements
from batchgw.permissions.kinds import Job
from batchgw.permissions.roles import Chain
from batchgw.permissions.statement import Statement

LINK = RoleLink(role="arn:aws:iam::{account}:role/ops/Batchgw", external_id="id-1")
PRINCIPAL = "arn:aws:iam::111122223333:role/Runner"


def _statements(**tags: str) -> tuple[Statement, ...]:
    include = (Selector(tags=tags),) if tags else ()
    return statements(Needs(job=Job.APPLY, apis=Selection(include=include)))


@pytest.mark.parametrize(
    "value", ["off", "yes", "NULL", "2024-01-01", "0o17", "1.5", "~", "a: b", "x #y", "*"]
)
def test_every_text_is_text_to_the_yaml_of_cloudformation(value: str) -> None:
    text = cloudformation.template(Chain(before=(), last=LINK), _statements(batchgw=value), [PRINCIPAL])
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)  # which is what CloudFormation reads
    policy = reader.load(io.StringIO(text))["Resources"]["Role"]["Properties"]["Policies"][0]
    written = policy["PolicyDocument"]["Statement"][1]["Condition"]
    assert [*written.values()] == [{"aws:ResourceTag/batchgw": value}]


def test_the_template_holds_no_external_id_and_no_partition() -> None:
    text = cloudformation.template(Chain(before=(), last=LINK), _statements(), [PRINCIPAL])
    assert "id-1" not in text
    assert not re.search(r"arn:aws[a-z-]*:apigateway", text)
    properties = YAML(typ="safe", pure=True).load(text)["Resources"]["Role"]["Properties"]
    assert (properties["RoleName"], properties["Path"]) == ("Batchgw", "/ops/")


@pytest.mark.parametrize(
    ("link", "principals", "parameters", "arguments"),
    [
        (RoleLink(role="R"), [PRINCIPAL], [], []),
        (RoleLink(role="R"), [], ["ParameterKey=Principal,ParameterValue=ARN"], ['principals = ["ARN"]']),
        (
            LINK,
            [PRINCIPAL],
            ["ParameterKey=ExternalId,ParameterValue=EXTERNAL-ID"],
            ['external_id = "EXTERNAL-ID"'],
        ),
    ],
)
def test_the_commands_to_copy_give_what_has_no_default_and_nothing_else(
    link: RoleLink, principals: list[str], parameters: list[str], arguments: list[str]
) -> None:
    chain = Chain(before=(), last=link)
    comment = cloudformation.template(chain, _statements(), principals).split("AWSTemplateFormatVersion")[0]
    assert re.findall(r"ParameterKey=\S+", comment) == parameters
    assert ("--parameters" in comment) == bool(parameters)
    comment = terraform.module(chain, _statements(), principals).split("terraform {")[0]
    assert re.findall(r"(?:principals|external_id) += .*", comment) == arguments


def test_the_module_holds_no_external_id_and_no_partition() -> None:
    text = terraform.module(Chain(before=(), last=LINK), _statements(), [PRINCIPAL])
    assert "id-1" not in text
    assert '"sts:ExternalId" : var.external_id' in text
    assert not re.search(r"arn:aws[a-z-]*:apigateway", text)
    assert f"default     = {json.dumps([PRINCIPAL])}" in text


def test_what_terraform_would_fill_in_is_escaped() -> None:
    text = terraform.module(Chain(before=(), last=RoleLink(role="R")), _statements(team="${evil}"), [])
    assert '"$${evil}"' in text
