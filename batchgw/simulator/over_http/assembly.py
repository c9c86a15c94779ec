"""Makes what options ask for: a world, and the engine that answers for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import anyio

from batchgw.errors import UsageError
from batchgw.simulator.documents import did_you_mean, read
from batchgw.simulator.edits import reading
from batchgw.simulator.edits.script import EditScript
from batchgw.simulator.engine import Engine
from batchgw.simulator.iam import written as identities
from batchgw.simulator.iam.roles import NO_POLICIES, Iam
from batchgw.simulator.operations.service import OPERATIONS, SERVICES, Service
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.service_models import service_model
from batchgw.simulator.services import API_GATEWAY
from batchgw.simulator.traffic import fault_script
from batchgw.simulator.traffic.faults import FaultScript
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import (
    PER_OPERATION,
    PER_SERVICE,
    UNLIMITED,
    Neighbour,
    QuotaRules,
    Quotas,
    Rate,
    Schedule,
)
from batchgw.simulator.traffic.statistics import Statistics
from batchgw.simulator.traffic.timeline import Timeline
from batchgw.simulator.world.generated import Proportions
from batchgw.simulator.world.organization import written
from batchgw.simulator.world.organization.generated import generated
from batchgw.simulator.world.organization.plan import OrganizationPlan
from batchgw.simulator.world.organization.regions import first_regions
from batchgw.simulator.world.signals import written as signal_script
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World, account_id

WRITE_LOG = 100_000
"""Writes the statistics remember, newest last."""


def make_engine(
    options: ServeOptions,
    world: World | None = None,
    *,
    iam: Iam | None = None,
    clock: Callable[[], float] = anyio.current_time,
) -> Engine:
    """Make the engine: the world and its identities (unless they are given), quotas, latency and faults.

    `clock` is the engine's.

    Raises UsageError for options that cannot be.
    """
    try:
        made = _make_world(options) if world is None else world
        _require_known_names(options, made)
        if options.signals is not None:
            made.signals.script = signal_script.signals(
                read(options.signals, "signal script"), accounts=made.accounts, regions=made.regions
            )
        return Engine(
            Service(made, trust=_trust(options, iam)),
            quotas=Quotas(_quota_rules(options)),
            latency=Latency(median=options.latency, p99=options.latency_p99, seed=options.seed),
            faults=_fault_script(options),
            edits=_edit_script(options),
            statistics=Statistics(write_log=WRITE_LOG, timeline=Timeline() if options.timeline else None),
            denied=options.denied,
            propagation=options.propagation,
            clock=clock,
            seed=options.seed,
        )
    except ValueError as error:
        raise UsageError(f"No such world can be simulated: {error}.") from None


def _make_world(options: ServeOptions) -> World:
    proportions = Proportions(
        customised=options.customised,
        exempt=options.exempt,
        canary=options.canary,
        behind=options.behind,
        owned=options.owned,
    )
    plan = _organization(options)
    if plan is not None:
        return World.organized(plan, apis=options.apis, seed=options.seed, proportions=proportions)
    return World.generate(
        apis=options.apis,
        accounts=options.accounts,
        regions=options.regions,
        seed=options.seed,
        proportions=proportions,
    )


def _organization(options: ServeOptions) -> OrganizationPlan | None:
    """Give the organisation that is asked for. None for accounts that all stand right under its root."""
    if options.organization is not None and options.generated_organization:
        raise UsageError("An organisation is read from a file or generated, not both.")
    regions = first_regions(options.regions)
    if options.organization is not None:
        return written.organization(read(options.organization, "organisation file"), regions=regions)
    if options.generated_organization:
        return generated([account_id(number) for number in range(options.accounts)], regions)
    return None


def _require_known_names(options: ServeOptions, world: World) -> None:
    """Refuse the name of something that is not there: nothing would come of it. Raises UsageError."""
    operations = {*service_model(API_GATEWAY.name).operation_names, *PER_OPERATION, *OPERATIONS}
    services = [service.name for service in SERVICES if service is not API_GATEWAY]
    _require("--denied", "account", options.denied, world.accounts)
    _require("--refused-role", "account", options.refused_roles, world.accounts)
    _require("--operation-quota", "operation", options.operation_quota, operations)
    _require("--service-quota", "other service", options.service_quota, services)


def _require(flag: str, kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            guess = did_you_mean(name, sorted(known))
            end = "" if guess.endswith("?") else "."
            raise UsageError(f"{flag}: the simulator has no {kind} {name!r}{guess}{end}")


def _trust(options: ServeOptions, iam: Iam | None) -> Trust:
    ids = {} if options.external_id is None else {options.role_name: options.external_id}
    return Trust(
        iam=_iam(options) if iam is None else iam,
        roles=frozenset({options.role_name}),
        external_ids=ids,
        refused=options.refused_roles,
        session=options.session,
    )


def _iam(options: ServeOptions) -> Iam:
    return NO_POLICIES if options.iam is None else identities.iam(read(options.iam, "IAM file"))


def _quota_rules(options: ServeOptions) -> QuotaRules:
    if options.no_throttle:
        return UNLIMITED
    if options.quota_scale <= 0:
        raise ValueError(f"quotas can be scaled by what is above 0, not by {options.quota_scale:g}")
    quotas = {**PER_OPERATION, **options.operation_quota}
    services = {**PER_SERVICE, **options.service_quota}
    return QuotaRules(
        total=Rate(rate=options.rate, burst=options.burst),
        per_operation={operation: rate for operation, rate in quotas.items() if rate is not None},
        per_service={service: rate for service, rate in services.items() if rate is not None},
        scoping=options.quota_scope,
        refusals="consuming" if options.refused_consume else "free",
        retry_after=options.retry_after,
        neighbour=_neighbour(options),
        schedule=Schedule(steps=options.rate_step),
        hosts=options.quota_hosts,
        seed=options.seed,
    ).scaled(options.quota_scale)


def _neighbour(options: ServeOptions) -> Neighbour | None:
    on, off = options.neighbour_on, options.neighbour_off
    if (on > 0) is not (off > 0):
        raise ValueError("a neighbour with pauses needs both, the seconds it is on and the seconds it is off")
    if on > 0 and not options.neighbour:
        raise ValueError("a neighbour with pauses needs some rate, too")
    return Neighbour(rate=options.neighbour, on=on, off=off) if options.neighbour else None


def _fault_script(options: ServeOptions) -> FaultScript | None:
    if options.faults is None:
        return None
    script = read(options.faults, "fault script").value
    return fault_script.parse(script or [], seed=options.seed)


def _edit_script(options: ServeOptions) -> EditScript | None:
    if options.edits is None:
        return None
    return reading.edits(read(options.edits, "script of edits"), seed=options.seed)
