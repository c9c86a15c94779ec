"""Shell commands that point AWS's tools and batchgw at a simulated world."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # aiohttp is behind it
    from batchgw.simulator.over_http.background import Background

LIFE = 900.0
"""Seconds after which a world in the background ends, unless --max-seconds says otherwise."""

_OTHER_WAYS = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_API_GATEWAY",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_ORGANIZATIONS",
    "AWS_ENDPOINT_URL_ACCOUNT",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_CLOUDFORMATION",
    "AWS_ENDPOINT_URL_CLOUDWATCH",
    "AWS_ENDPOINT_URL_SSM",
)
"""Variables that would send calls somewhere else."""


def shell_lines(served: Background) -> Iterator[str]:
    """Give the commands, for a POSIX shell; fish accepts them, too."""
    keys = served.info.keys[served.info.management_account]
    variables = {
        "AWS_ENDPOINT_URL": served.info.endpoint,
        "AWS_ACCESS_KEY_ID": keys["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        "AWS_REGION": served.info.regions[0],
        "AWS_DEFAULT_REGION": served.info.regions[0],
        "BATCHGW_JOURNAL": str(served.folder / "journal.db"),
        "BATCHGW_DATA_PLANE_URL": f"{served.info.endpoint}/restapis/{{api}}/{{stage}}/_user_request_{{path}}",
    }
    yield f"unset {' '.join(_OTHER_WAYS)};"
    for name, value in variables.items():
        yield f"export {name}={shlex.quote(value)};"
