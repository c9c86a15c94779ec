"""batchgw: bring the gateway responses of many API Gateway REST APIs to one written policy.

Everything public is named here and loaded on first use, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchgw.api import apply, applying, check, discover, plan, resume, resuming
    from batchgw.concurrency.stop import StopSignal
    from batchgw.control_plane.aws import connect
    from batchgw.control_plane.interface import ControlPlane
    from batchgw.control_plane.stack import Pace, PacedControlPlane
    from batchgw.errors import BatchgwError
    from batchgw.events import Event, Observer
    from batchgw.journal import Journal
    from batchgw.model import (
        Applied,
        Failed,
        NotAttempted,
        Outcome,
        Policy,
        Scope,
        Skipped,
        Unchanged,
    )
    from batchgw.planning.plan_file.plan import Plan
    from batchgw.policy.loader import load_policy
    from batchgw.report.summary import Summary
    from batchgw.version import VERSION

    __version__ = VERSION

_HOMES = {
    "Applied": "model",
    "BatchgwError": "errors",
    "ControlPlane": "control_plane.interface",
    "Event": "events",
    "Failed": "model",
    "Journal": "journal",
    "NotAttempted": "model",
    "Observer": "events",
    "Outcome": "model",
    "Pace": "control_plane.stack",
    "PacedControlPlane": "control_plane.stack",
    "Plan": "planning.plan_file.plan",
    "Policy": "model",
    "Scope": "model",
    "Skipped": "model",
    "StopSignal": "concurrency.stop",
    "Summary": "report.summary",
    "Unchanged": "model",
    "apply": "api",
    "applying": "api",
    "check": "api",
    "connect": "control_plane.aws",
    "discover": "api",
    "load_policy": "policy.loader",
    "plan": "api",
    "resume": "api",
    "resuming": "api",
}

__all__ = [
    "Applied",
    "BatchgwError",
    "ControlPlane",
    "Event",
    "Failed",
    "Journal",
    "NotAttempted",
    "Observer",
    "Outcome",
    "Pace",
    "PacedControlPlane",
    "Plan",
    "Policy",
    "Scope",
    "Skipped",
    "StopSignal",
    "Summary",
    "Unchanged",
    "__version__",
    "apply",
    "applying",
    "check",
    "connect",
    "discover",
    "load_policy",
    "plan",
    "resume",
    "resuming",
]


if not TYPE_CHECKING:  # a type checker would believe any name of a module that has a __getattr__

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return import_module("batchgw.version").VERSION
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
