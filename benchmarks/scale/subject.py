"""What `benchmarks.scopes` measures, in a process of its own: many account-regions, each with a first call.

    python -m benchmarks.scale.subject KIND SCOPES URL [CA]

Prints one line of JSON. Kinds: `batchgw`, and two simple uses of aioboto3: `session-per-scope` and
`client-per-scope`.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from batchgw.cli.garbage import collect_rarely
from batchgw.journal import open_journal
from batchgw.model import AccountId, Region, Scope
from batchgw.simulator.world.world import account_id
from benchmarks.harness.cores import pin
from benchmarks.harness.memory import peak, resident
from benchmarks.scale.policy import policy
from benchmarks.scale.server import STATISTICS

ROLE = "batchgw"
REGION = "eu-west-1"

Figures = dict[str, float]


def scopes_of(number: int) -> tuple[Scope, ...]:
    """A number of account-regions, each in an account of its own, so that each needs a role."""
    return tuple(Scope(account=AccountId(account_id(1 + n)), region=Region(REGION)) for n in range(number))


@asynccontextmanager
async def measuring_start(found: Figures) -> AsyncIterator[None]:
    """Measure CPU, time and memory until all scopes have made their first call."""
    found["before"] = resident()
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    found["cpu"] = time.process_time() - cpu
    found["wall"] = time.perf_counter() - wall
    found["after"] = resident()


async def batchgw(scopes: tuple[Scope, ...], url: str, ca: str | None) -> Figures:
    """Start all scopes with one `connect`. Then plan and apply in all of them at the same time."""
    from batchgw.control_plane.aws import connect  # noqa: PLC0415 - only this subject pays for them
    from batchgw.control_plane.operations import GetRestApis  # noqa: PLC0415
    from batchgw.control_plane.stack import PacedControlPlane  # noqa: PLC0415

    found: Figures = {}
    async with connect(endpoint_url=url, role=ROLE, ca_bundle=ca) as plane:
        paced = PacedControlPlane(plane)
        collect_rarely()  # as the command line does when it is set up
        async with measuring_start(found), anyio.create_task_group() as tasks:
            for scope in scopes:
                tasks.start_soon(paced.send, GetRestApis(scope=scope, limit=1))
        found["connections"] = connections(url, ca)
        found |= await plan_and_apply(paced, scopes)
        found["connections at work"] = connections(url, ca)
    return found


async def plan_and_apply(paced: Any, scopes: tuple[Scope, ...]) -> Figures:
    """Plan and apply in all scopes at the same time."""
    from batchgw import api  # noqa: PLC0415 - as above

    cpu = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        plan = await api.plan(policy(scopes, types=1), plane=paced, out=Path(folder) / "plan")
        async with open_journal(f"{folder}/journal.db") as journal:
            summary = await api.apply(plan, plane=paced, journal=journal)
    if summary.exit_code != 0 or not summary.proves:
        sys.exit(f"the run did not end well: {summary.arithmetic}")
    return {"cpu at work": time.process_time() - cpu, "peak": peak(), "applied": summary.total.applied}


async def session_per_scope(scopes: tuple[Scope, ...], url: str, ca: str | None) -> Figures:
    """Start each scope with a session of its own; one more session has the base credentials."""
    import aioboto3  # noqa: PLC0415 - only this subject pays for it

    found: Figures = {}
    async with AsyncExitStack() as stack:
        base = aioboto3.Session(region_name=REGION)
        sts = await stack.enter_async_context(base.client("sts", endpoint_url=url, verify=ca))
        async with measuring_start(found):
            for scope in scopes:
                keys = await _assumed(sts, scope)
                session = aioboto3.Session(region_name=scope.region, **keys)
                client = session.client("apigateway", endpoint_url=url, verify=ca)
                await (await stack.enter_async_context(client)).get_rest_apis(limit=1)
        found["connections"] = connections(url, ca)
    return found


async def client_per_scope(scopes: tuple[Scope, ...], url: str, ca: str | None) -> Figures:
    """Start each scope with a client of its own; all share one session."""
    import aioboto3  # noqa: PLC0415 - as above

    found: Figures = {}
    async with AsyncExitStack() as stack:
        session = aioboto3.Session(region_name=REGION)
        sts = await stack.enter_async_context(session.client("sts", endpoint_url=url, verify=ca))
        async with measuring_start(found):
            for scope in scopes:
                keys = await _assumed(sts, scope)
                client = session.client(
                    "apigateway", region_name=scope.region, endpoint_url=url, verify=ca, **keys
                )
                await (await stack.enter_async_context(client)).get_rest_apis(limit=1)
        found["connections"] = connections(url, ca)
    return found


async def _assumed(sts: Any, scope: Scope) -> dict[str, str]:
    arn = f"arn:aws:iam::{scope.account}:role/{ROLE}"
    keys = (await sts.assume_role(RoleArn=arn, RoleSessionName="bench"))["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def connections(url: str, ca: str | None) -> float:
    """The most connections that were open at once, as the server counted, without the one of this request."""
    tls = None if ca is None else ssl.create_default_context(cafile=ca)
    with urllib.request.urlopen(url + STATISTICS, context=tls) as answer:  # noqa: S310 - loopback
        counted: float = json.load(answer)["connections"]
    return counted - 1


SUBJECTS: dict[str, Callable[[tuple[Scope, ...], str, str | None], Coroutine[Any, Any, Figures]]] = {
    "batchgw": batchgw,
    "session-per-scope": session_per_scope,
    "client-per-scope": client_per_scope,
}


if __name__ == "__main__":
    pin("client")
    kind, number, where, *authority = sys.argv[1:]
    subject = SUBJECTS[kind](scopes_of(int(number)), where, authority[0] if authority else None)
    print(json.dumps(asyncio.run(subject)))
