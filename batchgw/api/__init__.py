"""The verbs, a page each: they join the stages and do nothing else.

Every verb takes a control plane. Give all verbs of one session the same `PacedControlPlane`, so that they
share its limiters and its stop; a bare plane is paced for the one verb. `observer` is told what happens while
the verb lasts, besides the observer of a plane that is paced already.
"""

from __future__ import annotations

from batchgw.api.carrying_out import apply, applying, resume, resuming, retry
from batchgw.api.reading import check, discover, plan
from batchgw.api.returning import rollback
from batchgw.execution.reading.recheck import FRESH
from batchgw.execution.running.application import Application

__all__ = [
    "FRESH",
    "Application",
    "apply",
    "applying",
    "check",
    "discover",
    "plan",
    "resume",
    "resuming",
    "retry",
    "rollback",
]
