"""Is a response as the change was to make it? If not, what differs? Pure."""

from __future__ import annotations

from batchgw.model import (
    DEFAULT_STATUS,
    DEFAULT_TEMPLATES,
    GatewayResponse,
    ResponseChange,
    ResponseType,
    Settings,
)
from batchgw.model.inheritance import customisation, effective, same_effect
from batchgw.planning.change_view import FieldChange
from batchgw.planning.render import Field, compare

SHOWN = 100
"""Characters of a header's value that a message repeats."""


def as_planned(now: GatewayResponse, change: ResponseChange) -> bool:
    """Tell whether a response is what the change was to make of it."""
    if (
        change.after is not None
        and not now.default_response
        and _shows(now.settings, change.after, change.type)
    ):
        return True  # as nearly every answer to a PUT does: this is asked with each
    return same_effect(customisation(now), _wanted(change))


def _shows(now: Settings, asked: Settings, response_type: ResponseType) -> bool:
    """Tell whether settings are those that were asked for, letter by letter, defaults filled in."""
    return (
        now.parameters == asked.parameters
        and now.templates == (asked.templates or DEFAULT_TEMPLATES)
        and now.status_code == (asked.status_code or DEFAULT_STATUS.get(response_type))
    )


def _wanted(change: ResponseChange) -> Settings | None:
    return None if change.after is None else effective(change.type, change.after)


def differences(now: GatewayResponse, change: ResponseChange) -> list[str]:
    """Say how a response differs from what the change was to make, a clause for each difference."""
    wanted, own = _wanted(change), customisation(now)
    if wanted is None:
        return [f"{change.type.value} is customised still"]
    if own is None:
        return [f"{change.type.value} is not customised (defaultResponse is true)"]
    return [_sentence(field) for field in compare(_by_lower_name(wanted), _by_lower_name(own))]


def _by_lower_name(settings: Settings) -> Settings:
    """Give header names without case, so that those alone make no difference."""
    return Settings(
        status_code=settings.status_code,
        parameters={name.lower(): value for name, value in settings.parameters.items()},
        templates=settings.templates,
    )


def _sentence(field: FieldChange) -> str:
    """Say of one field what was asked and what is there: `before` is what was asked."""
    if field.after is None:
        return f"{field.label} is missing"
    if field.before is None:
        return f"{field.label} is there, and was not asked for"
    if field.field is Field.TEMPLATE:
        return f"{field.label} has another text than was asked for"
    return f"{field.label} is {field.after[:SHOWN]}, and {field.before[:SHOWN]} was asked for"
