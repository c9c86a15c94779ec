"""What the service will show for given settings. It knows the rules of inheritance and full replacement.

Answers always carry effective values, so desired settings are brought to the same form before the two are
compared. The filled-in form serves comparison and display only: it is never what PUT carries.

Source: the developer guide, and answers recorded from the service (PUT on DEFAULT_5XX, then on
AUTHORIZER_FAILURE, then GetGatewayResponses).
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.model import DEFAULT_STATUS, DEFAULT_TEMPLATES, GatewayResponse, ResponseType, Settings

Observed = Mapping[ResponseType, GatewayResponse]
"""The gateway responses of one API as read. A type the answer lacks is taken for uncustomised."""


def effective(
    response_type: ResponseType,
    settings: Settings | None,
    family: GatewayResponse | Settings | None = None,
) -> Settings:
    """Fill in what the service will show for a type.

    `settings` are a customisation: whatever it leaves out shows the service's default of the type, never the
    previous value and never the family's. None means not customised: the type then shows what `family`, its
    DEFAULT_4XX or DEFAULT_5XX, is customised to. A family given as None, or with `default_response` true, is
    not customised and passes on nothing.

    DEFAULT_4XX and DEFAULT_5XX have no default status. An INTEGRATION_FAILURE without a status shows 504.
    """
    source = settings if settings is not None else _customisation(family)
    default_status = DEFAULT_STATUS.get(response_type)
    if source is None:
        return Settings(status_code=default_status, templates=DEFAULT_TEMPLATES)
    return Settings(
        status_code=source.status_code or default_status,
        parameters=source.parameters,
        templates=source.templates or DEFAULT_TEMPLATES,
    )


def shown(response_type: ResponseType, observed: Observed) -> GatewayResponse:
    """Give the response as it was read; one that is missing from the answer, as an uncustomised one shows.

    AWS answers all 21 types; an emulator may answer the customised ones only.
    """
    response = observed.get(response_type)
    if response is not None:
        return response
    family = response_type.family
    inherited = effective(response_type, None, observed.get(family) if family else None)
    return GatewayResponse(type=response_type, settings=inherited, default_response=True)


def is_customised(response_type: ResponseType, observed: Observed) -> bool:
    """Tell whether the API customises the type itself."""
    response = observed.get(response_type)
    return response is not None and not response.default_response


def customisation(response: GatewayResponse) -> Settings | None:
    """Give a response's own settings in effective form; None when it is not customised."""
    return None if response.default_response else effective(response.type, response.settings)


def same_effect(one: Settings | None, other: Settings | None) -> bool:
    """Tell whether two customisations in effective form answer alike: names of headers have no case."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    return (one.status_code, one.templates, _lowered(one.parameters)) == (
        other.status_code,
        other.templates,
        _lowered(other.parameters),
    )


def _lowered(parameters: Mapping[str, str]) -> Mapping[str, str]:
    return {name.lower(): value for name, value in parameters.items()}


def _customisation(family: GatewayResponse | Settings | None) -> Settings | None:
    if isinstance(family, GatewayResponse):
        return customisation(family)
    return family
