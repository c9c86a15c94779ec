"""A policy document as it is evaluated. `reading` makes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchgw.simulator.iam.conditions import Condition
from batchgw.simulator.iam.request import Request
from batchgw.simulator.iam.wildcards import arn_matches, globbed, matches

Effect = Literal["Allow", "Deny"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """Patterns of one element. With `excluded` it is the element's Not form: what matches none of them."""

    globs: tuple[str, ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement.

    Attributes:
        effect: what it does to what it matches.
        actions: globs in lower case, because the case of an action does not count.
        resources: of ARNs, as written; None in a trust policy, which is about its own role.
        principals: ARNs, account ids and "*" in a trust policy; None elsewhere.
        conditions: all of them must hold.
    """

    effect: Effect
    actions: Patterns
    resources: Patterns | None = None
    principals: tuple[str, ...] | None = None
    conditions: tuple[Condition, ...] = ()

    def covers(self, request: Request, *, variables: bool) -> bool:
        """Whether it is about the request. Principals are not looked at."""
        return (
            self._acts(request.action)
            and self._reaches(request, variables=variables)
            and all(c.holds(request.values, variables=variables) for c in self.conditions)
        )

    def _acts(self, action: str) -> bool:
        lower = action.lower()
        return any(matches(glob, lower) for glob in self.actions.globs) is not self.actions.excluded

    def _reaches(self, request: Request, *, variables: bool) -> bool:
        resources = self.resources
        if resources is None:
            return True
        values = request.values if variables else None
        globs = (globbed(pattern, values) for pattern in resources.globs)
        found = any(glob is not None and arn_matches(glob, request.resource) for glob in globs)
        return found is not resources.excluded


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A document.

    Attributes:
        statements: in its order, which does not matter.
        variables: whether `${...}` is a policy variable: not in documents of 2008, AWS's default version.
    """

    statements: tuple[Statement, ...]
    variables: bool = True

    def effects(self, request: Request) -> set[Effect]:
        """Give the effects of the statements that are about a request."""
        return {s.effect for s in self.statements if s.covers(request, variables=self.variables)}
