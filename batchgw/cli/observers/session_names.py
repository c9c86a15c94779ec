"""How the sessions of roles are named: after the plan that is made, or the run that is carried out."""

from __future__ import annotations

from uuid import uuid4

from batchgw.events import Event, PhaseStarted


class SessionNames:
    """Notes what is under way, because CloudTrail shows the name of a session with each of its calls.

    Before a run has its id, its plan is made. So sessions that begin then are named after the plan.
    """

    def __init__(self) -> None:
        self._under_way = uuid4().hex[:8]

    def notify(self, event: Event) -> None:
        """Note the plan or the run."""
        if isinstance(event, PhaseStarted):
            self._under_way = event.run

    def now(self) -> str:
        """Give the name of a session that begins now."""
        return f"batchgw-{self._under_way}"
