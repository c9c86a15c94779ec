"""botocove: a function run in every account and region, in threads, each with a session of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from boto3.session import Session
from botocove import cove

from benchmarks.fleet.scan import Found, scan
from benchmarks.fleet.size import ROLE, Size


def check(url: str, ca: Path, size: Size) -> tuple[int, int]:
    """Check all accounts, with cove's own number of threads. Raises RuntimeError if a role is refused."""
    os.environ |= {"AWS_ENDPOINT_URL": url, "AWS_CA_BUNDLE": str(ca)}

    @cove(
        target_ids=list(size.account_ids),
        regions=list(size.region_names),
        rolename=ROLE,
        assuming_session=Session(),
        raise_exception=True,
    )
    def scan_all(session: Any) -> Found:
        return scan(session.client("apigateway"))

    outcome = scan_all()
    if outcome["FailedAssumeRole"]:
        raise RuntimeError(f"botocove could not assume {ROLE}: {outcome['FailedAssumeRole']}")
    found = sum((each["Result"] for each in outcome["Results"]), Found())
    return found.read, found.drifted
