"""Reads a script of edits from a file or a request, with errors that name the line and column.

A script is a list. Each entry has `edit`, one edit or a list of them, and when: `at` (seconds since the first
call), or `match` (calls, in the words of fault scripts), after each of which the edits are made. `api` is the
id of the API; with `match` it may be left out, and is that of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from batchgw.model import ResponseType
from batchgw.simulator.documents import Value
from batchgw.simulator.edits.edit import (
    AddMethod,
    CreateDeployment,
    DeleteApi,
    DeleteDeployment,
    DeleteGatewayResponse,
    DeleteStage,
    DisableEndpoint,
    Edit,
    MoveStage,
    PutGatewayResponse,
    RemoveCanary,
    RemoveMethod,
    SetCanary,
)
from batchgw.simulator.edits.hand import NEWEST
from batchgw.simulator.edits.script import AfterCall, AtTime, EditScript, Planned
from batchgw.simulator.traffic.match_script import MatchWrong, match_of
from batchgw.simulator.traffic.matching import Match

FIELDS: Final = ("at", "match", "api", "edit")
MOST_ENTRIES: Final = 1_000
MOST_EDITS: Final = 100
"""Edits of one entry."""

_VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_TYPES = tuple(kind.value for kind in ResponseType)


def edits(document: Value, *, seed: int = 0) -> EditScript:
    """Read a script. `seed` decides which calls a probability chooses. Raises UsageError."""
    entries = document.items()
    if len(entries) > MOST_ENTRIES:
        raise document.wrong(f"a script of edits has at most {MOST_ENTRIES:,} entries, not {len(entries):,}")
    at_times: list[AtTime] = []
    after_calls: list[AfterCall] = []
    for entry in entries:
        found = entry.fields(FIELDS)
        if ("at" in found) is ("match" in found) or "edit" not in found:
            raise entry.wrong("an entry has `edit`, and either `at` or `match`")
        api = found["api"].text() if "api" in found else None
        planned = Planned(edits=_edits(found["edit"]), api=api)
        if "match" in found:
            after_calls.append(AfterCall(match=_match(found["match"]), planned=planned))
        elif api is None:
            raise entry.wrong("an entry with `at` needs `api`, the id of the API")
        else:
            at_times.append(AtTime(at=found["at"].number(), planned=planned))
    return EditScript(at_times=at_times, after_calls=after_calls, seed=seed)


def _match(value: Value) -> Match:
    try:
        return match_of(value.value)
    except MatchWrong as wrong:
        place = value if wrong.key is None else value.mapping()[wrong.key]
        raise place.wrong(str(wrong)) from None


def _edits(value: Value) -> tuple[Edit, ...]:
    if not isinstance(value.value, list):
        return (_edit(value),)
    each = value.items()
    if not 0 < len(each) <= MOST_EDITS:
        raise value.wrong(f"an entry has 1 to {MOST_EDITS} edits, not {len(each)}")
    return tuple(map(_edit, each))


def _edit(value: Value) -> Edit:
    """Read a name, or one name with what it takes."""
    if isinstance(value.value, str):
        read, argument = EDITS.get(value.value), replace(value, value=None)
    else:
        found = value.fields(tuple(EDITS))
        if len(found) != 1:
            raise value.wrong(f"an edit is one name with what it takes; there are {', '.join(EDITS)}")
        ((name, argument),) = found.items()
        read = EDITS[name]
    if read is None:
        raise value.wrong(f"there is no such edit; there are {', '.join(EDITS)}")
    return read(argument)


def _needed(value: Value, known: tuple[str, ...], *needed: str) -> dict[str, Value]:
    found = value.fields(known)
    for name in needed:
        if name not in found:
            raise value.wrong(f"it needs `{name}`")
    return found


def _texts(value: Value | None) -> dict[str, str]:
    return {} if value is None else {name: each.text() for name, each in value.mapping().items()}


def _optional(value: Value | None) -> str | None:
    return None if value is None else value.text()


def _put(value: Value) -> Edit:
    found = _needed(value, ("type", "status", "parameters", "templates"), "type")
    return PutGatewayResponse(
        type=found["type"].word(_TYPES),
        status=_optional(found.get("status")),
        parameters=_texts(found.get("parameters")),
        templates=_texts(found.get("templates")),
    )


def _add_method(value: Value) -> Edit:
    found = _needed(value, ("path", "method", "authorization", "api_key"), "path")
    return AddMethod(
        path=_path(found["path"]),
        method=found["method"].word(_VERBS) if "method" in found else "GET",
        authorization=_optional(found.get("authorization")) or "NONE",
        api_key="api_key" in found and found["api_key"].flag(),
    )


def _remove_method(value: Value) -> Edit:
    found = _needed(value, ("path", "method"), "path")
    method = found["method"].word(_VERBS) if "method" in found else "GET"
    return RemoveMethod(path=_path(found["path"]), method=method)


def _path(value: Value) -> str:
    path = value.text()
    if not path.startswith("/") or "//" in path or (path != "/" and path.endswith("/")):
        raise value.wrong(f"must be the path of a resource, such as /orders/{{id}}, not {path!r}")
    return path


def _create_deployment(value: Value) -> Edit:
    found = value.fields(("stage", "description"))
    return CreateDeployment(
        stage=_optional(found.get("stage")), description=_optional(found.get("description"))
    )


def _move_stage(value: Value) -> Edit:
    found = _needed(value, ("stage", "deployment"), "stage")
    return MoveStage(stage=found["stage"].text(), deployment=_optional(found.get("deployment")) or NEWEST)


def _set_canary(value: Value) -> Edit:
    found = _needed(value, ("stage", "percent", "deployment"), "stage", "percent")
    percent = found["percent"].number()
    if percent > 100:  # noqa: PLR2004 - percent
        raise found["percent"].wrong(f"must be a number from 0 to 100, not {percent:g}")
    return SetCanary(
        stage=found["stage"].text(),
        percent=percent,
        deployment=_optional(found.get("deployment")) or NEWEST,
    )


def _delete_api(value: Value) -> Edit:
    value.fields(())
    return DeleteApi()


EDITS: Mapping[str, Callable[[Value], Edit]] = {
    PutGatewayResponse.name: _put,
    DeleteGatewayResponse.name: lambda value: DeleteGatewayResponse(type=value.word(_TYPES)),
    AddMethod.name: _add_method,
    RemoveMethod.name: _remove_method,
    CreateDeployment.name: _create_deployment,
    MoveStage.name: _move_stage,
    SetCanary.name: _set_canary,
    RemoveCanary.name: lambda value: RemoveCanary(stage=value.text()),
    DeleteDeployment.name: lambda value: DeleteDeployment(deployment=value.text()),
    DeleteStage.name: lambda value: DeleteStage(stage=value.text()),
    DeleteApi.name: _delete_api,
    DisableEndpoint.name: lambda value: DisableEndpoint(disabled=value.flag()),
}
"""How what an edit takes is read, by the edit's name."""
