"""The truth about a rollout, from the simulated world itself: what was there, what must be, and what is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.model import ResponseType, Settings
from batchgw.simulator.world.customisation import Customisation
from batchgw.simulator.world.world import World

POLICY = """\
version: 1
targets:
  regions: [eu-west-1, us-east-1]
responses:
  DEFAULT_4XX:
    headers: {Access-Control-Allow-Origin: "*"}
    templates: {application/json: '{"message":$context.error.messageString,"id":"$context.requestId"}'}
  DEFAULT_5XX: {headers: {Access-Control-Allow-Origin: "*"}}
  THROTTLED: default
"""

_CORS = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
_TEMPLATES = {"application/json": '{"message":$context.error.messageString,"id":"$context.requestId"}'}

WANTED: Mapping[ResponseType, Settings | None] = {
    ResponseType.DEFAULT_4XX: Settings(parameters=_CORS, templates=_TEMPLATES),
    ResponseType.DEFAULT_5XX: Settings(parameters=_CORS),
    ResponseType.THROTTLED: None,
}
"""What the policy sets each type to, as the service stores it. None: the customisation is deleted."""

Target = tuple[str, str]
"""API and response type."""


@dataclass
class Truth:
    """Remembers how a world was, and works out what it must become, by the simulator's own rules."""

    world: World
    before: Mapping[str, Customisation] = field(init=False)

    def __post_init__(self) -> None:
        self.before = self._now()

    @property
    def expected(self) -> int:
        """API-types that must end in an outcome."""
        return len(self.before) * len(WANTED)

    @property
    def to_write(self) -> frozenset[Target]:
        """The API-types that at first are not as the policy says."""
        return frozenset(
            (api, kind.value)
            for api, own in self.before.items()
            for kind, settings in WANTED.items()
            if _differs(own, kind, settings)
        )

    def wrong(self) -> list[str]:
        """Every gateway response of every API, all 21 types, that is not what it must be."""
        now = self._now()
        return [
            f"{api}/{kind}: {now[api].answers[kind]}"
            for api, own in self.before.items()
            for kind in ResponseType
            if now[api].answers[kind] != _brought_to_policy(own).answers[kind]
        ]

    def _now(self) -> dict[str, Customisation]:
        return {
            scope_apis.id(number): scope_apis.customisation(number)
            for scope_apis in self.world.scopes()
            for number in scope_apis.numbers()
        }


def _differs(own: Customisation, kind: ResponseType, settings: Settings | None) -> bool:
    """Whether a write is needed. A type that only inherits follows its family without one."""
    if settings is None:
        return kind in own.own
    return own.answers[kind] != own.put(kind, settings).answers[kind]


def _brought_to_policy(own: Customisation) -> Customisation:
    for kind, settings in WANTED.items():
        if settings is not None:
            own = own.put(kind, settings)
        elif kind in own.own:
            own = own.delete(kind)
    return own
