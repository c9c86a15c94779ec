"""Which APIs are in which wave of a plan, by their ids. It keeps no API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from batchgw.errors import NothingSelected
from batchgw.model import AccountId, Region, RestApiId, Scope
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave
from batchgw.model.shape import JSON, count, items, text
from batchgw.wording import amount

Members = Mapping[Scope, Sequence[RestApiId]]
"""The APIs of a wave, by their account-regions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """The waves of a plan, each with its APIs, in their order. A wave's number counts from 1."""

    rollout: Rollout
    members: tuple[Members, ...]

    def __iter__(self) -> Iterator[tuple[int, Wave, Members]]:
        """Give each wave with its number and its APIs."""
        for number, (wave, members) in enumerate(zip(self.rollout.waves, self.members, strict=True), 1):
            yield number, wave, members

    def __len__(self) -> int:
        """Give how many waves there are."""
        return len(self.members)

    @property
    def apis(self) -> tuple[int, ...]:
        """How many APIs each wave has."""
        return tuple(sum(map(len, members.values())) for members in self.members)

    def of_scope(self, scope: Scope) -> dict[RestApiId, int]:
        """Give the number of the wave of each API of an account-region that is in one."""
        return {api: number for number, _, members in self for api in members.get(scope, ())}

    @property
    def fault(self) -> str | None:
        """Say which waves are empty that may not be; None where none is, or there is nothing to roll out."""
        counts = self.apis
        if not any(counts):
            return None
        empty = [f"{n} ({wave})" for n, wave, _ in self if not counts[n - 1] and not wave.allow_empty]
        if not empty:
            return None
        named = f"wave {empty[0]} takes" if len(empty) == 1 else f"waves {', '.join(empty)} take"
        return (
            f"{named} none of the {amount(sum(counts), 'API')} that have something to change or to make live,"
            " so whatever was to be seen there first is not seen. Correct the waves of the policy, or write "
            "`allow_empty: true` where that is all right."
        )

    def lines(self) -> Iterator[dict[str, JSON]]:
        """Render as the lines of a plan file: one for each account-region of each wave."""
        for number, _, members in self:
            for scope, apis in members.items():
                yield {
                    "kind": "wave",
                    "wave": number,
                    "account": scope.account,
                    "region": scope.region,
                    "apis": list(apis),
                }


def refuse_empty(waves: Waves | None) -> None:
    """Raise NothingSelected where a wave is empty that may not be."""
    if waves is not None and waves.fault is not None:
        raise NothingSelected(f"{waves.fault} Nothing was written.")


class WaveReader:
    """Reads what `Waves.lines` wrote, line by line."""

    def __init__(self, rollout: Rollout) -> None:
        self._rollout = rollout
        self._members: tuple[dict[Scope, tuple[RestApiId, ...]], ...] = tuple({} for _ in rollout.waves)

    def read(self, data: Mapping[str, JSON]) -> None:
        """Take a line. Raises KeyError, TypeError or ValueError when it is none, or a second of its kind."""
        number = count(data["wave"])
        scope = Scope(account=AccountId(text(data["account"])), region=Region(text(data["region"])))
        if not 1 <= number <= len(self._members):
            raise ValueError(f"there is no wave {number}")
        if scope in self._members[number - 1]:
            raise ValueError(f"wave {number} has {scope} twice")
        self._members[number - 1][scope] = tuple(RestApiId(text(api)) for api in items(data["apis"]))

    def waves(self) -> Waves:
        """Give all that was read."""
        return Waves(rollout=self._rollout, members=self._members)
