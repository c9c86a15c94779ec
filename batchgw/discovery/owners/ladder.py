"""Asks who manages a REST API, rung by rung: what costs nothing first, and no further than needed.

1. The API's tags: a listing brings them.
2. The description of the deployment that its newest stage shows: two calls, of the quota that all share.
3. The stack that has the API: one call to CloudFormation, which has quotas of its own.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

from batchgw.control_plane.advice import for_owner
from batchgw.control_plane.interface import ControlPlane
from batchgw.control_plane.operations import Deployment, GetDeployment, GetStages, Stage
from batchgw.control_plane.operations.cloudformation import DescribeStackResources
from batchgw.discovery.owners.signs import by_description, by_stack, by_tags, is_certain, joined
from batchgw.errors import AccessDenied, ApiDenied, EntityNotFound, ForeignDenial
from batchgw.model import Owner, RestApi, Scope
from batchgw.model.owner import UNKNOWN


class Asking(Enum):
    """How far a listing goes to tell the owners of APIs."""

    TAGS = auto()  # no call: what the tags tell
    ALL = auto()  # all rungs, before it is decided which APIs are meant
    LATER = auto()  # not at all: whoever has listed them asks
    MANAGED = auto()  # the same of those whose tags tell none: which tool it is does not matter


def with_owner_by_tags(api: RestApi) -> RestApi:
    """Give an API with the owner that its tags tell; as it is where they tell none, since others may know."""
    owner = by_tags(api.tags)
    return api if owner is None else replace(api, owner=owner)


class Ladder:
    """Asks the owners of APIs. Where CloudFormation refuses to tell, it is not asked again in that scope."""

    def __init__(self, plane: ControlPlane) -> None:
        """The reads go through the plane's limits."""
        self._plane = plane
        self._refused: dict[Scope, ApiDenied] = {}

    async def with_owner(self, api: RestApi) -> RestApi:
        """Give an API with its owner, `UNKNOWN` where nobody can tell. Raises a `CallError`.

        An error leaves the owner open, and the API must not pass for one that nobody manages. A denial is
        one of that API: its account-region may be read all the same.
        """
        return replace(api, owner=await self._owner(api))

    async def _owner(self, api: RestApi) -> Owner:
        tags = by_tags(api.tags)
        if tags is not None and is_certain(tags):
            return tags
        described = await self._described(api)
        stack = None if described is not None else await self._stack(api)
        return joined(tags, described, stack) or UNKNOWN

    async def _described(self, api: RestApi) -> str | None:
        """Tell the kind of owner by the deployment that the newest stage shows."""
        try:
            deployment = await self._newest_deployment(api)
        except ApiDenied as error:
            raise for_owner(error) from error
        return None if deployment is None else by_description(deployment.description)

    async def _newest_deployment(self, api: RestApi) -> Deployment | None:
        stages = await self._plane.send(GetStages(scope=api.scope, api=api.id))
        newest = max((each for each in stages if each.deployment), key=_updated, default=None)
        if newest is None or newest.deployment is None:
            return None
        request = GetDeployment(scope=api.scope, api=api.id, deployment=newest.deployment)
        try:
            return await self._plane.send(request)
        except EntityNotFound:
            return None  # somebody has deleted it just now

    async def _stack(self, api: RestApi) -> Owner | None:
        if api.scope in self._refused:
            raise self._refused[api.scope]
        try:
            found = await self._plane.send(DescribeStackResources(scope=api.scope, physical_id=api.id))
        except ForeignDenial:
            raise
        except AccessDenied as error:
            denied = self._refused[api.scope] = for_owner(error)
            raise denied from error
        return by_stack(found)


def _updated(stage: Stage) -> float:
    return stage.updated or 0.0
