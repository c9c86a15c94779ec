"""The presets, one class each. `title` and `what` say what a preset is for; its fields are its parameters."""

from __future__ import annotations

import html
import json
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from batchgw.model import ResponseType
from batchgw.policy.fields import HeaderSource, HeaderValue, StatusText
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import HEADER_NAME, HEADER_VALUE, QUOTED_TWICE
from batchgw.policy.grammar.expressions import TOKEN, literal, quoted_text
from batchgw.policy.presets.contribution import JSON, Contribution, PresetSpec
from batchgw.policy.quoting import shown, written_out

YEAR = 31_536_000
"""Seconds."""


def _unquoted(text: str) -> str:
    bare = quoted_text(text)
    if bare is None:
        return text
    raise reject(QUOTED_TWICE, f"the single quotes would be sent to clients{written_out(bare)}")


def _header_text(text: str) -> str:
    if text and all(" " <= c <= "~" for c in text):
        return text
    raise reject(HEADER_VALUE, "a header value is one line of printable ASCII")


def _token(text: str) -> str:
    if TOKEN.fullmatch(text):
        return text
    raise reject(HEADER_NAME, f"{shown(text)} is not a header or method name")


def _origin(value: str | HeaderSource) -> str | HeaderSource:
    if isinstance(value, HeaderSource) or value in ("*", "null"):
        return value
    scheme, slashes, host = _header_text(value).partition("://")
    if scheme and slashes and host and not set(host) & set("/, *"):
        return value
    raise reject(
        HEADER_VALUE,
        f'{shown(value)} is not an origin: write "*", or one scheme://host without path, or'
        ' {"from": "method.request.header.Origin"} to answer with the origin that asked',
    )


HeaderText = Annotated[str, AfterValidator(_header_text), AfterValidator(_unquoted)]
Token = Annotated[str, AfterValidator(_token)]
PlainText = Annotated[str, Field(min_length=1, max_length=500)]


class Cors(PresetSpec):
    """CORS headers."""

    title: ClassVar[str] = "CORS headers on errors"
    what: ClassVar[str] = (
        "Without them a browser hides every error that the gateway itself answers, and its page sees a"
        " network failure instead of a 401 or 429."
    )
    covers_customised: ClassVar[bool] = True

    preset: Literal["cors"] = "cors"
    origin: Annotated[HeaderValue, AfterValidator(_origin)] = Field(
        default="*",
        description="The origin allowed: *, scheme://host, or {from: method.request.header.Origin}.",
    )
    headers: list[Token] = Field(
        default=["Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "X-Api-Key"],
        description="Request headers allowed; [] leaves Access-Control-Allow-Headers out.",
    )
    methods: list[Token] = Field(
        default=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
        description="Methods allowed; [] leaves Access-Control-Allow-Methods out.",
    )
    expose: list[Token] = Field(default=[], description="Response headers that scripts may read.")
    credentials: bool = Field(
        default=False, description="Allow cookies and HTTP authentication; not with origin *."
    )
    max_age: int | None = Field(
        default=None, ge=0, le=YEAR, description="Seconds a browser may keep the answer to a preflight."
    )

    def contribution(self, type_: ResponseType) -> Contribution:  # noqa: ARG002 - the same for every type
        """Give Access-Control-Allow-Origin and the other CORS headers."""
        fixed = isinstance(self.origin, str)
        headers = {
            "Access-Control-Allow-Origin": literal(self.origin)
            if isinstance(self.origin, str)
            else self.origin.source,
            "Access-Control-Allow-Headers": literal(",".join(self.headers)) if self.headers else "",
            "Access-Control-Allow-Methods": literal(",".join(self.methods)) if self.methods else "",
            "Access-Control-Expose-Headers": literal(",".join(self.expose)) if self.expose else "",
            "Access-Control-Allow-Credentials": literal("true") if self.credentials else "",
            "Access-Control-Max-Age": literal(str(self.max_age)) if self.max_age is not None else "",
            "Vary": "" if fixed else literal("Origin"),
        }
        return Contribution(headers={name: value for name, value in headers.items() if value})


class SecurityHeaders(PresetSpec):
    """Security headers."""

    title: ClassVar[str] = "Security headers on errors"
    what: ClassVar[str] = (
        "What scanners ask of every answer of an API (OWASP REST Security Cheat Sheet): no MIME sniffing, no"
        " framing, no referrer, HTTPS only. A parameter set to null leaves its header out."
    )
    covers_customised: ClassVar[bool] = True

    preset: Literal["security-headers"] = "security-headers"
    frame_options: Literal["DENY", "SAMEORIGIN"] | None = Field(
        default="DENY", description="X-Frame-Options."
    )
    referrer_policy: HeaderText | None = Field(default="no-referrer", description="Referrer-Policy.")
    hsts_max_age: int | None = Field(
        default=YEAR,
        ge=0,
        description="Seconds in Strict-Transport-Security; the preset hsts has more parameters.",
    )
    content_security_policy: HeaderText | None = Field(
        default=None,
        description="Content-Security-Policy, such as \"default-src 'none'; frame-ancestors 'none'\".",
    )

    def contribution(self, type_: ResponseType) -> Contribution:  # noqa: ARG002 - the same for every type
        """Give X-Content-Type-Options and the other security headers."""
        hsts = None if self.hsts_max_age is None else f"max-age={self.hsts_max_age}"
        headers = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": self.frame_options,
            "Referrer-Policy": self.referrer_policy,
            "Strict-Transport-Security": hsts,
            "Content-Security-Policy": self.content_security_policy,
        }
        return Contribution(
            headers={name: literal(text) for name, text in headers.items() if text is not None}
        )


