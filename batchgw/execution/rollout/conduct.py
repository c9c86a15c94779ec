"""How people take part in a rollout: who is asked, what is skipped, and when it ends in any case."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from batchgw.model import Region

Ask = Callable[[str], Awaitable[bool]]
"""Asks a person a question with yes or no. It may be cancelled, where the answer comes from elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a rollout is carried out.

    Attributes:
        ask: asks the person at the terminal; None where nobody sits there.
        who: the person's name, for the journal.
        skip: gates that are not asked, and the reason of each.
        stop_after: number of the wave after which the run stops; None for none.
        wait_for_window: whether a closed window is waited for; else the run stops.
        deadline: seconds after which no new call is made; None for none.
        home: region in which alarms and calendars are that have no ARN; None: the first region of the run.
        clock: seconds since the epoch, for windows.
    """

    ask: Ask | None = None
    who: str = ""
    skip: Mapping[str, str] = field(default_factory=dict)
    stop_after: int | None = None
    wait_for_window: bool = False
    deadline: float | None = None
    home: Region | None = None
    clock: Callable[[], float] = time.time
