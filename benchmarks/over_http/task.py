"""The task of the sections over HTTP: one put on every REST API of a generated world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchgw.simulator.over_http.options import ServeOptions
from benchmarks.over_http.contest import Contest

RESPONSE_TYPE = "DEFAULT_4XX"

PUT: Mapping[str, Any] = {
    "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
    "responseTemplates": {
        "application/json": '{"message":$context.error.messageString,"requestId":"$context.requestId"}'
    },
}
"""What every contestant puts on every API. No API of the generated world has it before."""

LONGEST = 1_200.0
"""Seconds after which a server stops by itself."""


def world(*, accounts: int, regions: int, apis: int, **options: Any) -> ServeOptions:
    """A world with `apis` REST APIs in each region of each account. One account manages the others."""
    return ServeOptions(
        accounts=accounts,
        regions=regions,
        apis=apis * accounts * regions,
        max_seconds=LONGEST,
        **options,
    )


def contest(server: Any, **options: Any) -> Contest:
    """A contest for the task."""
    return Contest(server=server, response_type=RESPONSE_TYPE, put=PUT, **options)
