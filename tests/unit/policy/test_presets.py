"""Presets: what each contributes, which types it covers, and who wins."""

from __future__ import annotations

import json
from types import ModuleType
from typing import ClassVar, Literal

import pytest

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import HEADER_PREFIX, ResponseType, Settings
from batchgw.policy.jsonschema import policy_json_schema
from batchgw.policy.loader import LoadedPolicy, load_policy
from batchgw.policy.presets import catalogue
from batchgw.policy.presets.contribution import Contribution, PresetSpec
from batchgw.policy.presets.index import PRESETS, describe, presets_in

T = ResponseType


def load(text: str) -> LoadedPolicy:
    return load_policy("p.yaml", text=f"version: 1\n{text}")


def settings(text: str) -> dict[ResponseType, Settings | None]:
    return {type_: rule.settings for type_, rule in load(text).policy.desired.rules.items()}


def headers(text: str, type_: ResponseType = T.DEFAULT_4XX) -> dict[str, str]:
    found = settings(text)[type_]
    assert found is not None
    return {key.removeprefix(HEADER_PREFIX): value for key, value in found.parameters.items()}


def template(text: str, type_: ResponseType, kind: str = "application/json") -> str:
    found = settings(text)[type_]
    assert found is not None
    return found.templates[kind]


def test_cors_by_default() -> None:
    assert headers("use: [cors]") == {
        "Access-Control-Allow-Origin": "'*'",
        "Access-Control-Allow-Headers": (
            "'Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key'"
        ),
        "Access-Control-Allow-Methods": "'DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT'",
    }


def test_cors_with_every_parameter() -> None:
    use = """
use:
  - preset: cors
    origin: https://app.example:8443
    headers: []
    methods: [GET]
    expose: [x-amzn-ErrorType, x-amzn-RequestId]
    credentials: true
    max_age: 600
"""
    assert headers(use) == {
        "Access-Control-Allow-Origin": "'https://app.example:8443'",
        "Access-Control-Allow-Methods": "'GET'",
        "Access-Control-Expose-Headers": "'x-amzn-ErrorType,x-amzn-RequestId'",
        "Access-Control-Allow-Credentials": "'true'",
        "Access-Control-Max-Age": "'600'",
    }


def test_cors_that_echoes_the_origin_varies_by_it() -> None:
    found = headers("use: [{preset: cors, origin: {from: method.request.header.Origin}}]")
    assert found["Access-Control-Allow-Origin"] == "method.request.header.Origin"
    assert found["Vary"] == "'Origin'"


@pytest.mark.parametrize(
    "origin", ["a.example", "https://a.example/path", "https://*.example", "'a b'", "://x"]
)
def test_cors_refuses_what_is_no_origin(origin: str) -> None:
    with pytest.raises(PolicyInvalid, match="not an origin"):
        load(f"use: [{{preset: cors, origin: {json.dumps(origin)}}}]")


def test_security_headers() -> None:
    assert headers("use: [security-headers]") == {
        "X-Content-Type-Options": "'nosniff'",
        "X-Frame-Options": "'DENY'",
        "Referrer-Policy": "'no-referrer'",
        "Strict-Transport-Security": "'max-age=31536000'",
    }
    use = (
        "use: [{preset: security-headers, frame_options: null, referrer_policy: null, hsts_max_age: null,"
        " content_security_policy: \"default-src 'none'\"}]"
    )
    assert headers(use) == {
        "X-Content-Type-Options": "'nosniff'",
        "Content-Security-Policy": "'default-src 'none''",
    }


def test_hsts_and_no_cache() -> None:
    assert headers("use: [hsts, no-cache]") == {
        "Strict-Transport-Security": "'max-age=31536000'",
        "Cache-Control": "'no-store'",
    }
    use = "use: [{preset: hsts, max_age: 60, include_subdomains: true, preload: true}]"
    assert headers(use) == {"Strict-Transport-Security": "'max-age=60; includeSubDomains; preload'"}


def test_error_envelope() -> None:
    assert template("use: [error-envelope]", T.DEFAULT_5XX) == (
        '{"message":$context.error.messageString,"type":"$context.error.responseType",'
        '"requestId":"$context.requestId"}'
    )
    use = "use: [{preset: error-envelope, message: detail, type: null, request_id: id, under: error}]"
    assert template(use, T.DEFAULT_4XX) == (
        '{"error":{"detail":$context.error.messageString,"id":"$context.requestId"}}'
    )


def test_no_internals_replaces_three_messages() -> None:
    found = settings("use: [no-internals]")
    assert set(found) == {T.MISSING_AUTHENTICATION_TOKEN, T.ACCESS_DENIED, T.INVALID_SIGNATURE}
    assert {s.templates["application/json"] for s in found.values() if s} == {'{"message":"Forbidden"}'}


def test_no_internals_can_hide_routes() -> None:
    found = settings("use: [{preset: no-internals, hide_routes: true, message: 'No \"entry\"'}]")
    token, denied = found[T.MISSING_AUTHENTICATION_TOKEN], found[T.ACCESS_DENIED]
    assert token == Settings(status_code="404", templates={"application/json": '{"message":"Not Found"}'})
    assert denied == Settings(templates={"application/json": '{"message":"No \\"entry\\""}'})


