"""Which resource of a deployed API a path leads to: literally, by a {parameter}, or by a greedy {proxy+}."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from batchgw.simulator.world.api_state import DeployedMethod, DeployedPaths


class _Segment(IntEnum):
    """What a step of a resource's path takes, the most exact first."""

    LITERAL = 0
    PARAMETER = 1
    GREEDY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method that a call leads to, the path of its resource, and the values of the path's parameters."""

    resource: str
    method: DeployedMethod
    parameters: Mapping[str, str] = field(default_factory=dict)


def find(paths: DeployedPaths, path: str, verb: str) -> Route | None:
    """Find the method that answers; None where nothing matches.

    The resource is chosen first, by the most exact match from the left. Where it has neither the method nor
    ANY, nothing matches, even if a less exact resource has it.
    """
    steps = _steps(path)
    found = min(_matching(paths, steps), default=None)
    if found is None:
        return None
    resource = found[1]
    methods = paths[resource]
    method = methods.get(verb) or methods.get("ANY")
    if method is None:
        return None
    return Route(resource=resource, method=method, parameters=dict(_parameters(_steps(resource), steps)))


def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/")) if path.strip("/") else ()


def _matching(paths: Iterable[str], steps: tuple[str, ...]) -> Iterator[tuple[tuple[_Segment, ...], str]]:
    """Give the resources that match, each with how exact its steps are."""
    for resource in paths:
        pattern = _steps(resource)
        kinds = tuple(map(_kind, pattern))
        greedy = bool(kinds) and kinds[-1] is _Segment.GREEDY
        if len(steps) < len(pattern) if greedy else len(steps) != len(pattern):
            continue
        if all(
            kind is not _Segment.LITERAL or wanted == step
            for wanted, kind, step in zip(pattern, kinds, steps, strict=False)
        ):
            yield kinds, resource


def _kind(step: str) -> _Segment:
    if not (step.startswith("{") and step.endswith("}")):
        return _Segment.LITERAL
    return _Segment.GREEDY if step.endswith("+}") else _Segment.PARAMETER


def _parameters(pattern: tuple[str, ...], steps: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for place, step in enumerate(pattern):
        match _kind(step):
            case _Segment.PARAMETER:
                yield step[1:-1], steps[place]
            case _Segment.GREEDY:
                yield step[1:-2], "/".join(steps[place:])
            case _:
                pass
