"""The simulator's own paths, beside AWS's: health, statistics, faults.

GET  /_batchgw/health        {"status": "ok"}
GET  /_batchgw/stats         calls, refusals and concurrency by scope and operation; ?writes=1 adds the writes
GET  /_batchgw/timeline      calls taken and refused over time, if the server was told to count them
POST /_batchgw/reset-stats   count from zero
POST /_batchgw/restart       time 0 in the same world: full buckets, fault script and statistics at zero
POST /_batchgw/faults        a fault script (JSON list of rules) that replaces the present one
POST /_batchgw/edits         a script of other people's edits (JSON list) that replaces the present one
GET  /_batchgw/organization  the accounts as they are now: where they stand, their states and regions
POST /_batchgw/organization  changes of it (a JSON list), made now or, with `at`, later
POST /_batchgw/signals       a script of alarms, metrics and calendars (JSON) that replaces the present one
POST /_batchgw/iam           roles, users and service control policies (JSON) that replace the present ones
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from batchgw.errors import UsageError
from batchgw.simulator.documents import Value
from batchgw.simulator.edits import reading
from batchgw.simulator.engine import Engine
from batchgw.simulator.iam import written as identities
from batchgw.simulator.over_http.call import HttpAnswer, HttpCall
from batchgw.simulator.traffic import fault_script
from batchgw.simulator.traffic.timeline import Timeline
from batchgw.simulator.world.organization import written
from batchgw.simulator.world.organization.description import describe
from batchgw.simulator.world.signals import written as signal_script


class EngineAdmin:
    """Answers the simulator's own paths: reads and changes an engine. No key is needed."""

    def __init__(self, engine: Engine, *, seed: int = 0) -> None:
        """`seed` decides which calls a probability in a script chooses."""
        self._engine = engine
        self._seed = seed
        self._paths: Mapping[tuple[str, str], Callable[[HttpCall], object]] = {
            ("GET", "/_batchgw/health"): lambda _: {"status": "ok"},
            ("GET", "/_batchgw/stats"): self._stats,
            ("GET", "/_batchgw/timeline"): self._timeline,
            ("POST", "/_batchgw/reset-stats"): self._reset,
            ("POST", "/_batchgw/restart"): self._restart,
            ("POST", "/_batchgw/faults"): self._set_faults,
            ("POST", "/_batchgw/edits"): self._set_edits,
            ("GET", "/_batchgw/organization"): self._organization,
            ("POST", "/_batchgw/organization"): self._change_organization,
            ("POST", "/_batchgw/signals"): self._set_signals,
            ("POST", "/_batchgw/iam"): self._set_iam,
        }

    def answer(self, call: HttpCall) -> HttpAnswer:
        """Answer a request under /_batchgw/."""
        act = self._paths.get((call.method, call.path))
        if act is None:
            known = ", ".join(f"{method} {path}" for method, path in self._paths)
            return _json(404, {"message": f"There is no {call.method} {call.path} here; there are {known}."})
        try:
            return _json(200, act(call))
        except UsageError as error:
            return _json(400, {"message": str(error)})

    def _stats(self, call: HttpCall) -> object:
        return self._engine.snapshot(log=parse_qs(call.query).get("writes") == ["1"])

    def _reset(self, _: HttpCall) -> object:
        self._engine.statistics.reset()
        return {"status": "ok"}

    def _timeline(self, _: HttpCall) -> object:
        timeline = self._engine.statistics.timeline
        return Timeline().to_json() if timeline is None else timeline.to_json()

    def _restart(self, _: HttpCall) -> object:
        self._engine.restart()
        return {"status": "ok"}

    def _set_faults(self, call: HttpCall) -> object:
        script = _read(call, "A fault script")
        self._engine.faults = fault_script.parse(script, seed=self._seed)
        return {"rules": len(self._engine.faults.rules)}

    def _set_edits(self, call: HttpCall) -> object:
        written = Value(value=_read(call, "A script of edits"), source="edits")
        script = reading.edits(written, seed=self._seed)
        self._engine.others.use(script)
        return {"entries": len(script.at_times) + len(script.after_calls)}

    def _organization(self, _: HttpCall) -> object:
        return describe(self._engine.service.world.organization)

    def _change_organization(self, call: HttpCall) -> object:
        changes = written.changes(Value(value=_read(call, "A list of changes"), source="changes"))
        organization, now = self._engine.service.world.organization, self._engine.elapsed
        try:
            organization.schedule(changes)
        except ValueError as error:
            raise UsageError(f"The organisation cannot be changed: {error}.") from None
        organization.advance(now)
        return {"changes": len(changes)}

    def _set_signals(self, call: HttpCall) -> object:
        world = self._engine.service.world
        script = Value(value=_read(call, "A signal script", empty=b"{}"), source="signals")
        read = world.signals.script = signal_script.signals(
            script, accounts=world.accounts, regions=world.regions
        )
        return {name: len(getattr(read, name)) for name in signal_script.FIELDS}

    def _set_iam(self, call: HttpCall) -> object:
        iam = identities.iam(Value(value=_read(call, "Identities", empty=b"{}"), source="identities"))
        try:
            self._engine.service.identify(iam)
        except ValueError as error:
            raise UsageError(f"The identities cannot be changed: {error}.") from None
        return {"roles": len(iam.roles)}


def _read(call: HttpCall, what: str, *, empty: bytes = b"[]") -> object:
    try:
        return json.loads(call.body or empty)
    except (ValueError, RecursionError):
        raise UsageError(f"{what} sent here must be JSON.") from None


def _json(status: int, body: object) -> HttpAnswer:
    headers = {"Content-Type": "application/json"}
    return HttpAnswer(status=status, headers=headers, body=json.dumps(body).encode())
