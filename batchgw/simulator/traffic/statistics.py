"""Counts what the server saw: calls, refusals, errors and concurrency by scope and operation; writes by API.

The log of writes and the timeline are bounded, and off unless asked for.

Times are seconds since the first call.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

from batchgw.simulator.call import Call, Target
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.traffic.tallies import EditTally, InvocationTally, Tally
from batchgw.simulator.traffic.timeline import NEIGHBOUR, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write that was made, whether or not its caller got the answer."""

    operation: str
    account: str
    region: str
    api: str
    type: str
    time: float
    request_id: str


class Statistics:
    """Counts as calls come and go."""

    def __init__(self, *, write_log: int = 0, timeline: Timeline | None = None) -> None:
        """Without options only tallies are kept.

        Args:
            write_log: how many of the latest writes are kept; 0 keeps none, and counts none by API.
            timeline: counts calls over time.
        """
        self.timeline = timeline
        self._tallies: dict[tuple[str, str, str], Tally] = {}
        self._of_call: dict[tuple[str, str, str], tuple[Tally, Tally, Tally]] = {}
        self._scopes: dict[tuple[str, str], Tally] = {}
        self._total = Tally()
        self._writing: dict[Target, int] = {}
        self._worst: tuple[int, str] = (0, "")
        self._logged = write_log > 0
        self.writes: deque[Write] = deque(maxlen=write_log)
        self.puts: Counter[tuple[str, str, str, str]] = Counter()
        self.invocations = InvocationTally()
        self.edits = EditTally()

    def of(self, account: str, region: str, operation: str) -> Tally:
        """The tally of one operation in one scope; a new one where nobody called yet."""
        key = (account, region, operation)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally()
        return tally

    def scope(self, account: str, region: str) -> Tally:
        """The tally of all operations in one scope."""
        tally = self._scopes.get((account, region))
        if tally is None:
            tally = self._scopes[account, region] = Tally()
        return tally

    @property
    def total(self) -> Tally:
        """The tally of everything."""
        return self._total

    @property
    def max_concurrent_writes(self) -> int:
        """The most writes that were ever in flight on one REST API at once."""
        return self._worst[0]

    def tallies(self, call: Call) -> tuple[Tally, Tally, Tally]:
        """The three tallies a call counts in."""
        key = (call.account, call.region, call.operation)
        tallies = self._of_call.get(key)
        if tallies is None:
            tallies = self._total, self.scope(call.account, call.region), self.of(*key)
            self._of_call[key] = tallies
        return tallies

    def counted(self, call: Call, now: float, *, taken: bool) -> None:
        """Count a call on the timeline, if there is one: taken, or refused by quota."""
        if self.timeline is not None:
            self.timeline.add((f"{call.account}/{call.region}", call.operation), now, taken=taken)

    def neighbour_called(self, scope: str, now: float, taken: bool) -> None:  # noqa: FBT001 - a `Watch`
        """Count somebody else's call on the timeline, if there is one."""
        if self.timeline is not None:
            self.timeline.add((scope, NEIGHBOUR), now, taken=taken)

    def failed(self, call: Call, fault: ServiceFault) -> None:
        """Count a refusal: by quota, or as an error."""
        refused = fault.code == call.throttled().code
        for tally in self.tallies(call):
            if refused:
                tally.refused += 1
            else:
                tally.errors[fault.code] += 1

    def write_starts(self, target: Target) -> None:
        """Count a write in flight on its API."""
        count = self._writing[target] = self._writing.get(target, 0) + 1
        if count > self._worst[0]:
            self._worst = (count, "/".join(target))

    def write_ends(self, target: Target) -> None:
        """Count a write no longer in flight."""
        left = self._writing.pop(target) - 1
        if left:
            self._writing[target] = left

    def written(self, call: Call, now: float, request_id: str) -> None:
        """Log a write that was made."""
        if not self._logged:
            return
        self.writes.append(
            Write(
                operation=call.operation,
                account=call.account,
                region=call.region,
                api=call.api,
                type=call.type,
                time=now,
                request_id=request_id,
            )
        )
        if call.operation == "PutGatewayResponse":
            self.puts[call.account, call.region, call.api, call.type] += 1

    def reset(self) -> None:
        """Count from zero; calls still in flight stay in flight."""
        for tally in (self._total, *self._scopes.values(), *self._tallies.values()):
            tally.reset()
        most = max(self._writing.items(), key=lambda item: item[1], default=(("", "", ""), 0))
        self._worst = (most[1], "/".join(most[0]) if most[1] else "")
        self.writes.clear()
        self.puts.clear()
        self.invocations.reset()
        self.edits.reset()
        if self.timeline is not None:
            self.timeline.reset()

    def snapshot(self, *, log: bool = True) -> dict[str, object]:
        """Everything, ready for JSON. `log` false leaves out the writes one by one, which can be many."""
        operations: dict[tuple[str, str], dict[str, object]] = {scope: {} for scope in self._scopes}
        for (account, region, operation), tally in self._tallies.items():
            operations.setdefault((account, region), {})[operation] = tally.to_json()
        scopes = {
            "/".join(scope): {**self.scope(*scope).to_json(), "operations": found}
            for scope, found in operations.items()
        }
        return {
            "total": self._total.to_json(),
            "scopes": scopes,
            "writes": self._snapshot_writes(log=log),
            "data_plane": self.invocations.to_json(),
            "edits": self.edits.to_json(),
        }

    def _snapshot_writes(self, *, log: bool) -> dict[str, object]:
        most, api = self._worst
        summary: dict[str, object] = {"max_concurrent_per_api": most, "most_concurrent_api": api}
        if not log:
            return summary
        return {
            **summary,
            "puts": [
                {"account": a, "region": r, "api": i, "type": t, "count": count}
                for (a, r, i, t), count in self.puts.items()
            ],
            "log": [
                {
                    "operation": w.operation,
                    "account": w.account,
                    "region": w.region,
                    "api": w.api,
                    "type": w.type,
                    "time": w.time,
                    "request_id": w.request_id,
                }
                for w in self.writes
            ],
        }
