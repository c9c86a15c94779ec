"""Somebody else at work on one API. Their calls cost no quota, take no time, and meet no faults."""

from __future__ import annotations

from typing import Final

from batchgw.simulator.operations.service import Service
from batchgw.simulator.reply import Body, not_found
from batchgw.simulator.world.api_state import Detail, Resource

NEWEST: Final = "newest"
OLDEST: Final = "oldest"
"""Words for a deployment of the API, in the place of its id."""


class Hand:
    """Carries out operations on one API for somebody else."""

    def __init__(self, service: Service, account: str, region: str, api: str) -> None:
        self._service = service
        self._account = account
        self._region = region
        self._api = api

    def do(self, operation: str, **params: object) -> Body:
        """Carry out an operation on the API; give its answer. Raises ServiceFault where it is refused."""
        given = {"restApiId": self._api, **params}
        body = self._service.dispatch(operation, self._account, self._region, given).body
        return body if isinstance(body, dict) else {}

    @property
    def detail(self) -> Detail:
        """The API as it is now. Raises ServiceFault where it is gone."""
        apis = self._service.world.scope(self._account, self._region)
        return apis.detail(apis.require(self._api))

    def deployment(self, named: str) -> str:
        """Give the id of a deployment: `newest`, `oldest`, or the id itself. Raises ServiceFault for none."""
        if named not in (NEWEST, OLDEST):
            return named
        found = sorted(self.detail.deployments.values(), key=lambda each: each.created)
        if not found:
            raise not_found("Invalid Deployment identifier specified")
        return found[-1 if named == NEWEST else 0].id

    def resource(self, path: str, *, make: bool = False) -> str:
        """Give the id of a resource by its path. With `make`, it is made if it is not there."""
        found = self._at(path)
        if found is not None:
            return found.id
        if not make:
            raise not_found("Invalid Resource identifier specified")
        above, _, part = path.rpartition("/")
        parent = self.resource(above or "/", make=True)
        return str(self.do("CreateResource", parentId=parent, pathPart=part)["id"])

    def patch_stage(self, stage: str, **values: str) -> None:
        """Replace settings of a stage, each by the path of its name, with "__" for a slash."""
        operations = [
            {"op": "replace", "path": "/" + name.replace("__", "/"), "value": value}
            for name, value in values.items()
        ]
        self.do("UpdateStage", stageName=stage, patchOperations=operations)

    def _at(self, path: str) -> Resource | None:
        return next((each for each in self.detail.resources.values() if each.path == path), None)
