"""Times in one form: ISO 8601, UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """Render seconds since the epoch, as in 2026-11-29T21:40:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
