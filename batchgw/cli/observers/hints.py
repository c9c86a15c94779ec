"""Hints on stderr: what the user could set better, each once."""

from __future__ import annotations

from batchgw.cli.output.console import Console
from batchgw.events import Event, QuotaShared, ReachedDirectly
from batchgw.report.views.text import Span, line


class Hints:
    """Names the flag that would have helped the run, and what may surprise the user."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[str] = set()

    def notify(self, event: Event) -> None:
        """Give a hint, if there is one to give."""
        match event:
            case QuotaShared() if event.account not in self._told:
                self._told.add(event.account)
                regions = ", ".join(event.regions)
                self._console.note(
                    line(
                        f"Account {event.account}: {regions} together get no more than one quota allows, so "
                        "they are paced as one. If they share a quota, pass ",
                        Span("--quota-scope account", "bold"),
                        ", which does so from the start. If each has a smaller quota, pass that as ",
                        Span("--rate", "bold"),
                        ".",
                    )
                )
            case ReachedDirectly():
                unbound = " There, no session policy keeps them from writing." if event.narrowed else ""
                self._console.note(
                    line(
                        f"Account {event.account} is that of the credentials, so it is used without the role "
                        f"{event.role}.{unbound}"
                    )
                )
            case _:
                pass
