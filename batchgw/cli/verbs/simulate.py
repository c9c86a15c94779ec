"""The verbs `simulate`, which serves the throttled API on loopback, and `version`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchgw.cli.flags.flag import file_flag, flag, repeatable
from batchgw.cli.flags.options import OutputFlags
from batchgw.cli.output.console import console_for
from batchgw.cli.verb import verb
from batchgw.exit_codes import OK
from batchgw.report.views.forms import view_of
from batchgw.report.views.text import line
from batchgw.throttle.quota import TOTAL
from batchgw.times import duration
from batchgw.wording import amount

if TYPE_CHECKING:  # aiohttp is behind it
    from batchgw.simulator.over_http.options import ReadyInfo, ServeOptions

_flag = partial(flag, of="simulate")
_file_flag = partial(file_flag, of="simulate")
_repeatable = partial(repeatable, of="simulate")
"""The variables of this verb contain its name, since `BATCHGW_ACCOUNTS` looks like `BATCHGW_ACCOUNT`."""

_WORLD, _QUOTA, _FAULTS, _ACCESS, _SERVER = (
    "The world",
    "Its quota",
    "What goes wrong",
    "Access",
    "The server",
)


class QuotaScope(StrEnum):
    """What has a quota of its own. AWS documents it per account; users report it per account and region."""

    ACCOUNT_REGION = "account-region"
    ACCOUNT = "account"


LATENCY_P99 = 0.2
"""Seconds, as `ServeOptions` has it, for every median below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldFlags:
    """The world to serve, with the defaults of `simulator.ServeOptions`."""

    apis: Annotated[int, _flag("--apis", "REST APIs in all.", min=0, panel=_WORLD)] = 600
    accounts: Annotated[
        int, _flag("--accounts", "Accounts; the first is the management account.", min=1, panel=_WORLD)
    ] = 3
    regions: Annotated[int, _flag("--regions", "Regions of each account.", min=1, panel=_WORLD)] = 2
    organization: Annotated[
        Path | None,
        _file_flag("--organization", "Accounts, OUs, tags and regions (YAML or JSON).", panel=_WORLD),
    ] = None
    generated_organization: Annotated[
        bool,
        _flag("--generated-organization", "Accounts stand in OUs, with tags and states.", panel=_WORLD),
    ] = False
    customised: Annotated[
        float,
        _flag("--customised", "Share of APIs with customised responses.", min=0, max=1, panel=_WORLD),
    ] = 0.3
    exempt: Annotated[
        float, _flag("--exempt", "Share of APIs with the tag batchgw:exempt.", min=0, max=1, panel=_WORLD)
    ] = 0.02
    canary: Annotated[
        float, _flag("--canary", "Share of APIs with a canary on prod.", min=0, max=1, panel=_WORLD)
    ] = 0.02
    behind: Annotated[
        float,
        _flag("--behind", "Share of APIs customised since their deployment.", min=0, max=1, panel=_WORLD),
    ] = 0.1
    owned: Annotated[
        float,
        _flag("--owned", "Share of APIs that CloudFormation, CDK, ... manage.", min=0, max=1, panel=_WORLD),
    ] = 0.0
    seed: Annotated[int, _flag("--seed", "The same seed makes the same world.", panel=_WORLD)] = 7
    rate: Annotated[
        float,
        _flag(
            "--rate",
            "Calls/s of a scope, all operations together.",
            min=0,
            panel=_QUOTA,
        ),
    ] = TOTAL.rate
    burst: Annotated[float, _flag("--burst", "Calls at once of a scope.", min=1, panel=_QUOTA)] = TOTAL.burst
    no_throttle: Annotated[bool, _flag("--no-throttle", "No quota at all.", panel=_QUOTA)] = False
    quota_scope: Annotated[QuotaScope, _flag("--quota-scope", "What has its own quota.", panel=_QUOTA)] = (
        QuotaScope.ACCOUNT_REGION
    )
    refused_consume: Annotated[
        bool, _flag("--refused-consume", "Refused calls use up the quota, too.", panel=_QUOTA)
    ] = False
    quota_scale: Annotated[
        float, _flag("--quota-scale", "Multiplies the rate of every quota; bursts stay.", panel=_QUOTA)
    ] = 1.0
    quota_hosts: Annotated[
        int, _flag("--quota-hosts", "Hosts that each have a part of the quota.", panel=_QUOTA)
    ] = 1
    operation_quota: Annotated[
        list[str],
        _repeatable("--operation-quota", "OPERATION=RATE, =RATE:BURST or =none.", commas=True, panel=_QUOTA),
    ] = field(default_factory=list)
    service_quota: Annotated[
        list[str],
        _repeatable("--service-quota", "The same of another service.", commas=True, panel=_QUOTA),
    ] = field(default_factory=list)
    rate_step: Annotated[
        list[str],
        _repeatable(
            "--rate-step",
            "SECONDS:FACTOR multiplies the rate from then on.",
            commas=True,
            panel=_QUOTA,
        ),
    ] = field(default_factory=list)
    retry_after: Annotated[
        float | None, _flag("--retry-after", "Seconds that refusals ask to wait.", min=0, panel=_QUOTA)
    ] = None
    neighbour: Annotated[
        float, _flag("--neighbour", "Calls per second others make in every scope.", min=0, panel=_QUOTA)
    ] = 0.0
    neighbour_on: Annotated[
        float, _flag("--neighbour-on", "Seconds for which others call before a pause.", min=0, panel=_QUOTA)
    ] = 0.0
    neighbour_off: Annotated[
        float, _flag("--neighbour-off", "Seconds for which others pause.", min=0, panel=_QUOTA)
    ] = 0.0
    latency: Annotated[float, _flag("--latency", "Median latency in seconds.", min=0, panel=_FAULTS)] = 0.11
    latency_p99: Annotated[
        float | None,
        _flag(
            "--latency-p99",
            "99th percentile of the latency. [default: 0.2, at least the median]",
            min=0,
            panel=_FAULTS,
        ),
    ] = None
    propagation: Annotated[
        float,
        _flag("--propagation", "Seconds until callers see a stage's change.", min=0, panel=_FAULTS),
    ] = 0.0
    faults: Annotated[Path | None, _file_flag("--faults", "Fault script (YAML or JSON).", panel=_FAULTS)] = (
        None
    )
    signals: Annotated[
        Path | None,
        _file_flag("--signals", "Alarms, metrics and calendars over time (YAML or JSON).", panel=_FAULTS),
    ] = None
    edits: Annotated[
        Path | None, _file_flag("--edits", "Other people's edits (YAML or JSON).", panel=_FAULTS)
    ] = None
    denied: Annotated[
        list[str],
        _repeatable("--denied", "Account that denies everything; repeatable.", commas=True, panel=_FAULTS),
    ] = field(default_factory=list)
    refused_role: Annotated[
        list[str],
        _repeatable(
            "--refused-role", "Account whose role cannot be assumed; repeatable.", commas=True, panel=_FAULTS
        ),
    ] = field(default_factory=list)
    session: Annotated[
        float | None, _flag("--session", "Seconds a role's credentials live.", min=1, panel=_FAULTS)
    ] = None
    no_auth: Annotated[
        bool, _flag("--no-auth", "Any key is accepted: 12 digits name the account.", panel=_ACCESS)
    ] = False
    role_name: Annotated[
        str, _flag("--role-name", "Role that can be assumed in every account.", panel=_ACCESS)
    ] = "OrganizationBatchgw"
    external_id: Annotated[
        str | None, _flag("--external-id", "External id the role asks for.", panel=_ACCESS)
    ] = field(default=None, repr=False)
    iam: Annotated[
        Path | None,
        _file_flag("--iam", "Roles, policies and SCPs (YAML or JSON).", panel=_ACCESS),
    ] = None
    timeline: Annotated[
        bool, _flag("--timeline", "Count calls over time (GET /_batchgw/timeline).", panel=_SERVER)
    ] = False
    port: Annotated[
        int, _flag("--port", "Port on 127.0.0.1; 0 picks a free one.", min=0, max=65535, panel=_SERVER)
    ] = 0
    max_seconds: Annotated[
        float | None, _flag("--max-seconds", "Stop by itself after this many seconds.", min=0, panel=_SERVER)
    ] = None
    certfile: Annotated[
        Path | None,
        _file_flag("--certfile", "Serve over TLS with this certificate (PEM).", panel=_SERVER),
    ] = None
    keyfile: Annotated[
        Path | None, _file_flag("--keyfile", "Private key of that certificate (PEM).", panel=_SERVER)
    ] = None


