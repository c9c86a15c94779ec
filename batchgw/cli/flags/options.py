"""The flags that several verbs share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from batchgw.cli.flags.flag import ADVANCED, file_flag, flag, repeatable
from batchgw.cli.flags.form import form_flag
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.model.owner import OnManaged


class LogLevel(StrEnum):
    """The lowest severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """The form of the log on stderr."""

    CONSOLE = "console"
    JSON = "json"


_WHICH = "Which APIs"
_AWS = "AWS"
_OUT = "Output"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionFlags:
    """Which REST APIs. A flag that is given replaces what the policy's `targets` says of the same thing."""

    region: Annotated[
        list[str],
        repeatable(
            "--region",
            "Region, or `enabled`; repeatable, or a list.",
            metavar="REGION",
            commas=True,
            panel=_WHICH,
        ),
    ] = field(default_factory=list)
    account: Annotated[
        list[str],
        repeatable(
            "--account",
            "Id, OU, `current` or `organization`; repeatable.",
            metavar="ACCOUNT",
            commas=True,
            panel=_WHICH,
        ),
    ] = field(default_factory=list)
    exclude_account: Annotated[
        list[str],
        repeatable(
            "--exclude-account",
            "Id or OU to leave out; repeatable, or a list.",
            metavar="ACCOUNT",
            commas=True,
            panel=_WHICH,
        ),
    ] = field(default_factory=list)
    role_name: Annotated[
        str | None,
        flag("--role-name", "Role to assume in each account: name or ARN.", metavar="ROLE", panel=_WHICH),
    ] = None
    external_id: Annotated[
        str | None, flag("--external-id", "External id that the role asks for.", metavar="ID", panel=_WHICH)
    ] = field(default=None, repr=False)
    api_id: Annotated[
        list[str],
        repeatable(
            "--api-id",
            "ID, REGION/ID or ACCOUNT/REGION/ID; repeatable.",
            metavar="API",
            commas=True,
            panel=_WHICH,
        ),
    ] = field(default_factory=list)
    name: Annotated[
        list[str],
        repeatable("--name", "APIs with this name (glob); repeatable.", metavar="GLOB", panel=_WHICH),
    ] = field(default_factory=list)
    tag: Annotated[
        list[str],
        repeatable(
            "--tag",
            "APIs with this tag (glob); all must match.",
            metavar="KEY[=VALUE]",
            commas=True,
            panel=_WHICH,
        ),
    ] = field(default_factory=list)
    select: Annotated[
        list[str],
        repeatable(
            "--select",
            "APIs in a policy's words; repeatable.",
            metavar="WORDS",
            panel=_WHICH,
        ),
    ] = field(default_factory=list)
    targets: Annotated[
        str | None,
        flag(
            "--targets",
            "File with an API a line; - reads stdin.",
            metavar="FILE",
            panel=_WHICH,
        ),
    ] = None
    allow_empty: Annotated[
        bool, flag("--allow-empty", "Accept a selection that matches nothing.", panel=_WHICH)
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerFlags:
    """What becomes of APIs that other tools manage. None: nobody asks who manages them."""

    on_managed: Annotated[
        OnManaged | None,
        flag("--on-managed", "APIs of other tools. [default: no calls]", panel=_WHICH),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFlags:
    """How the control plane is reached."""

    profile: Annotated[
        str | None, flag("--profile", "AWS profile of the base credentials.", metavar="NAME", panel=_AWS)
    ] = None
    endpoint_url: Annotated[
        str | None,
        flag(
            "--endpoint-url",
            "Send every call here instead of AWS.",
            metavar="URL",
            panel=_AWS,
        ),
    ] = None
    ca_bundle: Annotated[
        Path | None,
        file_flag(
            "--ca-bundle",
            "Certificates to trust instead of the system's.",
            panel=ADVANCED,
        ),
    ] = None
    data_plane_url: Annotated[
        str | None,
        flag(
            "--data-plane-url",
            "Stages of an emulator, as a template.",
            metavar="URL",
            panel=ADVANCED,
        ),
    ] = None
    client_fast_path: Annotated[
        bool | None,
        flag(
            "--client-fast-path/--no-client-fast-path",
            "Frequent calls skip botocore. [default: yes]",
            panel=ADVANCED,
        ),
    ] = None
    """None as in `PaceFlags`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryFlags:
    """Whether what is learned of quotas, and found of the organisation, is remembered."""

    no_memory: Annotated[
        bool,
        flag("--no-memory", "Neither use nor keep quotas and accounts.", panel=ADVANCED),
    ] = False
    refresh: Annotated[
        bool, flag("--refresh", "Ask for accounts again. [default: after an hour]", panel=_WHICH)
    ] = False
    organization_age: Annotated[
        float | None,
        flag(
            "--organization-age",
            "Ask for accounts if older. [default: 3600]",
            metavar="SECONDS",
            min=0,
            panel=ADVANCED,
        ),
    ] = None

    @property
    def max_age(self) -> float | None:
        """Seconds for which what was found of the organisation is used; None where no flag says so."""
        return 0.0 if self.refresh else self.organization_age


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFlags:
    """Where runs are remembered."""

    journal: Annotated[
        str | None,
        file_flag(
            "--journal",
            "The journal. [default: in the XDG state folder]",
            metavar="FILE|URL",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFlags:
    """What is shown, and how. Data goes to stdout, everything else to stderr."""

    output: Annotated[str, form_flag("runs", panel=_OUT)] = "table"
    quiet: Annotated[bool, flag("--quiet", "Only data, warnings and errors.", "-q", panel=_OUT)] = False
    no_color: Annotated[bool, flag("--no-color", "No colour (also: NO_COLOR).", panel=_OUT)] = False
    debug: Annotated[bool, flag("--debug", "Show the traceback of an error.", panel=ADVANCED)] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFlags:
    """What is logged of a run."""

    log_level: Annotated[
        LogLevel, flag("--log-level", "debug, info, warning or error.", metavar="LEVEL", panel=_OUT)
    ] = LogLevel.WARNING
    log_format: Annotated[LogFormat, flag("--log-format", "Form of the log on stderr.", panel=_OUT)] = (
        LogFormat.CONSOLE
    )
    log_file: Annotated[
        Path | None,
        file_flag(
            "--log-file",
            "Log here too, as JSON lines, from `info` up.",
            panel=_OUT,
            dash="`--log-format json` logs JSON lines on standard error",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFlags:
    """What every verb that makes calls takes."""

    connection: ConnectionFlags
    pace: PaceFlags
    output: OutputFlags
    log: LogFlags
    memory: MemoryFlags = field(default_factory=MemoryFlags)