class Hsts(PresetSpec):
    """HTTPS only."""

    title: ClassVar[str] = "HTTPS only (HSTS)"
    what: ClassVar[str] = "Tells browsers to reach this host by HTTPS alone; matters for custom domain names."
    covers_customised: ClassVar[bool] = True

    preset: Literal["hsts"] = "hsts"
    max_age: int = Field(default=YEAR, ge=0, description="Seconds the browser remembers it; 0 takes it back.")
    include_subdomains: bool = Field(default=False, description="Bind every subdomain as well.")
    preload: bool = Field(default=False, description="Consent to the browsers' built-in lists.")

    def contribution(self, type_: ResponseType) -> Contribution:  # noqa: ARG002 - the same for every type
        """Give Strict-Transport-Security."""
        parts = [f"max-age={self.max_age}"]
        parts += ["includeSubDomains"] * self.include_subdomains + ["preload"] * self.preload
        return Contribution(headers={"Strict-Transport-Security": literal("; ".join(parts))})


class NoCache(PresetSpec):
    """Errors that no cache keeps."""

    title: ClassVar[str] = "Errors that no cache keeps"
    what: ClassVar[str] = "Keeps browsers and CDNs from answering later requests with today's error."
    covers_customised: ClassVar[bool] = True

    preset: Literal["no-cache"] = "no-cache"

    def contribution(self, type_: ResponseType) -> Contribution:  # noqa: ARG002 - the same for every type
        """Give Cache-Control."""
        return Contribution(headers={"Cache-Control": literal("no-store")})


class ErrorEnvelope(PresetSpec):
    """One shape of error."""

    title: ClassVar[str] = "One shape for every error"
    what: ClassVar[str] = (
        "A JSON body with the message, the kind of error and the request id that support asks for. A field"
        " named null is left out."
    )

    preset: Literal["error-envelope"] = "error-envelope"
    message: PlainText = Field(default="message", description="Name of the field with the message.")
    type: PlainText | None = Field(
        default="type", description="Name of the field with the response type, such as UNAUTHORIZED."
    )
    request_id: PlainText | None = Field(
        default="requestId", description="Name of the field with the request id."
    )
    under: PlainText | None = Field(
        default=None, description="Name of an object to put them in, such as error."
    )

    def contribution(self, type_: ResponseType) -> Contribution:  # noqa: ARG002 - the same for every type
        """Give the application/json template."""
        fields = {
            self.message: "$context.error.messageString",
            self.type: '"$context.error.responseType"',
            self.request_id: '"$context.requestId"',
        }
        body = ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items() if name is not None)
        envelope = f"{{{body}}}" if self.under is None else f"{{{json.dumps(self.under)}:{{{body}}}}}"
        return Contribution(templates={JSON: envelope})


class NoInternals(PresetSpec):
    """Nothing about the inside."""

    title: ClassVar[str] = "Nothing about the inside"
    what: ClassVar[str] = (
        'Replaces messages that show what is behind: "Missing Authentication Token" for a path that does not'
        " exist, the ARNs of the caller and the API in a denial, the canonical request of a wrong signature."
        " Combines with error-envelope."
    )
    own_types: ClassVar[tuple[ResponseType, ...] | None] = (
        ResponseType.MISSING_AUTHENTICATION_TOKEN,
        ResponseType.ACCESS_DENIED,
        ResponseType.INVALID_SIGNATURE,
    )

    preset: Literal["no-internals"] = "no-internals"
    message: PlainText = Field(default="Forbidden", description="The message shown instead.")
    hide_routes: bool = Field(
        default=False,
        description="Answer MISSING_AUTHENTICATION_TOKEN as 404 Not Found, like any unknown path.",
    )

    def contribution(self, type_: ResponseType) -> Contribution:
        """Give a fixed message for the type."""
        if self.hide_routes and type_ is ResponseType.MISSING_AUTHENTICATION_TOKEN:
            return Contribution(message="Not Found", status="404")
        return Contribution(message=self.message)


class WafBlockPage(PresetSpec):
    """A page for requests that the firewall blocks."""

    title: ClassVar[str] = "A page for requests that the firewall blocks"
    what: ClassVar[str] = (
        "Answers requests that AWS WAF blocks with a short HTML page (or JSON, for clients that ask for it)"
        " and the request id to quote."
    )
    own_types: ClassVar[tuple[ResponseType, ...] | None] = (ResponseType.WAF_FILTERED,)

    preset: Literal["waf-block-page"] = "waf-block-page"
    heading: PlainText = Field(default="Request blocked", description="The page's title and heading.")
    message: PlainText = Field(
        default="This request was blocked by a security rule.", description="The sentence under it."
    )
    status: StatusText = Field(default="403", description="The HTTP status code.")

    def contribution(self, type_: ResponseType) -> Contribution:  # noqa: ARG002 - the same for every type
        """Give the text/html template, and the sentence that replaces the message in JSON bodies."""
        heading, message = html.escape(self.heading), html.escape(self.message)
        page = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f"<title>{heading}</title></head><body><h1>{heading}</h1><p>{message}</p>"
            "<p>Request id: $context.requestId</p></body></html>"
        )
        return Contribution(status=self.status, message=self.message, templates={"text/html": page})