def register(app: typer.Typer) -> None:
    """Add these verbs to the command line."""
    verb(app, rich_help_panel="Tools")(simulate)
    verb(app, shows="version", rich_help_panel="Tools")(version)


Env = Annotated[
    bool,
    _flag(
        "--env",
        'Serve in the background, for 15 minutes: eval "$(batchgw simulate --env)".',
        panel=_SERVER,
    ),
]


def simulate(world: WorldFlags, output: OutputFlags, env: Env = False) -> int:  # noqa: FBT002 - a flag
    """Serve a simulated, throttled API Gateway control plane. Prints one JSON line when it is ready."""
    if env:
        return _in_background(world, output)
    import anyio  # noqa: PLC0415 - not for --help

    from batchgw.cli.signals import stopped_by_signals  # noqa: PLC0415 - as above
    from batchgw.simulator.over_http.serve import serve  # noqa: PLC0415 - aiohttp is behind it

    console = console_for(output)
    options = options_of(world)

    def ready(info: ReadyInfo) -> None:
        console.text(json.dumps(info.to_json(), separators=(",", ":")))
        console.flush()
        console.note(line(f"Serving {amount(options.apis, 'REST API')} at {info.endpoint}; Ctrl-C stops."))

    async def main() -> None:
        stop = anyio.Event()
        with stopped_by_signals(stop):
            await serve(options, ready=ready, stop=stop)

    anyio.run(main)
    return OK


