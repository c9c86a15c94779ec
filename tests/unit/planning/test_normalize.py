"""What the service shows. The facts are copied by hand from answers of the real service."""

import pytest

from batchgw.model import GatewayResponse, ResponseType, Settings
from batchgw.model.inheritance import customisation, effective, shown

T = ResponseType
DEFAULT = {"application/json": '{"message":$context.error.messageString}'}
OWN = {"application/json": '{"error":"$context.error.responseType"}'}
ACCEPT = {"gatewayresponse.header.x-request-header": "method.request.header.Accept"}
FOO = {"gatewayresponse.header.foo": "'bar'"}

DEFAULT_5XX = GatewayResponse(
    type=T.DEFAULT_5XX,
    settings=Settings(status_code="599", parameters=ACCEPT, templates=OWN),
    default_response=False,
)


@pytest.mark.parametrize(
    ("response_type", "put", "answered"),
    [
        (T.MISSING_AUTHENTICATION_TOKEN, Settings(status_code="404"), ("404", {}, DEFAULT)),
        (T.MISSING_AUTHENTICATION_TOKEN, Settings(parameters=ACCEPT), ("403", ACCEPT, DEFAULT)),
        (T.MISSING_AUTHENTICATION_TOKEN, Settings(templates=OWN), ("403", {}, OWN)),
        (T.DEFAULT_4XX, Settings(status_code="444"), ("444", {}, DEFAULT)),
        (T.DEFAULT_4XX, Settings(parameters=FOO), (None, FOO, DEFAULT)),
        (T.INTEGRATION_FAILURE, Settings(parameters=FOO), ("504", FOO, DEFAULT)),
        (T.THROTTLED, Settings(), ("429", {}, DEFAULT)),
    ],
)
def test_what_a_put_leaves_out_shows_the_service_default(
    response_type: ResponseType,
    put: Settings,
    answered: tuple[str | None, dict[str, str], dict[str, str]],
) -> None:
    status, parameters, templates = answered
    expected = Settings(status_code=status, parameters=parameters, templates=templates)
    assert effective(response_type, put) == expected


def test_a_customised_type_takes_nothing_from_its_family() -> None:
    """Recorded: PUT of one header on AUTHORIZER_FAILURE while DEFAULT_5XX is customised."""
    assert effective(T.AUTHORIZER_FAILURE, Settings(parameters=FOO), DEFAULT_5XX) == Settings(
        status_code="500", parameters=FOO, templates=DEFAULT
    )


@pytest.mark.parametrize("response_type", [T.API_CONFIGURATION_ERROR, T.INTEGRATION_FAILURE])
def test_an_uncustomised_type_shows_its_family(response_type: ResponseType) -> None:
    """Recorded: with DEFAULT_5XX at 599, API_CONFIGURATION_ERROR and INTEGRATION_FAILURE show 599."""
    inherited = Settings(status_code="599", parameters=ACCEPT, templates=OWN)
    assert effective(response_type, None, DEFAULT_5XX) == inherited
    assert effective(response_type, None, DEFAULT_5XX.settings) == inherited


def test_a_family_without_a_status_leaves_each_type_its_own() -> None:
    family = Settings(parameters=FOO)
    expected = Settings(status_code="401", parameters=FOO, templates=DEFAULT)
    assert effective(T.UNAUTHORIZED, None, family) == expected
    assert effective(T.DEFAULT_4XX, None) == Settings(templates=DEFAULT)


@pytest.mark.parametrize(
    ("response_type", "status"),
    [(T.ACCESS_DENIED, "403"), (T.INTEGRATION_FAILURE, "504"), (T.DEFAULT_4XX, None)],
)
def test_an_uncustomised_family_passes_on_nothing(response_type: ResponseType, status: str | None) -> None:
    uncustomised = GatewayResponse(
        type=T.DEFAULT_4XX, settings=Settings(status_code="418", parameters=FOO), default_response=True
    )
    expected = Settings(status_code=status, templates=DEFAULT)
    assert effective(response_type, None, uncustomised) == expected
    assert effective(response_type, None) == expected


def test_a_type_missing_from_an_answer_is_uncustomised_and_inherits() -> None:
    assert shown(T.INTEGRATION_TIMEOUT, {T.DEFAULT_5XX: DEFAULT_5XX}) == GatewayResponse(
        type=T.INTEGRATION_TIMEOUT,
        settings=Settings(status_code="599", parameters=ACCEPT, templates=OWN),
        default_response=True,
    )
    assert shown(T.DEFAULT_5XX, {T.DEFAULT_5XX: DEFAULT_5XX}) is DEFAULT_5XX
    assert shown(T.DEFAULT_4XX, {}).settings == Settings(templates=DEFAULT)


def test_a_customisation_answered_in_part_is_filled_in() -> None:
    """An emulator may answer only what was put; AWS answers effective values."""
    partial = GatewayResponse(type=T.UNAUTHORIZED, settings=Settings(parameters=FOO), default_response=False)
    assert customisation(partial) == Settings(status_code="401", parameters=FOO, templates=DEFAULT)
    uncustomised = GatewayResponse(type=T.UNAUTHORIZED, settings=partial.settings, default_response=True)
    assert customisation(uncustomised) is None
