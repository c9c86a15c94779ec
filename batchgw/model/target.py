"""What a change is about: one target of one API, named by its kind and its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Target:
    """What a change sets, within an API.

    `kind` is the name of the kind of change, such as "response". `name` is unique within an API and kind,
    such as "WAF_FILTERED".
    """

    kind: str
    name: str

    def __str__(self) -> str:
        """Render the name alone; `to_json` gives the kind, too."""
        return self.name

    def to_json(self) -> dict[str, str]:
        """Render the kind of change and the target's name."""
        return {"change": self.kind, "target": self.name}
