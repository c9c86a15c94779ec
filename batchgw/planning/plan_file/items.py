"""Plan items as JSON: what stands on a line of a plan file, and of `plan --output jsonl`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, assert_never, cast

from batchgw.model import (
    AccountId,
    Change,
    Owner,
    PlanItem,
    PlannedApi,
    Region,
    RestApi,
    RestApiId,
    Scope,
    SetAside,
    SkippedScope,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.kinds import change_to_json, read_change, read_target
from batchgw.model.shape import JSON, count, items, number, record, text, truth

CHANGES = b',"changes":['
"""What separates an API from its changes. It cannot stand within a text: quotes are escaped there."""

API = b'{"kind":"api",'
"""How the line of an API begins."""

ALIKE = 64
"""Different changes of an API that are remembered, as bytes and as objects. Then all are forgotten.

A run reads its plan three times, and this makes reading some times faster (`benchmarks.kept_for_speed`).
"""

SHORT = 16_384
"""Bytes of the longest changes that are remembered: 1 MB in all, and some MB as objects."""


def item_to_json(item: PlanItem) -> dict[str, JSON]:
    """Render an item whole; "kind" tells the four apart. What is empty is left out, and so is variant 0."""
    match item:
        case PlannedApi():
            return {
                "kind": "api",
                "api": api_to_json(item.api),
                **({"variant": item.variant} if item.variant else {}),
                **_set_aside_to_json(item),
                **({"notes": list(item.notes)} if item.notes else {}),
                **({"uncovered": [t.to_json() for t in item.uncovered]} if item.uncovered else {}),
                "changes": [change_to_json(change) for change in item.changes],
            }
        case UnreadApi():
            return {
                "kind": "unread-api",
                "api": api_to_json(item.api),
                "targets": [t.to_json() for t in item.targets],
                **_set_aside_to_json(item),
                "code": item.code,
                "message": item.message,
            }
        case UnreadScope() | SkippedScope():
            return {
                "kind": "unread-scope" if isinstance(item, UnreadScope) else "skipped-scope",
                "account": item.scope.account,
                "region": item.scope.region,
                "code": item.code,
                "message": item.message,
            }
        case _:
            assert_never(item)


class ItemReader:
    """Reads what `item_to_json` wrote.

    APIs of a fleet are much alike. So the changes of an API are made once, and shared by all APIs whose
    changes are equal. What a reader remembers is bounded, however many items it reads.
    """

    def __init__(self) -> None:
        self._changes: dict[bytes, tuple[Change, ...]] = {}
        self._scopes: dict[tuple[str, str], Scope] = {}

    def read_line(self, line: bytes) -> PlanItem:
        """Make the item of a line of compact JSON. Raises as `read` does."""
        api, found, changes = line.rpartition(CHANGES)
        remembered = self._changes.get(changes)
        if remembered is not None and api.startswith(API):
            return self._planned(json.loads(api + b"}"), remembered)
        item = self.read(json.loads(line))
        if found and isinstance(item, PlannedApi) and len(changes) <= SHORT:
            if len(self._changes) >= ALIKE:
                self._changes.clear()
            self._changes[changes] = item.changes
        return item

    def read(self, data: Mapping[str, JSON]) -> PlanItem:
        """Make the item. Raises KeyError, TypeError or ValueError when it is not one."""
        match data["kind"]:
            case "api":
                return self._planned(data, tuple(map(read_change, items(data["changes"]))))
            case "unread-api":
                return UnreadApi(
                    api=self.api(record(data["api"])),
                    targets=tuple(map(read_target, items(data["targets"]))),
                    set_aside=_set_aside(data),
                    code=text(data["code"]),
                    message=text(data["message"]),
                )
            case "unread-scope":
                return UnreadScope(
                    scope=self._scope(data), code=text(data["code"]), message=text(data["message"])
                )
            case "skipped-scope":
                return SkippedScope(
                    scope=self._scope(data), code=text(data["code"]), message=text(data["message"])
                )
            case kind:
                raise ValueError(f"no plan item is a {kind!r}")

    def _planned(self, data: Mapping[str, JSON], changes: tuple[Change, ...]) -> PlannedApi:
        return PlannedApi(
            api=self.api(record(data["api"])),
            changes=changes,
            uncovered=tuple(map(read_target, items(data.get("uncovered", [])))),
            set_aside=_set_aside(data),
            variant=count(data.get("variant", 0)),
            notes=tuple(map(text, items(data.get("notes", [])))),
        )

    def api(self, data: Mapping[str, JSON]) -> RestApi:
        """Make an API that `api_to_json` wrote. Raises as `read` does."""
        return RestApi(
            scope=self._scope(data),
            id=RestApiId(text(data["id"])),
            name=text(data["name"]),
            tags=cast("Mapping[str, str]", record(data["tags"])),  # an emulator's may hold anything
            endpoint_types=tuple(map(text, items(data["endpointTypes"]))),
            created=None if data["created"] is None else number(data["created"]),
            disable_execute_api_endpoint=truth(data.get("disableExecuteApiEndpoint", False)),
            endpoint_access_mode=text(data.get("endpointAccessMode", "")),
            owner=_owner(data.get("owner")),
        )

    def _scope(self, data: Mapping[str, JSON]) -> Scope:
        key = (text(data["account"]), text(data["region"]))
        found = self._scopes.get(key)
        if found is None:
            found = Scope(account=AccountId(key[0]), region=Region(key[1]))
            self._scopes[key] = found
        return found


def _set_aside_to_json(item: PlannedApi | UnreadApi) -> dict[str, JSON]:
    if not item.set_aside:
        return {}
    return {
        "set_aside": [
            {
                **each.target.to_json(),
                **({} if each.ending == "skipped" else {"ending": each.ending}),
                "code": each.code,
                "message": each.message,
            }
            for each in item.set_aside
        ]
    }


def _set_aside(data: Mapping[str, JSON]) -> tuple[SetAside, ...]:
    found = items(data.get("set_aside", []))
    return tuple(
        SetAside(
            target=read_target(each),
            code=text(each["code"]),
            message=text(each["message"]),
            ending=_ending(each.get("ending", "skipped")),
        )
        for each in map(record, found)
    )


def _ending(data: JSON) -> Literal["skipped", "held", "failed"]:
    match data:
        case "skipped" | "held" | "failed":
            return data
        case _:
            raise ValueError(f"no target that the plan decides ends {data!r}")


def _owner(data: JSON) -> Owner | None:
    if data is None:
        return None
    found = record(data)
    return Owner(kind=text(found["kind"]), name=text(found["name"]))


def api_to_json(api: RestApi) -> dict[str, JSON]:
    """Render an API with all that is known of it. What few APIs have is left out where it is not set."""
    mode = api.endpoint_access_mode
    return {
        "account": api.scope.account,
        "region": api.scope.region,
        "id": api.id,
        "name": api.name,
        "tags": dict(api.tags),
        "endpointTypes": api.endpoint_types,
        "created": api.created,
        **({"disableExecuteApiEndpoint": True} if api.disable_execute_api_endpoint else {}),
        **({"endpointAccessMode": mode} if mode else {}),
        **({} if api.owner is None else {"owner": {"kind": api.owner.kind, "name": api.owner.name}}),
    }
