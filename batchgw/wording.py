"""Amounts in words, singular and plural."""

from __future__ import annotations


def amount(n: int, noun: str, plural: str | None = None) -> str:
    """Say how many: `1 API`, `1,200 APIs`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
