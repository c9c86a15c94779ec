"""The jobs that people have. It imports nothing: the command line names them before it does anything."""

from __future__ import annotations

from enum import StrEnum


class Job(StrEnum):
    """A verb, and what comes with it: who applies also plans, who deploys also applies.

    Who prunes deployments does neither.
    """

    DISCOVER = "discover"
    PLAN = "plan"
    CHECK = "check"
    APPLY = "apply"
    DEPLOY = "deploy"
    PRUNE = "prune"

    @property
    def writes(self) -> bool:
        """Whether it changes gateway responses."""
        return self in (Job.APPLY, Job.DEPLOY)
