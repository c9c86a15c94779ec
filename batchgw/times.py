"""Times as they are shown everywhere: ISO 8601, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """Render seconds since the epoch, in whole seconds: 2026-11-29T21:40:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
