"""Makes other people's edits, counts them apart, and lets them reach the callers of deployed APIs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from batchgw.simulator.call import Target
from batchgw.simulator.data_plane.edge import Edge
from batchgw.simulator.edits.edit import Edit
from batchgw.simulator.edits.hand import Hand
from batchgw.simulator.edits.script import EditScript, Planned
from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.traffic.effects import Effect, Effects
from batchgw.simulator.traffic.tallies import EditTally


class Others:
    """Other people at work in a world, by a script.

    Attributes:
        script: what they do, and when.
    """

    def __init__(
        self, service: Service, edge: Edge, effects: Effects, tally: EditTally, script: EditScript
    ) -> None:
        self.script = script
        self._service = service
        self._edge = edge
        self._effects = effects
        self._tally = tally
        self._began: float | None = None
        self._coming: list[Effect[None]] = []

    def begin(self, began: float) -> None:
        """Begin to count the time, at a time of the clock. Edits with an earlier time come now."""
        self._began = began
        self._coming = [
            self._effects.add(began + each.at, partial(self.make, each.planned, each.at))
            for each in self.script.at_times
        ]

    def use(self, script: EditScript) -> None:
        """Put another script in the place of the present one."""
        self._stop()
        self.script = script
        if self._began is not None:
            self.begin(self._began)

    def restart(self) -> None:
        """Count calls and time from zero, from the next `begin` on."""
        self._stop()
        self._began = None
        self.script.restart()

    def make(self, planned: Planned, now: float, *, api: str = "") -> None:
        """Make edits at a time; `api` is the API of those that name none."""
        named = planned.api or api
        home = self._service.world.home(named)
        if home is not None:
            self.edit(planned.edits, (home.account, home.region, named), now)
            return
        for edit in planned.edits:
            self._tally.refused[f"{edit.name}: no such API"] += 1

    def edit(self, edits: Sequence[Edit], target: Target, now: float) -> None:
        """Make edits of one API. What the service refuses is counted, and the next one is made."""
        hand = Hand(self._service, *target)
        self._edge.before_change(target)
        for edit in edits:
            try:
                edit.make(hand)
            except ServiceFault as fault:
                self._tally.refused[f"{edit.name}: {fault.code}"] += 1
            else:
                self._tally.made[edit.name] += 1
        self._edge.changed(target, now)

    def _stop(self) -> None:
        for effect in self._coming:
            effect.drop()
        self._coming = []
