"""What a caller of a stage must get, as the plan has it, and in what an answer differs. Pure.

Only what is known beforehand is compared: the status, headers with a fixed value, and the fixed parts of a
body. Sources: the API Gateway developer guide, "Gateway responses", and answers recorded from the service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from batchgw.model import HEADER_PREFIX, Change, ResponseType, Settings
from batchgw.model.inheritance import Observed, effective, is_customised, shown
from batchgw.model.response_change import responses
from batchgw.planning.deployment.live import planned_settings

_ASKED = ResponseType.MISSING_AUTHENTICATION_TOKEN

ASKED: Final = _ASKED.value
"""The response of a path that no route matches (recorded)."""

CLEARED: Final = frozenset(
    {"connection", "content-encoding", "content-length", "date", "keep-alive", "server", "trailer"}
    | {"transfer-encoding", "upgrade", "via"}
)
"""Headers that servers and proxies on the way set themselves (RFC 9110, 9112): they are not compared."""

LONGEST: Final = 60_000
"""Characters of a template that is compared. Of a longer body only the beginning may have been read."""

_NAME = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
_VARIABLE = re.compile(rf"\$(?:context|stageVariables|method\.request\.(?:header|path|querystring))\.{_NAME}")
_DIRECTIVE = re.compile(
    r"#\{?(?:set|if|elseif|else|end|foreach|include|parse|stop|break|macro|define|evaluate)\b|##|#\*|\$!?[a-z{]"
)
"""What Velocity would execute; and any variable that is none of a gateway response."""


class Answer(Protocol):
    """What came: the control plane's `ProbeAnswer`, which lies above this module."""

    @property
    def status(self) -> int:
        """Of HTTP."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By their names in small letters."""
        ...

    @property
    def body(self) -> str:
        """What was read of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAnswer:
    """What a caller must get.

    Attributes:
        status: of HTTP; None where the plan does not tell it.
        headers: those with a fixed value, by their names in small letters.
        bodies: one for each template: its fixed parts in their order, anything between them. Empty where a
            body cannot be told beforehand, so that none is compared.
    """

    status: int | None
    headers: Mapping[str, str]
    bodies: tuple[tuple[str, ...], ...]


def speaks_of_it(changes: Sequence[Change]) -> bool:
    """Tell whether changes may decide what a path without a route is answered with."""
    return any(change.type in (_ASKED, _ASKED.family) for change in responses(changes))


def told(changes: Sequence[Change], now: Observed | None = None) -> PlannedAnswer | None:
    """Give what a path without a route is answered with once changes are made; None where they do not tell.

    Where they say something of its family alone, it is asked of the API as it is `now` whether it customises
    that response itself.
    """
    inherits = now is not None and not is_customised(_ASKED, now)
    settings = planned_settings(_ASKED, changes, inherits=inherits)
    return None if settings is None else planned_answer(settings)


def observed_answer(observed: Observed) -> PlannedAnswer:
    """Give what a path without a route is answered with by a deployment of an API that was read so."""
    return planned_answer(effective(_ASKED, shown(_ASKED, observed).settings))


def planned_answer(settings: Settings) -> PlannedAnswer:
    """Give what callers get from the effective values of a gateway response."""
    headers = {}
    for parameter, expression in settings.parameters.items():
        name = parameter.removeprefix(HEADER_PREFIX).lower()
        if len(expression) > 1 and expression[0] == expression[-1] == "'" and name not in CLEARED:
            headers[name] = " ".join(expression[1:-1].split())
    templates = settings.templates.values()
    fixed = all(_is_told(template) for template in templates)
    return PlannedAnswer(
        status=int(settings.status_code) if settings.status_code else None,
        headers=headers,
        bodies=tuple([tuple(_VARIABLE.split(template)) for template in templates]) if fixed else (),
    )


def differences(planned: PlannedAnswer, answer: Answer) -> tuple[str, ...]:
    """Say in what an answer differs from the planned one, a clause each; nothing where it does not.

    No clause quotes a value: a body may hold what is for its caller alone.
    """
    found = []
    if planned.status is not None and answer.status != planned.status:
        found.append(f"status {answer.status} instead of {planned.status}")
    for name, value in planned.headers.items():
        if not _carries(answer.headers.get(name), value):
            found.append(f"header {name} {'is missing' if name not in answer.headers else 'is another'}")
    if planned.bodies and not any(_fits(parts, answer.body) for parts in planned.bodies):
        found.append("another body")
    return tuple(found)


def _is_told(template: str) -> bool:
    """Tell whether a template's variables are all that is not fixed in it."""
    return len(template) <= LONGEST and not _DIRECTIVE.search(_VARIABLE.sub("", template))


def _carries(found: str | None, value: str) -> bool:
    """Tell whether a header has a value, alone or among others. An empty one need not be sent."""
    if found is None:
        return not value
    return f", {value}, " in f", {' '.join(found.split())}, "


def _fits(parts: Sequence[str], body: str) -> bool:
    """Tell whether a body has the parts in their order, from its beginning to its end."""
    if len(parts) == 1:
        return body == parts[0]
    first, *between, last = parts
    if not body.startswith(first) or not body.endswith(last):
        return False
    at, end = len(first), len(body) - len(last)
    for part in between:
        at = body.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return at <= end
