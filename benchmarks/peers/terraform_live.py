"""Terraform, with what it takes to make gateway responses live: responses, deployments and stages.

`aws_api_gateway_deployment` of each API depends on the responses, and two stages of its own show it, because
Terraform moves no stage that it did not make. Defaults as in `peers.terraform`. Option: `types`, those of
each API.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.peers import terraform
from benchmarks.peers.job import Job, Report

STAGES = ("tf-blue", "tf-prod")

LONGEST = 400.0
"""Seconds after which `apply` is ended. A contest must not end first."""


def run(job: Job) -> Report:
    """Write the configuration and apply it."""
    return terraform.applied(job, configuration(job), longest=LONGEST)


def configuration(job: Job) -> dict[str, Any]:
    """The configuration of `peers.terraform` for several types, with deployments and stages."""
    (target,) = job.targets
    found = terraform.configuration(job)
    (response,) = found["resource"]["aws_api_gateway_gateway_response"].values()
    put = {
        **response,
        "for_each": f"${{{{for p in setproduct({json.dumps(list(target.apis))}, "
        f'{json.dumps(job.options["types"])}) : join("/", p) => p}}}}',
        "rest_api_id": "${each.value[0]}",
        "response_type": "${each.value[1]}",
    }
    deployment = {
        "for_each": response["for_each"],
        "rest_api_id": "${each.key}",
        "depends_on": ["aws_api_gateway_gateway_response.put"],
    }
    stages = {
        stage: {
            "for_each": response["for_each"],
            "rest_api_id": "${each.key}",
            "deployment_id": "${aws_api_gateway_deployment.snapshot[each.key].id}",
            "stage_name": stage,
        }
        for stage in STAGES
    }
    found["resource"] = {
        "aws_api_gateway_gateway_response": {"put": put},
        "aws_api_gateway_deployment": {"snapshot": deployment},
        "aws_api_gateway_stage": stages,
    }
    return found
