"""The flags that several verbs share, each with its environment variable: --rate is BATCHGW_RATE."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from batchgw.throttle.quota import TOTAL


class Output(StrEnum):
    """The form of the data on stdout."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


class LogLevel(StrEnum):
    """The least severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """The form of the log on stderr."""

    CONSOLE = "console"
    JSON = "json"


def variable(name: str) -> str:
    """Name a flag's environment variable."""
    return "BATCHGW_" + name.partition("/")[0].lstrip("-").upper().replace("-", "_")


def from_environment(name: str, value: str | list[str]) -> bool:
    """Tell whether a flag has what its variable says, so that nobody need have typed it."""
    said = os.environ.get(variable(name), "").replace("\n", ",").split(",")
    return [value] == said if isinstance(value, str) else value == [part.strip() for part in said if part]


def flag(name: str, description: str, *more: str, panel: str | None = None, **settings: Any) -> Any:
    """Declare an option with its environment variable. `more` are further spellings.

    Typed Any because Typer's own `Option` is: it stands inside `Annotated`.
    """
    return typer.Option(
        name,
        *more,
        help=description.replace("[", r"\["),  # else a default in brackets would be taken for markup
        envvar=variable(name),
        show_envvar=False,
        rich_help_panel=panel,
        **settings,
    )


def repeatable(name: str, description: str, *, commas: bool = False, panel: str | None = None) -> Any:
    """Declare an option that may be given several times; with `commas`, also as a comma list.

    Its environment variable holds a comma list, or one value a line where values may hold commas.
    """
    return flag(name, description, panel=panel, callback=_comma_lists if commas else _line_lists)


def _comma_lists(context: typer.Context, parameter: typer.CallbackParam, value: list[str]) -> list[str]:
    given = _environment(context, parameter) or value or []
    return [part.strip() for each in given for part in each.replace("\n", ",").split(",") if part.strip()]


def _line_lists(context: typer.Context, parameter: typer.CallbackParam, value: list[str]) -> list[str]:
    given = _environment(context, parameter)
    if given is None:
        return list(value or [])
    return [part.strip() for part in given[0].splitlines() if part.strip()]


def _environment(context: typer.Context, parameter: typer.CallbackParam) -> list[str] | None:
    """The variable's whole text when the value came from it: Typer would have cut it at every blank."""
    source = context.get_parameter_source(parameter.name or "")
    if source is None or source.name != "ENVIRONMENT" or not isinstance(parameter.envvar, str):
        return None
    return [os.environ[parameter.envvar]]


_WHICH = "Which APIs"
_AWS = "AWS"
_PACE = "Pace"
_OUT = "Output"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionFlags:
    """Which REST APIs; what is given here replaces what the policy's `targets` says."""

    region: Annotated[
        list[str], repeatable("--region", "Region; repeatable, or a comma list.", commas=True, panel=_WHICH)
    ] = field(default_factory=list)
    account: Annotated[
        list[str],
        repeatable(
            "--account", "Account id, or `current`; repeatable, or a comma list.", commas=True, panel=_WHICH
        ),
    ] = field(default_factory=list)
    role_name: Annotated[
        str | None, flag("--role-name", "Role to assume in each account: its name or ARN.", panel=_WHICH)
    ] = None
    external_id: Annotated[
        str | None, flag("--external-id", "External id the role asks for.", panel=_WHICH)
    ] = field(default=None, repr=False)
    api_id: Annotated[
        list[str],
        repeatable(
            "--api-id",
            "REST API: ID, REGION/ID or ACCOUNT/REGION/ID; repeatable, or a comma list.",
            commas=True,
            panel=_WHICH,
        ),
    ] = field(default_factory=list)
    name: Annotated[
        list[str],
        repeatable("--name", "REST APIs of this name (glob, as in `orders-*`); repeatable.", panel=_WHICH),
    ] = field(default_factory=list)
    tag: Annotated[
        list[str],
        repeatable(
            "--tag", "REST APIs with this tag: KEY=VALUE (glob), or KEY; all must match.", panel=_WHICH
        ),
    ] = field(default_factory=list)
    targets: Annotated[
        str | None,
        flag(
            "--targets",
            "File with one REST API a line, as for --api-id; - reads stdin.",
            metavar="FILE",
            panel=_WHICH,
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFlags:
    """How the control plane is reached."""

    profile: Annotated[
        str | None, flag("--profile", "AWS profile of the base credentials (AWS_PROFILE).", panel=_AWS)
    ] = None
    endpoint_url: Annotated[
        str | None,
        flag(
            "--endpoint-url",
            "Send every call here instead of AWS (AWS_ENDPOINT_URL).",
            metavar="URL",
            panel=_AWS,
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        flag(
            "--ca-bundle",
            "Certificates to trust instead of the system's (AWS_CA_BUNDLE).",
            metavar="FILE",
            panel=_AWS,
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceFlags:
    """How fast. The quota is one account's in one region, shared with everybody else there.

    None stands for a flag that was not given: what a plan or a run recorded then stands, else the default.
    """

    rate: Annotated[
        float | None,
        flag(
            "--rate", f"Calls per second and account-region. [default: {TOTAL.rate:g}]", min=0.01, panel=_PACE
        ),
    ] = None
    burst: Annotated[
        float | None,
        flag(
            "--burst",
            f"Calls that may be made at once after a rest. [default: {TOTAL.burst:g}]",
            min=1,
            panel=_PACE,
        ),
    ] = None
    share: Annotated[
        float | None,
        flag(
            "--share",
            "Part of the rate to take, leaving the rest to others. [default: 1]",
            min=0.01,
            max=1,
            panel=_PACE,
        ),
    ] = None
    workers: Annotated[
        int | None,
        flag(
            "--workers",
            "REST APIs in work at once per account-region. [default: enough to use up the quota]",
            min=1,
            panel=_PACE,
        ),
    ] = None
    attempts: Annotated[
        int | None,
        flag(
            "--attempts",
            "Tries of a call that conflicts or fails; throttles do not count. [default: for about 20 s]",
            min=1,
            panel=_PACE,
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFlags:
    """Where runs are remembered."""

    journal: Annotated[
        str | None,
        flag(
            "--journal",
            "Journal: a file or a database URL. [default: in the XDG state folder]",
            metavar="FILE|URL",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFlags:
    """What is shown, and how. Data goes to stdout, everything else to stderr."""

    output: Annotated[Output, flag("--output", "Form of the data on stdout.", "-o", panel=_OUT)] = (
        Output.TABLE
    )
    quiet: Annotated[
        bool, flag("--quiet", "No progress and no notes; data, warnings and errors only.", "-q", panel=_OUT)
    ] = False
    no_color: Annotated[bool, flag("--no-color", "No colour (NO_COLOR).", panel=_OUT)] = False
    debug: Annotated[
        bool, flag("--debug", "On an error, show where in the code it happened.", panel=_OUT)
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFlags:
    """What is logged of a run."""

    log_level: Annotated[LogLevel, flag("--log-level", "Least severity logged.", panel=_OUT)] = (
        LogLevel.WARNING
    )
    log_format: Annotated[LogFormat, flag("--log-format", "Form of the log on stderr.", panel=_OUT)] = (
        LogFormat.CONSOLE
    )
    log_file: Annotated[
        Path | None,
        flag("--log-file", "Also log here, as JSON lines, from `info` up.", metavar="FILE", panel=_OUT),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFlags:
    """What every verb that makes calls takes."""

    connection: ConnectionFlags
    pace: PaceFlags
    output: OutputFlags
    log: LogFlags
