"""Why the stages of an API may not be probeable: what is known of it, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from batchgw.control_plane.data_plane import ProbeAnswer
from batchgw.model import RestApi
from batchgw.planning.deployment.answer import ASKED

PRIVATE: Final = "the API is private"
DISABLED: Final = "the API's own endpoint is disabled"
STRICT: Final = "the API's endpoint access mode is STRICT"
GREEDY: Final = "a greedy route takes every path"
UNSAID: Final = f"the plan does not tell what {ASKED} answers with"
ALIKE: Final = "the stage answered so before it was moved"
FORBIDDEN: Final = "the endpoint refuses every caller"
REFUSED: Final = "the stage refuses this caller before it looks for a route"

ERROR_TYPE: Final = "x-amzn-errortype"
"""The header that says what kind of gateway response an answer is (recorded)."""

_EXPECTED = "MissingAuthenticationTokenException"  # recorded


def closed(api: RestApi) -> str | None:
    """Say why an API answers no probe, as far as it was listed. An API that was not says nothing of it."""
    if "PRIVATE" in api.endpoint_types:
        return PRIVATE
    if api.disable_execute_api_endpoint:
        return DISABLED
    return STRICT if api.endpoint_access_mode == "STRICT" else None


def refusal(answer: ProbeAnswer) -> str:
    """Say why an answer is no gateway response of an unmatched path; nothing where it may be one.

    Where an endpoint is disabled, or private, a plain 403 comes: no gateway response can change it.
    """
    kind = answer.headers.get(ERROR_TYPE, "").partition(":")[0]
    if kind == _EXPECTED:
        return ""
    if answer.status == 403 and kind in ("", "ForbiddenException") and _message(answer.body) == "Forbidden":  # noqa: PLR2004
        return FORBIDDEN
    return f"{REFUSED}: {kind[:100]}" if kind else ""


def _message(body: str) -> object:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found["message"] if isinstance(found, Mapping) and len(found) == 1 and "message" in found else None
