"""Terraform and its AWS provider: a resource for each gateway response, with the defaults of both.

The provider reads each response after its put, so it makes two calls where others make one. Ten resources are
processed at once (Terraform's default), and the provider makes 25 attempts (its default).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.peers.job import Job, Report
from benchmarks.peers.terraform_parts import mirror

LONGEST = 150.0
"""Seconds after which `apply` is ended. A contest must not end first: it would leave Terraform running."""

INIT = 20.0  # seconds of `init`
_PUT_OR_READ = re.compile(r"(?:putting|reading|creating|waiting)[^\n]*", re.IGNORECASE)


def run(job: Job) -> Report:
    """Write the configuration, `terraform init`, `terraform apply`."""
    return applied(job, configuration(job), longest=LONGEST)


def applied(job: Job, configured: dict[str, Any], *, longest: float) -> Report:
    """Write a configuration, and apply it within so many seconds."""
    folder = Path(job.folder)
    (folder / "main.tf.json").write_text(json.dumps(configured))
    _terraform(job, INIT, "init", f"-plugin-dir={mirror()}")
    done = _terraform(job, longest, "apply", "-auto-approve", check=False)
    if done.returncode == 0:
        return Report()
    failed = done.stderr.count("Error: ")
    if not failed:
        raise RuntimeError(f"terraform apply exited {done.returncode}: {done.stderr[-500:]}")
    return Report(given_up=Counter({"Error": failed}), note=_first(done.stderr))


def configuration(job: Job) -> dict[str, Any]:
    """The configuration in Terraform's JSON syntax: one resource, `for_each` API."""
    (target,) = job.targets
    response = {
        "for_each": f"${{toset({json.dumps(list(target.apis))})}}",
        "rest_api_id": "${each.key}",
        "response_type": job.response_type,
        "response_parameters": job.put.get("responseParameters", {}),
        "response_templates": job.put.get("responseTemplates", {}),
    }
    if "statusCode" in job.put:
        response["status_code"] = job.put["statusCode"]
    provider = {
        "region": target.region,
        "access_key": job.keys.access_key_id,
        "secret_key": job.keys.secret_access_key,
        "skip_metadata_api_check": True,
        "skip_requesting_account_id": True,
        "skip_credentials_validation": True,
        "endpoints": {"apigateway": job.endpoint, "sts": job.endpoint},
    }
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "provider": {"aws": provider},
        "resource": {"aws_api_gateway_gateway_response": {"put": response}},
    }


def _terraform(
    job: Job, longest: float, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CHECKPOINT_DISABLE": "1",  # do not ask a server for a newer version
        "TF_IN_AUTOMATION": "1",
        "TF_CLI_CONFIG_FILE": os.devnull,
    }
    done = subprocess.run(
        ["terraform", *arguments, "-input=false", "-no-color"],  # noqa: S607 - the user's own
        cwd=job.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=longest,
        check=False,
    )
    if check and done.returncode:
        raise RuntimeError(f"terraform {arguments[0]} exited {done.returncode}: {done.stderr[-500:]}")
    return done


def _first(stderr: str) -> str:
    found = _PUT_OR_READ.search(stderr)
    return found.group() if found else ""
