"""What was asked against what is in effect: the same, or how it differs, field by field."""

from __future__ import annotations

import pytest

from batchgw.execution.comparison import as_planned, differences
from batchgw.execution.writing.writer import not_as_written
from batchgw.model import (
    DEFAULT_TEMPLATES,
    Action,
    GatewayResponse,
    ResponseChange,
    ResponseType,
    Settings,
)

ORIGIN = "gatewayresponse.header.Access-Control-Allow-Origin"
KIND = ResponseType.THROTTLED
BEFORE = GatewayResponse(
    type=KIND, settings=Settings(status_code="429", templates=DEFAULT_TEMPLATES), default_response=True
)


def change(after: Settings | None, kind: ResponseType = KIND) -> ResponseChange:
    before = GatewayResponse(type=kind, settings=BEFORE.settings, default_response=after is not None)
    return ResponseChange(
        type=kind, action=Action.CREATE if after is not None else Action.RESET, before=before, after=after
    )


def shown(
    *,
    status: str | None = "429",
    parameters: dict[str, str] | None = None,
    templates: dict[str, str] | None = None,
    default: bool = False,
    kind: ResponseType = KIND,
) -> GatewayResponse:
    settings = Settings(
        status_code=status,
        parameters=parameters or {},
        templates=dict(DEFAULT_TEMPLATES) if templates is None else templates,
    )
    return GatewayResponse(type=kind, settings=settings, default_response=default)


ASKED = change(Settings(parameters={ORIGIN: "'*'"}))


class TestAsPlanned:
    def test_defaults_that_the_service_fills_in_count_as_asked(self) -> None:
        assert as_planned(shown(parameters={ORIGIN: "'*'"}), ASKED)

    def test_defaults_that_an_answer_leaves_out_count_as_asked(self) -> None:
        assert as_planned(shown(status=None, parameters={ORIGIN: "'*'"}, templates={}), ASKED)

    def test_header_names_have_no_case(self) -> None:
        assert as_planned(shown(parameters={ORIGIN.lower(): "'*'"}), ASKED)

    def test_header_values_have(self) -> None:
        asked = change(Settings(parameters={ORIGIN: "'https://A.example'"}))
        assert not as_planned(shown(parameters={ORIGIN: "'https://a.example'"}), asked)

    def test_a_family_without_a_status_shows_none(self) -> None:
        kind = ResponseType.DEFAULT_5XX
        asked = change(Settings(parameters={ORIGIN: "'*'"}), kind)
        assert as_planned(shown(status=None, parameters={ORIGIN: "'*'"}, kind=kind), asked)

    def test_what_is_not_customised_was_not_written_whatever_it_shows(self) -> None:
        assert not as_planned(shown(parameters={ORIGIN: "'*'"}, default=True), ASKED)

    def test_a_reset_is_made_when_nothing_is_customised(self) -> None:
        assert as_planned(shown(default=True), change(None))
        assert not as_planned(shown(), change(None))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (shown(), "header access-control-allow-origin is missing"),
        (
            shown(parameters={ORIGIN: "'https://old.example'"}),
            "header access-control-allow-origin is 'https://old.example', and '*' was asked for",
        ),
        (
            shown(parameters={ORIGIN.lower(): "'*'", "gatewayresponse.header.X-Old": "'1'"}),
            "header x-old is there, and was not asked for",
        ),
        (shown(status="420", parameters={ORIGIN: "'*'"}), "status is 420, and 429 was asked for"),
        (
            shown(parameters={ORIGIN: "'*'"}, templates={"application/json": "{}"}),
            "template application/json has another text than was asked for",
        ),
        (shown(default=True), "THROTTLED is not customised (defaultResponse is true)"),
    ],
)
def test_the_error_names_what_differs_and_nothing_else(now: GatewayResponse, said: str) -> None:
    assert f"when it was read again: {said}. Someone else" in str(not_as_written(differences(now, ASKED)))


def test_a_long_value_is_cut() -> None:
    message = str(not_as_written(differences(shown(parameters={ORIGIN: f"'{'x' * 9000}'"}), ASKED)))
    assert len(message) < 600


def test_a_customisation_that_stays_is_named() -> None:
    assert "THROTTLED is customised still" in str(not_as_written(differences(shown(), change(None))))
