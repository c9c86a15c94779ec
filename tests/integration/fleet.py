"""Twelve REST APIs in two regions, of six kinds each, made and read with plain boto3; and a policy for them.

What a kind has of its own before, and what the policy makes of it, stands here by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.integration.emulator import REGIONS, Emulator, Keys

Put = Mapping[str, Any]
"""The keyword arguments of put_gateway_response that set a response."""

Customised = Mapping[str, Put]
"""What is put, by response type. A type that is absent is not customised."""

CORS = "gatewayresponse.header.Access-Control-Allow-Origin"
ORIGIN = "gatewayresponse.header.X-Origin"
CHALLENGE = "gatewayresponse.header.WWW-Authenticate"
JSON = "application/json"

POLICY = """\
version: 1
targets:
  regions: [eu-west-1, us-east-1]
  apis:
    exclude: [{tags: {"batchgw:exempt": "true"}}]
mode: replace
unlisted: leave
responses:
  DEFAULT_4XX:
    headers: {Access-Control-Allow-Origin: "*", X-Origin: {from: method.request.header.Origin}}
    templates:
      application/json: '{"message":$context.error.messageString,"requestId":"$context.requestId"}'
  UNAUTHORIZED:
    statusCode: "401"
    responseParameters:
      gatewayresponse.header.Access-Control-Allow-Origin: "'*'"
      gatewayresponse.header.WWW-Authenticate: "'Bearer'"
      gatewayresponse.header.X-Origin: method.request.header.Origin
  THROTTLED: default
"""

FAMILY: Put = {
    "responseParameters": {CORS: "'*'", ORIGIN: "method.request.header.Origin"},
    "responseTemplates": {
        JSON: '{"message":$context.error.messageString,"requestId":"$context.requestId"}',
    },
}
UNAUTHORIZED: Put = {
    "statusCode": "401",
    "responseParameters": {CORS: "'*'", CHALLENGE: "'Bearer'", ORIGIN: "method.request.header.Origin"},
}
DEFAULT = {JSON: '{"message":$context.error.messageString}'}
"""The service's own template. Setting it sets nothing, and the "conforming" APIs set it."""

WANTED: Customised = {"DEFAULT_4XX": FAMILY, "UNAUTHORIZED": UNAUTHORIZED}
"""What the policy asks for, as boto3 spells it. THROTTLED is to have no customisation."""

SLOW_DOWN: Put = {"statusCode": "429", "responseTemplates": {JSON: '{"message":"slow down"}'}}
BLOCKED: Put = {"statusCode": "406", "responseParameters": {CORS: "'https://example.com'"}}

KINDS: Mapping[str, Customised] = {
    "untouched": {},
    "conforming": {"DEFAULT_4XX": FAMILY, "UNAUTHORIZED": {**UNAUTHORIZED, "responseTemplates": DEFAULT}},
    "other-header": {"DEFAULT_4XX": {**FAMILY, "responseParameters": {CORS: "'https://example.com'"}}},
    "own-throttled": {"THROTTLED": SLOW_DOWN},
    "own-waf": {"WAF_FILTERED": BLOCKED},
    "own-status": {"THROTTLED": SLOW_DOWN, "UNAUTHORIZED": {**UNAUTHORIZED, "statusCode": "403"}},
}
"""What an API of each kind has customised before."""

ACTIONS: Mapping[str, tuple[str, str, str]] = {
    "untouched": ("CREATE", "CREATE", "NO_OP"),
    "conforming": ("NO_OP", "NO_OP", "NO_OP"),
    "other-header": ("UPDATE", "CREATE", "NO_OP"),
    "own-throttled": ("CREATE", "CREATE", "RESET"),
    "own-waf": ("CREATE", "CREATE", "NO_OP"),
    "own-status": ("CREATE", "UPDATE", "RESET"),
}
"""What the policy asks of DEFAULT_4XX, UNAUTHORIZED and THROTTLED: 8 CREATE, 2 UPDATE, 2 RESET, 6 NO_OP."""

WRITES = 24  # (8 + 2 + 2) in each of two regions
EXPECTED = 36  # 6 kinds x 3 types x 2 regions

EXEMPT: Customised = {"DEFAULT_4XX": {"statusCode": "418"}}
"""What one more API of each region has customised. The policy's `exclude` exempts it."""


def after(kind: str) -> Customised:
    """Give what an API of a kind has customised after an apply: what the policy does not list has stayed."""
    match kind:
        case "conforming":
            return KINDS[kind]
        case "own-waf":
            return {**WANTED, "WAF_FILTERED": BLOCKED}
        case _:
            return WANTED


Address = tuple[str, str]
"""Region and kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The APIs of one account. `ids` by region and kind; the exempt ones are of kind "exempt"."""

    emulator: Emulator
    ids: Mapping[Address, str]
    keys: Keys | None = None

    def client(self, region: str) -> Any:
        return self.emulator.client(region=region, keys=self.keys)

    def state(self) -> dict[Address, Customised]:
        """Give what every API has customised now."""
        clients = {region: self.client(region) for region in REGIONS}
        return {at: customised(clients[at[0]], api) for at, api in self.ids.items()}

    def put(self, at: Address, response_type: str, put: Put) -> None:
        client = self.client(at[0])
        client.put_gateway_response(restApiId=self.ids[at], responseType=response_type, **put)

    def delete(self, at: Address, response_type: str) -> None:
        self.client(at[0]).delete_gateway_response(restApiId=self.ids[at], responseType=response_type)

    @staticmethod
    def before() -> dict[Address, Customised]:
        """Give what `state` is for a fresh fleet."""
        return {at: _own(EXEMPT if at[1] == "exempt" else KINDS[at[1]]) for at in _addresses()}

    @staticmethod
    def after() -> dict[Address, Customised]:
        """Give what `state` is for a fleet that is as the policy says."""
        return {at: _own(EXEMPT if at[1] == "exempt" else after(at[1])) for at in _addresses()}


def launch(emulator: Emulator, keys: Keys | None = None) -> Fleet:
    """Make the APIs, in the account of the emulator's keys or of the given ones."""
    ids = {}
    for region in REGIONS:
        client = emulator.client(region=region, keys=keys)
        for kind, own in (*KINDS.items(), ("exempt", EXEMPT)):
            tags = {"batchgw:exempt": "true"} if kind == "exempt" else {"tier": "public"}
            api = client.create_rest_api(name=f"orders-{kind}", tags=tags)["id"]
            for response_type, put in own.items():
                client.put_gateway_response(restApiId=api, responseType=response_type, **put)
            ids[region, kind] = api
    return Fleet(emulator=emulator, ids=ids, keys=keys)


def customised(client: Any, api: str) -> Customised:
    """What an API has of its own, in the words it was put in.

    Emulators show what was left out of a PUT in different ways: left out, empty, or as AWS does, filled in.
    """
    items = client.get_gateway_responses(restApiId=api)["items"]
    return _own({item["responseType"]: item for item in items if not item["defaultResponse"]})


def _own(put: Customised) -> Customised:
    """Leave out what sets nothing: empty fields, and the service's own template."""
    return {
        response_type: {
            field: value
            for field in ("statusCode", "responseParameters", "responseTemplates")
            if (value := given.get(field)) and value != DEFAULT
        }
        for response_type, given in put.items()
    }


def _addresses() -> Iterator[Address]:
    return ((region, kind) for region in REGIONS for kind in (*KINDS, "exempt"))
