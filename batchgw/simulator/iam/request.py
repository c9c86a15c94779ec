"""What IAM is asked: may this be done to that? With everything that conditions can look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from batchgw.simulator.iam.wildcards import Values


class Lazy(Mapping[str, tuple[str, ...]]):
    """What a request says, worked out when the first condition or variable looks. Most policies have none."""

    def __init__(self, work_out: Callable[[], Values]) -> None:
        self._work_out = work_out
        self._values: Values | None = None

    def __getitem__(self, key: str) -> tuple[str, ...]:
        return self._known()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def _known(self) -> Values:
        if self._values is None:
            self._values = self._work_out()
        return self._values


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on one resource.

    Attributes:
        action: such as "apigateway:GET".
        resource: its ARN, or "*" where the action is about no resource.
        values: what conditions see, by key in lower case.
    """

    action: str
    resource: str
    values: Values = field(default_factory=dict)
