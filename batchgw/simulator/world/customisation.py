"""The gateway responses that an API customised, and what it answers because of them.

A `Customisation` is immutable and shared: a world has many APIs and few different customisations. So 100,000
APIs with one policy share one. A deployment's snapshot is the same object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from batchgw.model import DEFAULT_STATUS, DEFAULT_TEMPLATES, GatewayResponse, ResponseType, Settings

SettingsKey = tuple[str | None, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
"""Settings as a hashable value: status code, sorted parameters, sorted templates."""

WIRE_ORDER = tuple(sorted(ResponseType))
"""GetGatewayResponses lists the types alphabetically."""

_SHARED = 8192  # settings and customisations kept for sharing; losing one costs memory, not meaning


def settings_key(settings: Settings) -> SettingsKey:
    """The settings' value, to compare and share by."""
    return (
        settings.status_code,
        tuple(sorted(settings.parameters.items())),
        tuple(sorted(settings.templates.items())),
    )


@lru_cache(maxsize=_SHARED)
def _shared_settings(key: SettingsKey) -> Settings:
    status, parameters, templates = key
    return Settings(
        status_code=status,
        parameters=MappingProxyType(dict(parameters)),
        templates=MappingProxyType(dict(templates)),
    )


class Customisation:
    """Customised gateway responses by type. Immutable: `put` and `delete` return another one."""

    __slots__ = ("own",)

    def __init__(self, own: Mapping[ResponseType, Settings]) -> None:
        """`own` holds what was set, without defaults. Call `customisation` to share equal ones."""
        self.own = own

    def put(self, kind: ResponseType, settings: Settings) -> Customisation:
        """This, with one response replaced whole."""
        return _put(self, kind, settings_key(settings))

    def delete(self, kind: ResponseType) -> Customisation:
        """This, with one response at its default. Raises KeyError when it is there already."""
        if kind not in self.own:
            raise KeyError(kind)
        return _delete(self, kind)

    @property
    def answers(self) -> Mapping[ResponseType, GatewayResponse]:
        """What GetGatewayResponses answers: all 21 types, effective values, in the service's order."""
        return _answers(self)

    @property
    def wire_items(self) -> list[dict[str, object]]:
        """The same as JSON. Shared: never change it."""
        return _wire_items(self)


def customisation(own: Mapping[ResponseType, Settings]) -> Customisation:
    """The shared customisation of that meaning."""
    return _shared(tuple((kind, settings_key(own[kind])) for kind in WIRE_ORDER if kind in own))


@lru_cache(maxsize=_SHARED)
def _shared(own: tuple[tuple[ResponseType, SettingsKey], ...]) -> Customisation:
    return Customisation(MappingProxyType({kind: _shared_settings(key) for kind, key in own}))


@lru_cache(maxsize=_SHARED)
def _put(before: Customisation, kind: ResponseType, key: SettingsKey) -> Customisation:
    return customisation({**before.own, kind: _shared_settings(key)})


@lru_cache(maxsize=_SHARED)
def _delete(before: Customisation, kind: ResponseType) -> Customisation:
    return customisation({k: s for k, s in before.own.items() if k is not kind})


NOTHING = customisation({})
"""Every type at its default."""


def filled(kind: ResponseType, own: Settings) -> Settings:
    """A customised response's effective values: what was left out is the **service's** default."""
    return Settings(
        status_code=own.status_code or DEFAULT_STATUS.get(kind),
        parameters=own.parameters,
        templates=own.templates or DEFAULT_TEMPLATES,
    )


def _inherited(kind: ResponseType, own: Mapping[ResponseType, Settings]) -> Settings:
    """An uncustomised type shows its family's values, where the family has any."""
    family = own.get(kind.family) if kind.family is not None else None
    return filled(kind, family if family is not None else Settings())


# Full answers are kept for fewer customisations than are shared: 21 records each are about 5 kB.
@lru_cache(maxsize=1024)
def _answers(these: Customisation) -> Mapping[ResponseType, GatewayResponse]:
    own = these.own
    return MappingProxyType(
        {
            kind: GatewayResponse(
                type=kind,
                settings=filled(kind, own[kind]) if kind in own else _inherited(kind, own),
                default_response=kind not in own,
            )
            for kind in WIRE_ORDER
        }
    )


@lru_cache(maxsize=1024)
def _wire_items(these: Customisation) -> list[dict[str, object]]:
    return wire(these.answers.values())


def wire(responses: Iterable[GatewayResponse]) -> list[dict[str, object]]:
    """Render as JSON. Answers always carry parameters and templates; DEFAULT_* may have no statusCode."""
    return [
        {
            "responseType": r.type.value,
            **({} if r.settings.status_code is None else {"statusCode": r.settings.status_code}),
            "responseParameters": dict(r.settings.parameters),
            "responseTemplates": dict(r.settings.templates),
            "defaultResponse": r.default_response,
        }
        for r in responses
    ]
