"""Deployments of batchgw's own: which go, which are kept, and why."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.model import RestApi
from batchgw.model.shape import JSON
from batchgw.times import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDeployment:
    """A deployment. `created` is in seconds since the epoch; `kept` says why, None for one that goes."""

    api: RestApi
    id: str
    description: str
    created: float | None
    kept: str | None

    @property
    def when(self) -> str | None:
        """When it was made, where AWS says so."""
        return None if self.created is None else timestamp(self.created)

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "account": self.api.scope.account,
            "region": self.api.scope.region,
            "api": self.api.id,
            "deployment": self.id,
            "description": self.description,
            "created": self.when,
            "delete": self.kept is None,
            "kept": self.kept,
        }