def _in_background(world: WorldFlags, output: OutputFlags) -> int:
    from batchgw.cli.verbs.simulate_env import LIFE, shell_lines  # noqa: PLC0415 - as in `simulate`
    from batchgw.simulator.over_http.background import start  # noqa: PLC0415 - aiohttp is behind it

    console = console_for(output)
    life = LIFE if world.max_seconds is None else world.max_seconds
    served = start(options_of(replace(world, max_seconds=life)))
    console.text("\n".join(shell_lines(served)))
    console.flush()
    console.note(
        line(
            f"Serving {amount(world.apis, 'REST API')} of {amount(len(served.info.accounts), 'account')} in "
            f"{amount(len(served.info.regions), 'region')} at {served.info.endpoint} for {duration(life)}. "
            f"To end it sooner: kill {served.process}"
        )
    )
    return OK


def options_of(world: WorldFlags) -> ServeOptions:
    """Give the simulator's options."""
    from batchgw.simulator.over_http.options import ServeOptions  # noqa: PLC0415 - aiohttp is behind it
    from batchgw.simulator.traffic.quota_text import (  # noqa: PLC0415 - as above
        operation_quotas,
        rate_steps,
        service_quotas,
    )

    p99 = max(LATENCY_P99, world.latency) if world.latency_p99 is None else world.latency_p99
    return ServeOptions(
        apis=world.apis,
        accounts=world.accounts,
        regions=world.regions,
        organization=world.organization,
        generated_organization=world.generated_organization,
        customised=world.customised,
        exempt=world.exempt,
        canary=world.canary,
        behind=world.behind,
        owned=world.owned,
        seed=world.seed,
        rate=world.rate,
        burst=world.burst,
        no_throttle=world.no_throttle,
        quota_scope="account" if world.quota_scope is QuotaScope.ACCOUNT else "account-region",
        refused_consume=world.refused_consume,
        quota_scale=world.quota_scale,
        quota_hosts=world.quota_hosts,
        operation_quota=operation_quotas(world.operation_quota),
        service_quota=service_quotas(world.service_quota),
        rate_step=rate_steps(world.rate_step),
        retry_after=world.retry_after,
        neighbour=world.neighbour,
        neighbour_on=world.neighbour_on,
        neighbour_off=world.neighbour_off,
        latency=world.latency,
        latency_p99=p99,
        propagation=world.propagation,
        faults=world.faults,
        signals=world.signals,
        edits=world.edits,
        denied=frozenset(world.denied),
        no_auth=world.no_auth,
        role_name=world.role_name,
        external_id=world.external_id,
        iam=world.iam,
        refused_roles=frozenset(world.refused_role),
        session=world.session,
        timeline=world.timeline,
        port=world.port,
        max_seconds=world.max_seconds,
        certfile=world.certfile,
        keyfile=world.keyfile,
    )


def version(output: OutputFlags) -> None:
    """Print batchgw's version."""
    from batchgw.version import VERSION  # noqa: PLC0415 - read from the installed package

    view_of(output.output, "version", console_for(output)).version(VERSION)
