"""The role as a Terraform module."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from batchgw.permissions.roles import Chain, role_name, trust
from batchgw.permissions.statement import Statement, document

_MODULE = """\
# The role that batchgw assumes in each account. Use the module once for each, with its own provider:
#   module "batchgw" {{
{arguments}#   }}

terraform {{
  required_version = ">= 1.3"
  required_providers {{
    aws = {{
      source = "hashicorp/aws"
    }}
  }}
}}

variable "principals" {{
  description = "ARNs of the roles or users that run batchgw."
  type        = list(string){default}
}}
{external_id}
data "aws_partition" "current" {{}}

resource "aws_iam_role" "batchgw" {{
  name        = {name}
  path        = {path}
  description = "Lets batchgw read and set the gateway responses of REST APIs."

  assume_role_policy = jsonencode({trust})
}}

resource "aws_iam_role_policy" "batchgw" {{
  name = "batchgw"
  role = aws_iam_role.batchgw.id

  policy = jsonencode({policy})
}}

output "role_arn" {{
  value = aws_iam_role.batchgw.arn
}}
"""

_EXTERNAL_ID = """
variable "external_id" {
  description = "The external id that batchgw gives when it assumes the role."
  type        = string
  sensitive   = true
}
"""

_PRINCIPALS, _ID = "VAR-PRINCIPALS", "VAR-EXTERNAL-ID"
"""Stand for variables while the documents are rendered."""

_ARN = re.compile(r'"arn:aws[a-z-]*:')


def module(chain: Chain, statements: Sequence[Statement], principals: Sequence[str]) -> str:
    """Give the module, one file. `principals` are the default of its variable. Raises UsageError."""
    link = chain.last
    path, _, name = f"/{role_name(link.role)}".rpartition("/")
    trusting = [replace(each, principals=(_PRINCIPALS,)) for each in trust(chain, principals)]
    if link.external_id:
        trusting[0] = replace(trusting[0], condition={"StringEquals": {"sts:ExternalId": _ID}})
    default = f"\n  default     = {json.dumps(list(principals))}" if principals else ""
    return _MODULE.format(
        arguments=_arguments(principals, link.external_id),
        default=default,
        external_id=_EXTERNAL_ID if link.external_id else "",
        name=json.dumps(name),
        path=json.dumps(f"{path}/"),
        trust=_document(trusting),
        policy=_document(statements),
    )


def _arguments(principals: Sequence[str], external_id: str | None) -> str:
    """Give the arguments of a use of the module: the variables that have no default."""
    given = {"source": '"./batchgw-role"'}
    if not principals:
        given["principals"] = '["ARN"]'
    if external_id:
        given["external_id"] = '"EXTERNAL-ID"'
    width = max(map(len, given))
    return "".join(f"#     {name:<{width}} = {value}\n" for name, value in given.items())


def _document(statements: Sequence[Statement]) -> str:
    """Render a document within the module: JSON, which is also an expression of Terraform's."""
    text = json.dumps(document(statements), indent=2, separators=(",", " : "))  # as `terraform fmt` has it
    text = text.replace("${", "$${").replace("%{", "%%{")
    text = text.replace(f'"{_PRINCIPALS}"', "var.principals").replace(f'"{_ID}"', "var.external_id")
    text = _ARN.sub('"arn:${data.aws_partition.current.partition}:', text)
    return text.replace("\n", "\n  ")
