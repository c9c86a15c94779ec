"""Which status codes a plan changes, and from which family into which."""

from __future__ import annotations

import pytest

from batchgw.model import Action, GatewayResponse, ResponseChange, ResponseType, Settings
from batchgw.planning.rollout.status import StatusFamilies, status_changes


@pytest.mark.parametrize(
    ("kind", "status", "changed", "families"),
    [
        (ResponseType.WAF_FILTERED, "403", 0, None),
        (ResponseType.WAF_FILTERED, "429", 1, None),  # another code, and counted as before
        (ResponseType.WAF_FILTERED, "503", 1, ("4XX", "5XX")),
        (ResponseType.INTEGRATION_FAILURE, "424", 1, ("5XX", "4XX")),
        (ResponseType.DEFAULT_4XX, "418", 1, None),  # it has no code of its own, and is of this family
        (ResponseType.DEFAULT_5XX, "200", 1, ("5XX", "2XX")),
    ],
)
def test_families_are_told_by_the_codes_before_and_after(
    kind: ResponseType, status: str, changed: int, families: tuple[str, str] | None
) -> None:
    before = GatewayResponse(type=kind, settings=Settings(), default_response=True)
    after = Settings(status_code=status)
    changes = [ResponseChange(type=kind, action=Action.CREATE, before=before, after=after)]
    assert status_changes(changes) == changed
    found = StatusFamilies()
    found.add(changes)
    assert (found.out_of, found.into) == (({families[0]}, {families[1]}) if families else (set(), set()))
