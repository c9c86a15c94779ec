"""Flags about what a deployment would ship besides: what others have edited, and not deployed."""

from __future__ import annotations

from typing import Annotated

from batchgw.cli.flags.flag import flag

Pending = Annotated[bool, flag("--pending", "Hold back stages with others' edits.")]
ShipPending = Annotated[bool, flag("--ship-pending", "Deploy others' pending edits, too.")]
