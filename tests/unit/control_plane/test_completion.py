"""Answers that hold less than AWS's: what is missing, or not shown, is what a type would inherit."""

from __future__ import annotations

from batchgw.model import DEFAULT_TEMPLATES, GatewayResponse, ResponseType, Settings
from batchgw.model.completion import complete

HEADERS = {"gatewayresponse.header.X-A": "'1'"}
FAMILY = GatewayResponse(
    type=ResponseType.DEFAULT_4XX, settings=Settings(parameters=HEADERS), default_response=False
)


def uncustomised(kind: ResponseType, settings: Settings) -> GatewayResponse:
    return GatewayResponse(type=kind, settings=settings, default_response=True)


def test_a_type_that_shows_nothing_of_its_customised_family_inherits_it() -> None:
    """Whether the answer leaves it out, or shows the service's default."""
    bare = uncustomised(ResponseType.THROTTLED, Settings(status_code="429", templates=DEFAULT_TEMPLATES))
    answers = complete({FAMILY.type: FAMILY, ResponseType.THROTTLED: bare})
    for kind, status in ((ResponseType.THROTTLED, "429"), (ResponseType.UNAUTHORIZED, "401")):
        wanted = Settings(status_code=status, parameters=HEADERS, templates=DEFAULT_TEMPLATES)
        assert answers[kind] == uncustomised(kind, wanted)


def test_what_an_answer_says_is_kept() -> None:
    own = GatewayResponse(
        type=ResponseType.THROTTLED, settings=Settings(status_code="420"), default_response=False
    )
    inherits = uncustomised(
        ResponseType.UNAUTHORIZED,
        Settings(status_code="418", parameters=HEADERS, templates=DEFAULT_TEMPLATES),
    )
    answers = complete({FAMILY.type: FAMILY, own.type: own, inherits.type: inherits})
    assert (answers[own.type], answers[inherits.type]) == (own, inherits)


def test_another_family_passes_nothing_on() -> None:
    bare = uncustomised(
        ResponseType.INTEGRATION_FAILURE, Settings(status_code="504", templates=DEFAULT_TEMPLATES)
    )
    assert complete({FAMILY.type: FAMILY, bare.type: bare})[bare.type] == bare
