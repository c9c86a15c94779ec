"""A path that no route of an API matches: a call of it is answered by API Gateway itself. Pure.

A path is looked for that matches no resource whatever its methods. What becomes of a method that a matching
resource lacks is not asked: a greedy resource elsewhere may take the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Final

WORD: Final = "batchgw-probe"
"""Each step of the path. The access log of a stage shows it."""


def unrouted(routes: Iterable[str]) -> str | None:
    """Give a path that none of some routes ("/orders/{id}", "/{proxy+}") matches; None where each is matched.

    Routes of parameters match by the number of their steps, and a greedy one matches any from its own on. So
    a path that is one step longer than all is matched only by a greedy route, as is every longer one.
    """
    all_steps = [_steps(route) for route in routes]
    used = {step for steps in all_steps for step in steps}
    word = next(name for number in count() if (name := f"{WORD}-{number}" if number else WORD) not in used)
    longest = max(map(len, all_steps), default=0)
    for length in range(1, longest + 2):
        if not any(_matches(steps, length) for steps in all_steps):
            return f"/{word}" * length
    return None


def _matches(route: Sequence[str], length: int) -> bool:
    """Tell whether a route matches a path of so many steps, none of which the route names."""
    if not all(step.startswith("{") and step.endswith("}") for step in route):
        return False
    if route and route[-1].endswith("+}"):
        return length >= len(route)
    return length == len(route)


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/")) if path.strip("/") else ()
