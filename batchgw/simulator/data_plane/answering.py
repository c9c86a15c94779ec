"""The answer to one call of a deployed API: the backend's, or a gateway response of the deployed snapshot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from batchgw.model import DEFAULT_STATUS, HEADER_PREFIX, ResponseType
from batchgw.simulator.data_plane.invocation import Answered, Invocation
from batchgw.simulator.data_plane.rendering import Values, header, render
from batchgw.simulator.data_plane.routing import Route, find
from batchgw.simulator.data_plane.serving import ServedApi, ServedDeployment
from batchgw.simulator.world.api_state import DeployedMethod

_ERROR_TYPE = "x-amzn-ErrorType"
_REQUEST_ID = "x-amzn-RequestId"
_JSON = "application/json"
_BACKEND = "This is the backend's answer: the simulator has no backends, so every method answers 200."


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a call has beside its request: its id, and seconds since the epoch."""

    request_id: str
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Why a call does not reach its backend: the gateway response, AWS's error type, and the message."""

    kind: ResponseType
    error_type: str
    message: str


_NOT_SIGNED: Final = _Refusal(
    kind=ResponseType.MISSING_AUTHENTICATION_TOKEN,
    error_type="MissingAuthenticationTokenException",
    message="Missing Authentication Token",
)
"""For a path or a method that is not there, too (recorded)."""
_UNAUTHORIZED: Final = _Refusal(
    kind=ResponseType.UNAUTHORIZED, error_type="UnauthorizedException", message="Unauthorized"
)
_NO_API_KEY: Final = _Refusal(
    kind=ResponseType.INVALID_API_KEY, error_type="ForbiddenException", message="Forbidden"
)


def forbidden(moment: Moment) -> Answered:
    """Make the plain 403 of an API or stage that is not there or refuses the caller: no gateway response."""
    return Answered(
        status=403,
        headers={
            "Content-Type": _JSON,
            _ERROR_TYPE: "ForbiddenException",
            _REQUEST_ID: moment.request_id,
        },
        body=json.dumps({"message": "Forbidden"}, separators=(",", ":")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """A call, and the deployment of the API that answers it.

    `serving` is the stage's own deployment or, with `is_canary`, its canary's.
    """

    call: Invocation
    api: ServedApi
    serving: ServedDeployment
    moment: Moment
    is_canary: bool = False

    def answer(self) -> Answered:
        """Answer with what the backend says, or with the gateway response that tells why it was not asked."""
        route = find(self.serving.deployment.paths, self.call.path, self.call.method)
        refusal = _NOT_SIGNED if route is None else _refusal(self.call, route.method)
        values = self._values(route, refusal)
        if refusal is not None:
            return _gateway_response(self.call, self.serving, refusal, values)
        mock = None if route is None else route.method.mock
        body = json.dumps({"message": _BACKEND}) if mock is None else render(mock, values)
        headers = {"Content-Type": _JSON, _REQUEST_ID: self.moment.request_id}
        return Answered(status=200, headers=headers, body=body)

    def _values(self, route: Route | None, refusal: _Refusal | None) -> Values:
        call = self.call
        when = datetime.fromtimestamp(self.moment.now, UTC)
        context = {
            "accountId": self.api.account,
            "apiId": call.api,
            "deploymentId": self.serving.deployment.id,
            "domainName": call.headers.get("host", ""),
            "domainPrefix": call.api,
            "extendedRequestId": self.moment.request_id,
            "httpMethod": call.method,
            "identity.sourceIp": "127.0.0.1",
            "identity.userAgent": call.headers.get("user-agent", ""),
            "isCanaryRequest": str(self.is_canary).lower(),
            "path": f"/{call.stage}{call.path}",
            "protocol": "HTTP/1.1",
            "requestId": self.moment.request_id,
            "requestTime": f"{when:%d/%b/%Y:%H:%M:%S +0000}",
            "requestTimeEpoch": str(int(self.moment.now * 1000)),
            "stage": call.stage,
        }
        if route is not None:
            context["resourcePath"] = route.resource
        if refusal is not None:
            context["error.message"] = refusal.message
            context["error.responseType"] = refusal.kind.value
        return Values(
            context=context,
            stage_variables=self.serving.variables,
            headers=call.headers,
            path={} if route is None else route.parameters,
            query=call.query,
        )


def _refusal(call: Invocation, method: DeployedMethod) -> _Refusal | None:
    """Tell why a method refuses a call. Nobody's keys and tokens are checked: any will do."""
    if method.authorization != "NONE" and "authorization" not in call.headers:
        return _NOT_SIGNED if method.authorization == "AWS_IAM" else _UNAUTHORIZED
    return _NO_API_KEY if method.api_key_required and "x-api-key" not in call.headers else None


def _gateway_response(
    call: Invocation, serving: ServedDeployment, refusal: _Refusal, values: Values
) -> Answered:
    """Render the response that the snapshot has for it: its own, else its family's, else the service's."""
    settings = serving.deployment.gateway_responses.answers[refusal.kind].settings
    content_type = _content_type(settings.templates, call.headers.get("accept", ""))
    headers = {
        "Content-Type": content_type,
        _ERROR_TYPE: refusal.error_type,
        _REQUEST_ID: values.context["requestId"],
    }
    for parameter, expression in settings.parameters.items():
        value, name = header(expression, values), parameter.removeprefix(HEADER_PREFIX)
        if value is not None:
            headers = {each: text for each, text in headers.items() if each.lower() != name.lower()}
            headers[name] = value
    return Answered(
        status=int(settings.status_code or DEFAULT_STATUS[refusal.kind]),
        headers=headers,
        body=render(settings.templates[content_type], values),
    )


def _content_type(templates: Mapping[str, str], accepted: str) -> str:
    """Choose the template: the first that the caller accepts by name, else JSON, else the first there is."""
    wanted = [each.partition(";")[0].strip() for each in accepted.split(",")]
    return next((each for each in (*wanted, _JSON) if each in templates), next(iter(templates)))
