"""The verb `put`: puts one gateway response, given by flags, onto some APIs. It is a policy of one rule."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import typer

from batchgw.cli.flags.flag import STREAM, flag, repeatable
from batchgw.cli.flags.options import JournalFlags, RunFlags, SelectionFlags
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.verb import verb
from batchgw.cli.verbs.rollout.writing import ForceLock, Recheck, RereadAfter, TakeOverDead, Yes
from batchgw.errors import PolicyInvalid, UsageError
from batchgw.model import Desired, Mode, Policy, ResponseType
from batchgw.model.shape import JSON

PANEL = "Rollout"
_WHAT = "The response"


def _types(incomplete: str) -> list[str]:
    """Complete a response type."""
    return [t.value for t in ResponseType if t.value.startswith(incomplete.upper())]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFlags:
    """One gateway response: in a policy's words, in those of the boto3 call, or in both."""

    type: Annotated[
        str,
        flag(
            "--type",
            "Response type, such as UNAUTHORIZED.",
            autocompletion=_types,
            metavar="TYPE",
            panel=_WHAT,
        ),
    ]
    status: Annotated[str | None, flag("--status", "Status code.", "--status-code", panel=_WHAT)] = None
    header: Annotated[
        list[str], repeatable("--header", "A header, as NAME=VALUE; repeatable.", panel=_WHAT)
    ] = field(default_factory=list)
    header_from: Annotated[
        list[str],
        repeatable("--header-from", "From the request: NAME=method.request.header.X.", panel=_WHAT),
    ] = field(default_factory=list)
    template: Annotated[
        list[str],
        repeatable("--template", "CONTENT/TYPE=TEXT, or CONTENT/TYPE=@FILE.", panel=_WHAT),
    ] = field(default_factory=list)
    response_parameters: Annotated[
        str | None,
        flag("--response-parameters", "As boto3 takes them, in JSON.", metavar="JSON", panel=_WHAT),
    ] = None
    response_templates: Annotated[
        str | None, flag("--response-templates", "As boto3 takes them, in JSON.", metavar="JSON", panel=_WHAT)
    ] = None
    default: Annotated[
        bool, flag("--default", "Reset the response, instead of setting anything.", panel=_WHAT)
    ] = False
    mode: Annotated[
        Mode,
        flag(
            "--mode", "replace: exactly this; merge: the rest stays; fill: only where untouched.", panel=_WHAT
        ),
    ] = Mode.REPLACE


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    verb(app, shows="summary", rich_help_panel=PANEL)(put)


def put(  # noqa: PLR0917 - Typer passes all of them by name
    response: ResponseFlags,
    selection: SelectionFlags,
    flags: RunFlags,
    journal: JournalFlags,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="REST APIs: ID, REGION/ID or ACCOUNT/REGION/ID."),
    ] = None,
    yes: Yes = False,  # noqa: FBT002 - a flag
    recheck: Recheck = True,  # noqa: FBT002 - a flag
    reread_after: RereadAfter = None,
    force_lock: ForceLock = False,  # noqa: FBT002 - a flag
    take_over_dead: TakeOverDead = False,  # noqa: FBT002 - a flag
) -> int:
    """Put one gateway response onto named REST APIs, without a policy file."""
    from batchgw.cli.flags.selection import chosen_targets  # noqa: PLC0415 - as above
    from batchgw.cli.loading import Source  # noqa: PLC0415 - as above
    from batchgw.cli.proposing import policy_plan  # noqa: PLC0415 - as below
    from batchgw.cli.verbs.rollout.carrying_out import Applying  # noqa: PLC0415 - the whole engine

    named = ids or []
    by_words = selection.name or selection.tag or selection.select
    if not (named or selection.api_id or selection.targets or by_words):
        raise UsageError(
            "say which REST APIs: give ids as arguments, --targets FILE (or -), --name, --tag or --select."
        )
    refuse_shared(flags, targets=selection.targets)
    policy, warnings = policy_of(response)
    applying = Applying(
        flags=flags,
        journal=journal,
        yes=yes,
        reread_after=reread_after,
        force_lock=force_lock,
        take_over_dead=take_over_dead,
        verb="put",
    )
    for warning in warnings:
        applying.console.warning(warning)
    targets = chosen_targets(policy.targets, selection, flags.connection, ids=named)
    return applying.run(
        policy_plan(Source(policy=policy), targets, flags, recheck=recheck, allow_empty=selection.allow_empty)
    )


def policy_of(flags: ResponseFlags) -> tuple[Policy, tuple[str, ...]]:
    """Make the policy of one rule, checked as a policy file is, and give the warnings about it.

    Raises UsageError with everything that is wrong.
    """
    from batchgw.policy.single_response import load_response  # noqa: PLC0415 - pydantic is behind it

    response: Mapping[str, JSON] | str = "default" if flags.default else _settings(flags)
    if flags.default and _settings(flags):
        raise UsageError("--default resets the response, so give nothing to set beside it.")
    if not response:
        raise UsageError(
            "say what to put: --status, --header, --header-from, --template, --response-parameters, "
            "--response-templates, or --default."
        )
    try:
        loaded = load_response(flags.type.upper(), response, source="put")
    except PolicyInvalid as error:
        wrong = "; ".join(p.message for p in error.problems if p.severity == "error")
        raise UsageError(f"this response cannot be put: {wrong}") from None
    desired = Desired(rules={loaded.type: replace(loaded.rule, mode=flags.mode)})
    return Policy(desired=desired, source="put"), tuple(p.message for p in loaded.warnings)


def _settings(flags: ResponseFlags) -> dict[str, JSON]:
    headers: dict[str, JSON] = dict(_pair(text, "--header") for text in flags.header)
    for text in flags.header_from:
        name, source = _pair(text, "--header-from")
        headers[name] = {"from": source}
    settings = {
        "status": flags.status,
        "headers": headers,
        "templates": dict(_template(text) for text in flags.template),
        "responseParameters": _json(flags.response_parameters, "--response-parameters"),
        "responseTemplates": _json(flags.response_templates, "--response-templates"),
    }
    return {name: value for name, value in settings.items() if value}


def _pair(text: str, name: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key.strip() and equals):
        raise UsageError(f"{name} {text!r}: write NAME=VALUE, with an equals sign and no colon.")
    return key.strip(), value


def _template(text: str) -> tuple[str, str]:
    content_type, value = _pair(text, "--template")
    if not value.startswith("@"):
        return content_type, value
    try:
        return content_type, _template_file(value[1:])
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise UsageError(f"--template {text}: {value[1:]} cannot be read: {why}.") from None


def _template_file(name: str) -> str:
    """Read a template as it stands, but for a byte order mark. Raises OSError and ValueError."""
    from batchgw.policy.text.source import MAX_BYTES, read_bounded  # noqa: PLC0415 - not for --help

    if name == STREAM:
        raise ValueError("name a file: standard input is not read here")
    content = read_bounded(name)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB, and the service takes 300 KB")
    return content.decode("utf-8-sig")


def _json(text: str | None, name: str) -> dict[str, JSON]:
    if text is None:
        return {}
    try:
        value = json.loads(text)
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply to be a gateway response.") from None
    except ValueError as error:
        raise UsageError(f"{name} is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise UsageError(f"{name} must be a JSON object, as boto3 takes it.")
    return value
