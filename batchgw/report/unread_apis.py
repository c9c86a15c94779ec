"""Counts APIs that could not be read, equal reasons once. Its size is bounded."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchgw.model import RestApi, UnreadApi
from batchgw.report.reasons import OTHER, counted_as

REASONS = 2_000
"""Reasons kept apart. Further ones are counted by code alone."""


@dataclass(slots=True, kw_only=True)
class UnreadCount:
    """APIs that were not read for one reason.

    `skipped`: they were left alone on purpose. `managed`: so were they, and that is a failure.
    """

    code: str
    message: str
    skipped: bool
    managed: bool = False
    example: RestApi
    count: int = 1


@dataclass(slots=True, kw_only=True)
class UnreadApis:
    """The fold. Messages that differ only in the API, account and region they name are one reason."""

    _reasons: dict[tuple[str, str], UnreadCount] = field(default_factory=dict)

    def add(self, item: UnreadApi) -> None:
        """Count an API."""
        key = counted_as(item.code, item.message, item.api, known=self._reasons, most=REASONS)
        known, general = self._reasons.get(key), key[1]
        if known is not None:
            known.count += 1
            known.message = general
        else:
            message = OTHER if general is OTHER else item.message
            self._reasons[key] = UnreadCount(
                code=item.code,
                message=message,
                skipped=item.skipped,
                managed=item.managed,
                example=item.api,
            )

    def reasons(self) -> list[UnreadCount]:
        """Give the reasons, the most frequent first."""
        return sorted(self._reasons.values(), key=lambda each: -each.count)