@pytest.mark.parametrize("use", ["[no-internals, error-envelope]", "[error-envelope, no-internals]"])
def test_hiding_and_wrapping_combine_in_any_order(use: str) -> None:
    loaded = load(f"use: {use}")
    assert loaded.warnings == ()
    denied = loaded.policy.desired.rules[T.ACCESS_DENIED].settings
    assert denied is not None
    assert json.loads(denied.templates["application/json"])["message"] == "Forbidden"
    assert set(json.loads(denied.templates["application/json"])) == {"message", "type", "requestId"}


def test_waf_block_page() -> None:
    use = "use: [error-envelope, {preset: waf-block-page, heading: 'Halt & <go>', message: No., status: 406}]"
    found = settings(use)[T.WAF_FILTERED]
    assert found is not None
    assert found.status_code == "406"
    assert "<h1>Halt &amp; &lt;go&gt;</h1><p>No.</p>" in found.templates["text/html"]
    assert json.loads(found.templates["application/json"])["message"] == "No."


def test_a_preset_covers_the_families_and_all_that_is_customised() -> None:
    """Customising a type cuts it off from DEFAULT_4XX, so what DEFAULT_4XX carries must come along."""
    found = settings(
        "use: [cors, waf-block-page]\nresponses: {THROTTLED: {status: 429}, UNAUTHORIZED: default}"
    )
    assert found[T.UNAUTHORIZED] is None
    covered = {
        type_
        for type_, s in found.items()
        if s and f"{HEADER_PREFIX}Access-Control-Allow-Origin" in s.parameters
    }
    assert covered == {T.DEFAULT_4XX, T.DEFAULT_5XX, T.THROTTLED, T.WAF_FILTERED}


def test_types_say_otherwise() -> None:
    assert set(settings("use: [{preset: cors, types: [UNAUTHORIZED, UNAUTHORIZED]}]")) == {T.UNAUTHORIZED}


def test_the_response_wins_over_presets_whatever_its_case() -> None:
    text = (
        "use: [cors]\nresponses: {DEFAULT_4XX: {headers: {access-control-allow-origin: https://a.example}}}"
    )
    found = headers(text)
    assert found["access-control-allow-origin"] == "'https://a.example'"
    assert "Access-Control-Allow-Origin" not in found
    assert headers(text, T.DEFAULT_5XX)["Access-Control-Allow-Origin"] == "'*'"


def test_the_response_wins_in_status_and_template_as_well() -> None:
    text = (
        "use: [waf-block-page, error-envelope]\n"
        "responses: {WAF_FILTERED: {status: 451, templates: {text/html: own}}}"
    )
    found = settings(text)[T.WAF_FILTERED]
    assert found is not None
    assert found.status_code == "451"
    assert found.templates["text/html"] == "own"
    assert "responseType" in found.templates["application/json"]


def warnings(text: str) -> list[Problem]:
    return [p for p in load(text).warnings if p.rule == "preset-conflict"]


def test_later_presets_win_and_say_so() -> None:
    text = "use: [{preset: cors, origin: https://a.example}, {preset: cors, origin: https://b.example}]"
    assert headers(text)["Access-Control-Allow-Origin"] == "'https://b.example'"
    (found,) = warnings(text)
    assert "the header Access-Control-Allow-Origin of DEFAULT_4XX, DEFAULT_5XX" in found.message


def test_presets_that_agree_do_not_conflict() -> None:
    assert warnings("use: [security-headers, hsts, cors, cors]") == []


def test_an_exception_for_certain_types_is_no_conflict() -> None:
    general = "use: [error-envelope, {preset: error-envelope, types: [THROTTLED], under: error}"
    assert warnings(f"{general}]") == []
    assert len(warnings(f"{general}, {{preset: error-envelope, types: [THROTTLED]}}]")) == 1


def test_every_preset_describes_itself() -> None:
    infos = {info.name: info for info in describe()}
    assert list(infos) == list(PRESETS)
    for info in infos.values():
        assert json.loads(json.dumps(info.to_json()))["name"] == info.name
        assert info.headers or info.templates or info.message
        assert info.title
        assert info.what
        assert all(parameter.description for parameter in info.parameters)
    assert infos["cors"].headers["Access-Control-Allow-Origin"] == "'*'"
    assert infos["cors"].types is None
    assert infos["waf-block-page"].types == ("WAF_FILTERED",)
    defaults = {parameter.name: parameter.default for parameter in infos["cors"].parameters}
    assert defaults["origin"] == "*"
    assert defaults["credentials"] is False


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_passes_its_own_lint(name: str) -> None:
    assert load(f"use: [{name}]").warnings == ()


def test_a_preset_is_one_class_and_nothing_else() -> None:
    """The class alone gives its name, its place in the union that is validated, and its schema."""

    class ServerTiming(PresetSpec):
        title: ClassVar[str] = "Server timing on errors"
        what: ClassVar[str] = "Shows browsers where the time went."
        preset: Literal["server-timing"] = "server-timing"

        def contribution(self, type_: ResponseType) -> Contribution:  # noqa: ARG002 - the same for every type
            return Contribution(headers={"Server-Timing": "'gateway'"})

    module = ModuleType("more_presets")
    vars(module)["ServerTiming"] = ServerTiming
    assert presets_in(module) == {"server-timing": ServerTiming}
    assert dict(presets_in(catalogue)) == dict(PRESETS)
    names = policy_json_schema()["properties"]["use"]["items"]["anyOf"][0]["enum"]
    assert names == list(PRESETS)
    for name in PRESETS:
        assert load_policy("p.yaml", text=f"version: 1\nuse: [{name}]").policy.desired.rules
