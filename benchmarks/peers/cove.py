"""botocove: a function run in every account of an organisation, in threads, each in an assumed role.

Accounts and regions run in parallel; the APIs of one of them are written one after the other, with boto3's
own retries. The endpoint comes from the environment, as always in boto3.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from boto3.session import Session
from botocore.exceptions import BotoCoreError, ClientError
from botocove import cove

from benchmarks.peers.job import Job, Report


def run(job: Job) -> Report:
    """Put every response, with cove."""
    os.environ["AWS_ENDPOINT_URL"] = job.endpoint
    os.environ["AWS_DEFAULT_REGION"] = job.targets[0].region
    report = Report()
    apis = {(target.account, target.region): target.apis for target in job.targets}
    management = Session(
        aws_access_key_id=job.keys.access_key_id,
        aws_secret_access_key=job.keys.secret_access_key,
        region_name=job.targets[0].region,
    )

    @cove(
        target_ids=sorted({target.account for target in job.targets}),
        regions=sorted({target.region for target in job.targets}),
        rolename=job.role,
        assuming_session=management,
        raise_exception=True,
    )
    def put_all(session: Any) -> None:
        where: Mapping[str, str] = session.session_information
        client = session.client("apigateway")
        for api in apis[where["Id"], where["Region"]]:
            try:
                client.put_gateway_response(restApiId=api, responseType=job.response_type, **job.put)
            except (ClientError, BotoCoreError) as error:
                report.give_up(error)

    outcome = put_all()
    if outcome["FailedAssumeRole"]:
        raise RuntimeError(f"botocove could not assume {job.role}: {outcome['FailedAssumeRole']}")
    return report
