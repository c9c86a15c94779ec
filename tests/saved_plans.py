"""Plan files for tests: written as batchgw writes them, and edited with a checksum that fits the edit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from batchgw.model import Desired, PlanItem, Scope
from batchgw.model.shape import JSON
from batchgw.planning.plan_file.plan import PlanHeader, PlanWriter


def write_plan(
    path: Path,
    items: Iterable[PlanItem],
    *,
    desired: Desired,
    scopes: Sequence[Scope],
    options: Mapping[str, JSON] | None = None,
) -> Path:
    """Write a plan of these items."""
    header = PlanHeader(
        plan="a-plan",
        created=1_700_000_000.0,
        batchgw="1",
        policy_digest="0a" * 32,
        policy_source="policy.yaml",
        desired=desired,
        targets={"role": "Batchgw"},
        options=dict(options or {}),
    )
    with PlanWriter(path, header, scopes=scopes) as writer:
        for item in items:
            writer.write(item)
    return path


def with_checksum(lines: Iterable[bytes]) -> bytes:
    """Make a plan of its lines, all but the last: add the last one, with the checksum that fits them."""
    whole = b"".join(lines)
    end = {"kind": "end", "sha256": hashlib.sha256(whole).hexdigest()}
    return whole + json.dumps(end, separators=(",", ":")).encode() + b"\n"
