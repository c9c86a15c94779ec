"""The role as a CloudFormation template, which a StackSet puts into every account."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from batchgw.model.shape import JSON, record
from batchgw.permissions.roles import Chain, role_name, trust
from batchgw.permissions.statement import Statement, document

_HEADER = """\
# The role that batchgw assumes in each account. To put it into every account of an organisation:
#   aws cloudformation create-stack-set --stack-set-name batchgw-role --template-body file://THIS-FILE \\
#     --permission-model SERVICE_MANAGED --auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false \\
#     --capabilities CAPABILITY_NAMED_IAM{parameters}
#   aws cloudformation create-stack-instances --stack-set-name batchgw-role --regions us-east-1 \\
#     --deployment-targets OrganizationalUnitIds=ROOT-OR-OU-ID
# IAM is global: one region is enough. A StackSet does not reach the management account itself.
"""

_TO_FILL_IN = {"Principal": "ARN", "ExternalId": "EXTERNAL-ID"}
"""What stands in the command for the value of a parameter that has no default."""

_PARTITION = "${AWS::Partition}"


def template(chain: Chain, statements: Sequence[Statement], principals: Sequence[str]) -> str:
    """Give the template as YAML. `principals` are the default of its parameter. Raises UsageError."""
    link = chain.last
    path, _, name = f"/{role_name(link.role)}".rpartition("/")
    parameters: dict[str, JSON] = {
        "Principal": {
            "Type": "CommaDelimitedList",
            "Description": "ARNs of the roles or users that run batchgw.",
            **({"Default": ",".join(principals)} if principals else {}),
        }
    }
    trusting: list[Statement] = list(trust(chain, principals))
    if link.external_id:
        parameters["ExternalId"] = {
            "Type": "String",
            "NoEcho": True,
            "MinLength": 2,
            "Description": "The external id that batchgw gives when it assumes the role.",
        }
        trusting[0] = replace(trusting[0], condition={"StringEquals": {"sts:ExternalId": "EXTERNAL-ID"}})
    role: dict[str, JSON] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            **({"Path": f"{path}/"} if path else {}),
            "Description": "Lets batchgw read and set the gateway responses of REST APIs.",
            "AssumeRolePolicyDocument": _document([_trusting(each) for each in trusting]),
            "Policies": [
                {
                    "PolicyName": "batchgw",
                    "PolicyDocument": _document([each.to_json() for each in statements]),
                }
            ],
        },
    }
    return _header(parameters) + _yaml(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "The role that batchgw assumes to keep gateway responses as the policy says.",
            "Parameters": parameters,
            "Resources": {"Role": role},
            "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
        }
    )


def _header(parameters: Mapping[str, JSON]) -> str:
    asked = [name for name, each in parameters.items() if "Default" not in record(each)]
    values = [f" ParameterKey={name},ParameterValue={_TO_FILL_IN[name]}" for name in asked]
    return _HEADER.format(parameters=" --parameters" + "".join(values) if values else "")


def _trusting(statement: Statement) -> dict[str, JSON]:
    out = statement.to_json()
    out["Principal"] = {"AWS": {"Ref": "Principal"}}
    if statement.condition.get("StringEquals", {}).get("sts:ExternalId"):
        out["Condition"] = {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    return out


def _document(statements: Sequence[Mapping[str, JSON]]) -> JSON:
    return {**document([]), "Statement": [_substituted(each) for each in statements]}


def _substituted(value: JSON) -> JSON:
    """Write the partition of ARNs as CloudFormation knows it, so that one template fits each partition."""
    if isinstance(value, str):
        if not value.startswith("arn:"):
            return value
        _, _, rest = value.removeprefix("arn:").partition(":")
        return {"Fn::Sub": f"arn:{_PARTITION}:{rest}"}
    if isinstance(value, Mapping):
        return {key: _substituted(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_substituted(each) for each in value]
    return value


def _yaml(data: Mapping[str, JSON]) -> str:
    out = io.StringIO()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = 200
    yaml.dump(_quoted(data), out)
    return out.getvalue()


_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _.:/-]*[A-Za-z0-9.]")

_WORDS = frozenset({"yes", "no", "on", "off", "true", "false", "null"})
"""What CloudFormation's YAML, version 1.1, would take for something else than text."""


def _quoted(value: JSON) -> JSON:
    """Quote the texts that version 1.1 of YAML would not take for texts."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS and ": " not in value
        return value if plain else DoubleQuotedScalarString(value)
    if isinstance(value, Mapping):
        return {key: _quoted(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_quoted(each) for each in value]
    return value
