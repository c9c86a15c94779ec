"""The edge: what callers of deployed APIs reach, some seconds after it was changed in the control plane."""

from __future__ import annotations

from collections import Counter, deque
from zlib import crc32

from batchgw.simulator.call import Target
from batchgw.simulator.data_plane.answering import Handling, Moment, forbidden
from batchgw.simulator.data_plane.invocation import Answered, Invocation
from batchgw.simulator.data_plane.serving import ServedApi, ServedStage, served
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.traffic.tallies import InvocationTally
from batchgw.simulator.world.identifiers import mixed
from batchgw.simulator.world.world import World

_ALWAYS = float("-inf")


class Edge:
    """Serves the stages of a world. What is changed there reaches it `propagation` seconds later."""

    def __init__(
        self, world: World, *, propagation: float = 0.0, seed: int = 0, tally: InvocationTally | None = None
    ) -> None:
        """`seed` decides which requests a canary gets; `tally` counts all of them.

        Raises ValueError for a propagation below 0.
        """
        if not propagation >= 0:
            raise ValueError(f"a change is propagated in 0 seconds or more, not in {propagation:g}")
        self._world = world
        self.propagation = propagation
        self._seed = seed
        self._tally = tally or InvocationTally()
        self._draws: Counter[str] = Counter()
        self._views: dict[Target, deque[tuple[float, ServedApi | None]]] = {}

    def before_change(self, target: Target) -> None:
        """Note what is served of an API, before something of it is changed."""
        if self.propagation and target not in self._views:
            self._views[target] = deque([(_ALWAYS, self._present(target))])

    def changed(self, target: Target, at: float) -> None:
        """Note what will be served of an API that was changed at a time. `before_change` came before."""
        views = self._views.get(target)
        if views is not None and views[-1][1] != (present := self._present(target)):
            views.append((at + self.propagation, present))

    def settle(self) -> None:
        """Let every change take effect at once, as if it had been made long ago. Requests count from zero."""
        self._views.clear()
        self._draws.clear()

    def answer(self, call: Invocation, now: float, moment: Moment) -> Answered:
        """Answer a call. `now` is a time of the clock by which changes are noted."""
        api = self._served(call, now)
        stage = None if api is None or api.closed else api.stages.get(call.stage)
        if api is None or stage is None:
            self._tally.refused()
            return forbidden(moment)
        name = f"{call.api}/{call.stage}"
        canary = stage.canary if self._goes_to_canary(name, stage) else None
        found = Handling(
            call=call,
            api=api,
            serving=canary or stage.main,
            moment=moment,
            is_canary=canary is not None,
        ).answer()
        self._tally.answered(found.status, name, canary=canary is not None)
        return found

    def _goes_to_canary(self, name: str, stage: ServedStage) -> bool:
        """Draw whether a request goes to the stage's canary. Each stage draws by itself."""
        if stage.canary is None:
            return False
        self._draws[name] += 1
        drawn = mixed(self._seed, crc32(name.encode()), self._draws[name]) / 2**64
        return drawn * 100 < stage.percent

    def _served(self, call: Invocation, now: float) -> ServedApi | None:
        apis = self._world.home(call.api)
        if apis is None or call.region not in ("", apis.region):
            return None
        target = (apis.account, apis.region, call.api)
        self.changed(target, now)  # a change that nobody noted is made now
        views = self._views.get(target)
        if views is None:
            return self._present(target)
        while len(views) > 1 and views[1][0] <= now:
            views.popleft()
        if len(views) == 1:  # all of it has arrived
            del self._views[target]
        return views[0][1]

    def _present(self, target: Target) -> ServedApi | None:
        account, region, api = target
        try:
            apis = self._world.scope(account, region)
            return served(apis, apis.require(api))
        except ServiceFault:
            return None
