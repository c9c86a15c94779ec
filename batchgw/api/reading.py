"""The verbs that only read: discover, plan and check."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from batchgw.concurrency.pool import unwrapped
from batchgw.concurrency.stop import StopSignal
from batchgw.concurrency.time_slices import in_thread
from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.readonly import ReadOnlyControlPlane
from batchgw.control_plane.stack import Pace
from batchgw.discovery.estate import Estate
from batchgw.discovery.found_apis import keeping_apis
from batchgw.discovery.listing import needs_listing
from batchgw.discovery.organization.recollection import Remembering
from batchgw.discovery.scope_search import Needs
from batchgw.discovery.scopes import find_scopes
from batchgw.discovery.selection_count import SelectionCount
from batchgw.discovery.stream import DiscoveryStream, Found
from batchgw.events import Observer
from batchgw.execution.reading.planner import Planner
from batchgw.execution.session import phase, session
from batchgw.journal import JSON, LiveMemory
from batchgw.model import Policy, Region, Targets
from batchgw.model.owner import OnManaged
from batchgw.planning.frozen import FrozenAccounts
from batchgw.planning.managed import holding
from batchgw.planning.plan_file import temporary
from batchgw.planning.plan_file.plan import Plan, PlanHeader, PlanWriter


@asynccontextmanager
async def discover(
    targets: Targets,
    *,
    plane: ControlPlane,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
    count: SelectionCount | None = None,
    estate: Estate | None = None,
    stages: bool = False,
    home: Region | None = None,
    remembering: Remembering | None = None,
    owners: bool = False,
    accounts: bool = False,
) -> AsyncGenerator[MemoryObjectReceiveStream[Found], None]:
    """Stream every selected REST API of every scope, while more accounts and regions are looked for.

    What could not be listed is in the stream as well, with the reason: an API about which the answer is
    impossible, one that was named by id and is nowhere, a scope that cannot be listed to its end, and one
    that is rightly left alone, such as a region that is off.

    `owners` makes calls to tell who manages each API; else the owner is known where its tags tell it. With
    `accounts` the organisation is asked about accounts even where the targets do not need that.

    Usage: `async with discover(targets, plane=plane) as found: async for item in found: ...`
    A `SelectionCount(targets.apis)` knows, at the end, how many there are and which selectors match none. An
    `Estate()` knows the same of accounts, and who said which regions they have; with `stages` also the stages
    of each API, which are a call each, or why they could not be read. `home` is any region of the
    organisation's partition, and `remembering` says how what is found of accounts and APIs is remembered.
    """
    send, receive = anyio.create_memory_object_stream[Found](0)
    estate = Estate() if estate is None else estate
    count = SelectionCount(targets.apis) if count is None else count  # one for all scopes
    count.accounts = estate.accounts
    shown = targets.organization is not None  # people want to see where accounts are
    needs = Needs(
        account=shown or accounts or targets.apis.needs_account,
        tags=targets.apis.needs_account_tags,
        words=targets.apis.account_words,
    )
    with session(plane, pace, observer, stop) as paced, unwrapped():

        async def run() -> None:
            looking = find_scopes(
                paced,
                targets,
                estate=estate,
                needs=needs,
                home=home,
                remembering=remembering,
            )
            async with send, keeping_apis(remembering) as kept, looking as scopes:
                found = DiscoveryStream(
                    paced,
                    targets.apis,
                    observer=paced.observer,
                    count=count,
                    found=send,
                    kept=kept,
                    stages=estate if stages else None,
                    owners=owners,
                )
                await found.run(scopes)

        async with anyio.create_task_group() as tasks, receive:
            tasks.start_soon(run)
            yield receive
            tasks.cancel_scope.cancel()


async def plan(
    policy: Policy,
    *,
    plane: ControlPlane,
    out: str | Path | None = None,
    options: Mapping[str, JSON] | None = None,
    on_managed: OnManaged | None = None,
    home: Region | None = None,
    remembering: Remembering | None = None,
    live: LiveMemory | None = None,
    data_plane: DataPlane | None = None,
    pending: bool = False,
    ship_pending: bool = False,
    configures: bool = True,
    pace: Pace | None = None,
    observer: Observer | None = None,
    stop: StopSignal | None = None,
) -> Plan:
    """Read every selected API once and compare it with the policy. Nothing is ever written to AWS.

    The plan is a file: `out`, or a temporary one that `Plan.close` deletes. What could not be read is in it,
    and makes it incomplete, not void. Selectors that match nothing are in its totals. `on_managed` says what
    becomes of APIs that a tool manages, which may put them back; then calls are made to tell the owner of
    each. `home` is any region of the organisation's partition, `remembering` how what is found of it and of
    APIs is remembered. `live` remembers what deployments answer with, so that each is read once.

    A plan that does not configure (`configures=False`) makes live what is configured already, and nothing
    else: an API that is not configured as the policy says is left alone.

    Raises `Stopped` when asked to stop (no file is left then), and a `CallError` when not even the account
    can be told.

    With `pending` it is read what a deployment would ship besides: a stage that would get others' edits is
    held back. So is any stage of an API whose own endpoint is to be disabled, unless `data_plane` shows that
    it is so already. `ship_pending` plans both all the same.
    """
    with session(plane, pace, observer, stop) as paced, unwrapped():
        header = PlanHeader.of(policy, options or {})
        estate = Estate()
        rules, apis = policy.rules, policy.targets.apis
        of_waves = () if policy.rollout is None else policy.rollout.account_words
        needs = Needs(
            account=rules.needs_account or apis.needs_account or bool(of_waves),
            tags=rules.needs_account_tags or apis.needs_account_tags,
            words=(*chain.from_iterable(rules.account_words.values()), *apis.account_words, *of_waves),
        )
        count = SelectionCount(policy.targets.apis, accounts=estate.accounts)
        path = Path(out) if out is not None else temporary.folder() / f"batchgw-{header.plan}.plan"
        with PlanWriter(path, header, accounts=estate.accounts) as writer:
            async with keeping_apis(remembering) as kept:
                planner = Planner(
                    ReadOnlyControlPlane(paced),
                    policy=policy,
                    sink=writer.write,
                    observer=paced.observer,
                    pacing=paced,
                    count=count,
                    accounts=estate.accounts,
                    owners=on_managed is not None,
                    hold=None if on_managed is None else holding(on_managed),
                    kept=kept,
                    live=live,
                    data_plane=data_plane,
                    pending=pending,
                    ship_pending=ship_pending,
                    configures=configures,
                )
                with phase(paced.observer, header.plan, "plan", (), {}):
                    looking = find_scopes(
                        paced,
                        policy.targets,
                        estate=estate,
                        needs=needs,
                        home=home,
                        remembering=remembering,
                    )
                    async with looking as scopes:
                        await planner.run(scopes, found=writer.totals.look_into)
            selected = count.total(listed=needs_listing(apis), unmatched_words=estate.unmatched_words)
            writer.totals.selected = replace(
                selected, accounts=estate.selected, regions=estate.unmatched_regions
            )
            writer.totals.variants = planner.variants.hinted(rules.account_words, estate.unmatched_words)
            writer.totals.frozen = FrozenAccounts(
                accounts=estate.accounts, regions=estate.regions, as_of=estate.as_of
            )
            await in_thread(writer.commit)
    return Plan.of(writer, temporary=out is None)


check = plan
"""A check is a plan that nobody means to apply: what is pending in it has drifted."""
