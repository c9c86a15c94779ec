"""A selection as lines: how many APIs were found and selected, and which selectors match none."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model.fleet.selected import Selected
from batchgw.report.views.text import Line, Span, line

SHOWN = 20
"""Selectors shown. The rest is counted; `--output json` has all."""


def selection_lines(selected: Selected | None, *, unread: int) -> Iterator[Line]:
    """Render all of it; `unread` scopes could not be read."""
    if selected is None:
        return
    yield line()
    yield from selection_notes(selected, unread=unread)
    yield from nothing_lines(selected, unread=unread)


def selection_notes(selected: Selected, *, unread: int) -> Iterator[Line]:
    """Render the counts, and the `exclude` selectors that match nothing. That is no error.

    Where some scopes are `unread`, such a selector may match there, so it is not mentioned.
    """
    yield line(f"{selected.counts}.")
    if unread:
        return
    for idle in selected.idle[:SHOWN]:
        yield line(Span(f"Excludes nothing: {idle}", "dim"))


def nothing_lines(selected: Selected, *, unread: int) -> Iterator[Line]:
    """Render the selectors that match nothing and should."""
    sentences = selected.nothing(unread=unread)
    for sentence in sentences[:SHOWN]:
        yield line(Span("Selects nothing: ", "error"), sentence)
    if len(sentences) > SHOWN:
        yield line(Span(f"  and {len(sentences) - SHOWN:,} more", "dim"))
