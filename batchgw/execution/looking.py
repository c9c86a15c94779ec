"""What a kind of change may use to read an API and compare it with a policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from batchgw.control_plane.data_plane import DataPlane
from batchgw.control_plane.interface import ControlPlane
from batchgw.discovery.owners.ladder import Ladder
from batchgw.journal.live_memory import LiveMemory
from batchgw.model import Change, RestApi
from batchgw.planning.kinds import Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Where to look.

    Attributes:
        plane: reads go through it.
        ladder: tells who manages an API.
        live: knows what deployments answer with that were read before.
        data_plane: asks deployed APIs; None where that is not possible.
        pending: it is read what a deployment would ship besides, which takes calls of a slow quota.
        ship_pending: what others have edited may be shipped, so that it is not asked for.
    """

    plane: ControlPlane
    ladder: Ladder
    live: LiveMemory
    data_plane: DataPlane | None = None
    pending: bool = False
    ship_pending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What a run has made of one API, as far as one kind of change goes, and is to be taken back.

    Attributes:
        changes: those that the run has made, or may have.
        planned: all that it has planned for the API, of every kind.
        snapshot: the deployment that it has taken of the API, if it has taken one.
        force: what somebody else has changed since is taken back all the same.
        redeploy: a stage that cannot go back gets a new snapshot.
    """

    api: RestApi
    changes: Sequence[Change]
    planned: Sequence[Change]
    snapshot: str | None
    force: bool
    redeploy: bool


Comparer = Callable[[RestApi, Sequence[Change], Looking], Awaitable[Compared]]
"""Reads an API and compares it with what is desired. It is given what is planned of the kinds before it.

Raises a `CallError` where the API cannot be read.
"""
