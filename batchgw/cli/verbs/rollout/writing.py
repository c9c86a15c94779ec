"""The flags of the verbs that write: whether to ask, what to read again, and whose locks to break."""

from __future__ import annotations

from typing import Annotated

from batchgw.cli.flags.flag import ADVANCED, flag
from batchgw.model import OnStale

Yes = Annotated[bool, flag("--yes", "Write without asking.", "-y")]
Recheck = Annotated[
    bool,
    flag(
        "--recheck/--no-recheck",
        "Re-read APIs if the plan is old.",
    ),
]
RereadAfter = Annotated[
    float | None,
    flag(
        "--reread-after",
        "Re-read an API if read longer ago. [default: 900]",
        metavar="SECONDS",
        min=1,
        panel=ADVANCED,
    ),
]
OnStaleFlag = Annotated[
    OnStale,
    flag(
        "--on-stale",
        "Changed APIs: refuse, or skip.",
    ),
]
ForceLock = Annotated[
    bool,
    flag("--force-lock", "Break a lock even if its run may be alive.", panel=ADVANCED),
]
TakeOverDead = Annotated[
    bool,
    flag("--take-over-dead", "Take over from a run known to be dead.", panel=ADVANCED),
]
RoleName = Annotated[str | None, flag("--role-name", "Role to assume, if it has changed.")]
Unfinished = Annotated[bool, flag("--unfinished", "Resume every unfinished run, the oldest first.")]
