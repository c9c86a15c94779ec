"""The flags of a rollout, and the conduct that they come to."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from batchgw.cli.flags.flag import flag, repeatable
from batchgw.cli.output.console import Console
from batchgw.errors import NotConfirmed, UsageError
from batchgw.model import Region

if TYPE_CHECKING:
    from batchgw.cli.signals import Interrupts
    from batchgw.execution.rollout.conduct import Ask, Conduct

_WAVES = "Waves, where the policy has a rollout"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutFlags:
    """How a rollout is carried out."""

    stop_after: Annotated[
        int | None, flag("--stop-after", "Stop after this wave.", metavar="WAVE", min=1, panel=_WAVES)
    ] = None
    skip_gate: Annotated[
        list[str],
        repeatable("--skip-gate", "Do not ask this gate; needs --reason.", metavar="NAME", panel=_WAVES),
    ] = field(default_factory=list)
    reason: Annotated[
        str | None, flag("--reason", "Why: it stands in the journal.", metavar="TEXT", panel=_WAVES)
    ] = None
    wait_for_window: Annotated[
        bool, flag("--wait-for-window", "Wait until the window opens.", panel=_WAVES)
    ] = False
    allow: Annotated[
        list[str],
        repeatable(
            "--allow", "Exceed these limits: apis, resets, ...", commas=True, metavar="LIMIT", panel=_WAVES
        ),
    ] = field(default_factory=list)
    deadline: Annotated[
        float | None,
        flag("--deadline", "Make no new call after so long.", metavar="SECONDS", min=1, panel=_WAVES),
    ] = None

    def refuse_unexplained(self) -> None:
        """Raise UsageError where a gate is skipped without a reason."""
        if self.skip_gate and not self.reason:
            raise UsageError("--skip-gate needs --reason TEXT: it stands in the journal and in the report.")


def who() -> str:
    """Name the person at this terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user database
        return "somebody"


def conduct_of(
    flags: RolloutFlags, console: Console, interrupts: Interrupts, *, home: Region | None
) -> Conduct:
    """Give the conduct that flags come to. Raises UsageError for a gate that is skipped without a reason."""
    from batchgw.execution.rollout.conduct import Conduct  # noqa: PLC0415 - the whole engine

    flags.refuse_unexplained()
    skip: Mapping[str, str] = dict.fromkeys(flags.skip_gate, flags.reason or "")
    return Conduct(
        ask=_asking(console, interrupts) if console.interactive else None,
        who=who(),
        skip=skip,
        stop_after=flags.stop_after,
        wait_for_window=flags.wait_for_window,
        deadline=flags.deadline,
        home=home,
    )


def _asking(console: Console, interrupts: Interrupts) -> Ask:
    from batchgw.cli.confirm import confirm  # noqa: PLC0415 - an event loop is behind it

    async def ask(question: str) -> bool:
        try:
            await confirm(question, console=console, interrupts=interrupts)
        except NotConfirmed:
            return False
        return True

    return ask
