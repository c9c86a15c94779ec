"""What execution knows of each kind of change: how it is read and planned, made, and judged afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from batchgw.control_plane.interface import Request
from batchgw.errors import CallError
from batchgw.execution.looking import Comparer, Looking, WayBack
from batchgw.execution.responses import ResponseMaker
from batchgw.execution.stages import StageMaker
from batchgw.model import Change, Desired, RestApi
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.response_change import NAME as RESPONSE
from batchgw.planning.kinds import Compared


class Maker(Protocol):
    """Plans, makes and judges the changes of one kind. It is given no others.

    `now` is what is in effect for the target of a change: a value of a type that the kind alone knows.
    """

    @property
    def needs_all_before(self) -> bool:
        """Whether a change is made only after all changes before it, in the same API, were made.

        Else a deployment would be one of an API that is half configured.
        """
        ...

    @property
    def second_lane(self) -> bool:
        """Whether its changes wait for a slow quota, and are made by workers of their own.

        Those of one API are made together; see `execution.writing.deploying`.
        """
        ...

    def comparer(self, desired: Desired) -> Comparer | None:
        """Give what reads an API and compares it with what is desired.

        None where that says nothing of this kind: then no API is read for it.
        """
        ...

    async def taken_back(self, way: WayBack, looking: Looking) -> Compared:
        """Read an API, and give what takes changes back that a run has made: one, or why not, for each.

        What is as it was before the run is a NO_OP. What is as the run left it is changed back: to its
        before-image, and to its default by a RESET. Anything else somebody has changed since, so it is left
        alone. Raises a `CallError` where the API cannot be read.
        """
        ...

    def at_once(self, change: Change) -> bool:
        """Tell whether a change of the second lane waits for no quota and for no other change of its API.

        Such a change is made first of all, so that a mistake that is live is gone before the rest begins.
        """
        ...

    def write(self, api: RestApi, change: Change) -> Request[object]:
        """Give the call that makes the change."""
        ...

    def answered(self, answer: object) -> object | None:
        """Give what is in effect, as the answer to the write says; None where it does not say it."""
        ...

    def already_made(self, change: Change, error: CallError) -> bool:
        """Tell whether a refused write says that the target is as planned without it."""
        ...

    def read(self, api: RestApi, change: Change) -> Request[object]:
        """Give the call that reads `now`."""
        ...

    def read_all(self, api: RestApi) -> Request[object]:
        """Give the one call that reads all targets of an API."""
        ...

    def now(self, answer: object, change: Change) -> object:
        """Give `now` from an answer to `read_all`."""
        ...

    def as_planned(self, now: object, change: Change) -> bool:
        """Tell whether what is in effect is what the change was to make."""
        ...

    def as_before(self, now: object, change: Change) -> bool:
        """Tell whether what is in effect is what was there when the plan was made."""
        ...

    def differences(self, now: object, change: Change) -> Sequence[str]:
        """Say how `now` differs from what the change was to make, a clause for each difference."""
        ...

    def moved(self, answer: object, changes: Sequence[Change], desired: Desired) -> Sequence[str]:
        """Say in what an API has changed since the plan was made, a sentence for each difference.

        `answer` is one to `read_all`, `changes` are all of the API's, of every kind.
        """
        ...


MAKERS: dict[str, Maker] = {RESPONSE: ResponseMaker(), STAGE: StageMaker()}
"""By the name of the kind, in the order in which an API's changes are made."""


def maker_of(change: Change) -> Maker:
    """Give what makes a change."""
    return MAKERS[change.target.kind]
