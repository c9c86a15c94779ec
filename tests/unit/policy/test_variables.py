"""The variables of templates: which are known, and what is said of the others."""

from __future__ import annotations

import pytest

from batchgw.policy.grammar.variables import unknown_variables

KNOWN = [
    "$context.error.message $context.error.messageString $context.error.responseType",
    "$context.error.validationErrorString",
    "$context.requestId/$context.extendedRequestId, $context.apiId; $context.stage $context.path",
    "$context.resourcePath $context.resourceId $context.httpMethod $context.protocol $context.status",
    "$context.domainName $context.domainPrefix $context.requestTime $context.requestTimeEpoch",
    "$context.accountId $context.wafResponseCode $context.webaclArn $context.xrayTraceId",
    "$context.awsEndpointRequestId $context.responseLatency",
    "$context.identity.sourceIp $context.identity.clientCert.subjectDN",
    "$context.authorizer.principalId $context.authorizer.claims.email $context.authorizer.x-y",
    "$stageVariables.colour-1 $method.request.header.X-Thing",
    "$method.request.querystring.q $method.request.path.pet_id",
    "See $context.requestId.",
    "$context.requestId-$context.stage",
    "$5, US$ 7, $, #$%, 100$",
    "$input.path('$.x') $util.escapeJavaScript('x')",  # VTL, which has a rule of its own
]


@pytest.mark.parametrize("template", KNOWN)
def test_what_gateway_responses_replace(template: str) -> None:
    assert list(unknown_variables(template)) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("$context.eror.message", "$context.error.message"),
        ("$context.error.mesage", "$context.error.message"),
        ("$context.error.messagestring", "$context.error.messageString"),
        ("$context.messageString", "$context.error.messageString"),
        ("$context.requestID", "$context.requestId"),
        ("$context.request.id", "$context.requestId"),
        ("$context.error.type", "$context.error.responseType"),
        ("$context.identiy.sourceIp", "$context.identity.sourceIp"),
        ("$context.authoriser.message", "$context.authorizer.message"),
        ("$contxt.requestId", "$context.requestId"),
        ("$Context.eror.message", "$context.error.message"),
        ("$stageVariable.a", "$stageVariables.a"),
        ("$method.request.headers.X-A", "$method.request.header.X-A"),
        ("$method.requests.header.X-A", "$method.request.header.X-A"),
    ],
)
def test_what_was_probably_meant(written: str, meant: str) -> None:
    assert list(unknown_variables(f'{{"a":"{written}"}}')) == [
        f"{written} is no variable that gateway responses have; did you mean {meant}?"
    ]


@pytest.mark.parametrize(
    "written",
    [
        "$foo",
        "$foo.bar",
        "$context",
        "$context.error",
        "$context.error.zzz",
        "$context.identity",
        "$stageVariables",
        "$method.request.body.a",
        "$method.request.header",
    ],
)
def test_where_nothing_is_near_the_roots_are_named(written: str) -> None:
    (said,) = unknown_variables(f"{written}, {written}")
    assert said == (
        f"{written} is no variable that gateway responses have; those are $context.*, $stageVariables.*,"
        " $method.request.{header,path,querystring}.NAME"
    )
