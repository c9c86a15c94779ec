"""How a merge rule is applied to what a response shows: keys that the rule lists win, the rest stays."""

from __future__ import annotations

from batchgw.model import DEFAULT_STATUS, DEFAULT_TEMPLATES, ResponseType, Settings


def merged(response_type: ResponseType, base: Settings, listed: Settings) -> Settings:
    """Give what PUT must carry so that `listed` holds and the rest of `base` stays.

    `base` is in effective form. PUT replaces everything, so what stays is repeated, except what the service
    fills in by itself: a status equal to the type's default is not pinned (INTEGRATION_FAILURE shows 504
    while it answers 500), and the default template is not spelled out when it is the only one.
    """
    return Settings(
        status_code=listed.status_code or _unless_default(response_type, base.status_code),
        parameters=_parameters(base, listed),
        templates=_templates(base, listed),
    )


def _unless_default(response_type: ResponseType, status: str | None) -> str | None:
    return None if status == DEFAULT_STATUS.get(response_type) else status


def _parameters(base: Settings, listed: Settings) -> dict[str, str]:
    """Header names are compared as HTTP does, without regard to case; the listed spelling stands."""
    taken = {key.lower() for key in listed.parameters}
    kept = {key: value for key, value in base.parameters.items() if key.lower() not in taken}
    return {**kept, **listed.parameters}


def _templates(base: Settings, listed: Settings) -> dict[str, str]:
    if not listed.templates and base.templates == DEFAULT_TEMPLATES:
        return {}
    return {**base.templates, **listed.templates}
