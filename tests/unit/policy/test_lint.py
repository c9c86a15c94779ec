"""Every lint rule: what sets it off, where it points, what it says, and what it leaves alone."""

from __future__ import annotations

import json

import pytest

from batchgw.errors import PolicyInvalid, Problem
from batchgw.policy.lint.registry import all_rules
from batchgw.policy.loader import load_policy

THROTTLED = "version: 1\nresponses:\n  THROTTLED: "
RULED = """\
version: 1
use: [cors]
targets: {regions: [eu-west-1], accounts: ['111122223333'], role: R, apis: {include: [{name: orders*}], \
exclude: [{name: orders-old}]}}
rules: [{name: a, match: {%s}, use: [hsts]}]
"""
LOCKED = "version: 1\nuse: [hsts]\nlocked: [hsts]\nrules:\n"
FILE_RULES = {"file", "syntax", "schema", "duplicate-key"}
"""What the reader and the models tell; test_loader has them."""

OF_SEVERAL = {"targets-twice", "exemption-of-locked", "rollout-twice"}
"""What is told of several files alone; test_several_files and test_rollout have them."""


def problems(text: str) -> tuple[Problem, ...]:
    try:
        return load_policy("p.yaml", text=text).warnings
    except PolicyInvalid as invalid:
        return invalid.problems


def rules(text: str) -> set[str]:
    return {problem.rule for problem in problems(text)}


CASES: list[tuple[str, str, int, int, str]] = [
    # rule, text, line, column, what the message must say
    ("deploy-without-stages", "version: 1\nuse: [hsts]\ndeploy: {bake: 10m}", 3, 1, "name them under"),
    ("every-stage", "version: 1\ndeploy: {stages: ['*']}", 2, 19, "also those that stand on an older one"),
    (
        "waves-unwatched",
        "version: 1\nuse: [hsts]\nrollout: {waves: [{size: 1}, {rest: true}]}",
        3,
        11,
        "nothing is watched between these waves",
    ),
    (
        "waves-unwatched",
        "version: 1\nuse: [hsts]\nrollout: {gates: [prompt, {alarm: a}]}",
        3,
        27,
        "without a bake this is looked at the moment",
    ),
    (
        "metric-gate",
        "version: 1\nuse: [hsts]\nrollout: {bake: 10m, gates: [{metric: Latency}]}",
        3,
        30,
        "it is never asked",
    ),
    (
        "metric-gate",
        "version: 1\nresponses: {WAF_FILTERED: {status: 500}}\nrollout: {gates: [{metric: 4XXError}]}",
        2,
        27,
        "WAF_FILTERED is a 4xx, so the status 500 moves 4XXError",
    ),
    (
        "gate-name",
        "version: 1\nuse: [hsts]\nrollout: {gates: [prompt, {command: [x/prompt.sh]}]}",
        3,
        27,
        "a gate before is called 'prompt' already",
    ),
    (
        "canary-without-bake",
        "version: 1\ndeploy: {stages: [a], canary: [5%, 100%]}",
        2,
        31,
        "say how long, as in `bake: 10m`",
    ),
    ("account-id", "version: 1\nuse: [cors]\ntargets: {accounts: [1]}", 3, 22, "twelve digits"),
    ("region", "version: 1\nuse: [cors]\ntargets: {regions: [Ireland]}", 3, 21, "'Ireland' is not a region"),
    ("unknown-region", "version: 1\nuse: [cors]\ntargets: {regions: [eu-west-9]}", 3, 21, "eu-west-"),
    (
        "partitions",
        "version: 1\nuse: [cors]\ntargets: {regions: [eu-west-1, cn-north-1]}",
        3,
        32,
        "cn-north-1 is of partition aws-cn, and eu-west-1 of aws: no keys and no role are valid in both",
    ),
    (
        "partitions",
        "version: 1\nuse: [cors]\ntargets:\n regions: [us-gov-west-1]\n role: arn:aws:iam::*:role/R",
        5,
        8,
        "of partition aws, and us-gov-west-1 of aws-us-gov",
    ),
    ("role", "version: 1\nuse: [cors]\ntargets: {role: 'a:b'}", 3, 17, "role's name"),
    ("empty-list", "version: 1\nuse: [cors]\ntargets: {apis: {include: []}}", 3, 27, "everything"),
    ("repeated", "version: 1\nuse: [cors]\ntargets: {regions: [us-east-1, us-east-1]}", 3, 32, "already"),
    (
        "empty-selector",
        "version: 1\nuse: [cors]\ntargets: {apis: {exclude: [{}]}}",
        3,
        28,
        "a selector needs",
    ),
    (
        "expression",
        "version: 1\nuse: [cors]\ntargets: {apis: {exclude: [{expression: 'tags.a = 1'}]}}",
        3,
        41,
        "at its character 8: Bad jmespath expression: Unknown token",
    ),
    (
        "rule-name",
        "version: 1\nuse: [cors]\nrules:\n- {name: a, match: {id: a}}\n- {name: a, match: {id: b}}",
        5,
        10,
        "the rule at p.yaml:4:10 is called 'a' already",
    ),
    (
        "locked",
        LOCKED + "- {name: a, match: {id: a}, use: [{preset: hsts, max_age: 1}]}",
        5,
        35,
        "p.yaml:3:10 has locked this: the header Strict-Transport-Security of DEFAULT_4XX, DEFAULT_5XX",
    ),
    (
        "locked-name",
        "version: 1\nuse: [cors]\nlocked: [cors, THROTLED]",
        3,
        16,
        "'THROTLED' is no preset that this file uses, no response type that it names",
    ),
    ("locked-name", "version: 1\nuse: [cors]\nlocked: [hsts]", 3, 10, "does not use the preset hsts"),
    (
        "locked-name",
        "version: 1\nuse: [cors]\nlocked: [DEFAULT_3XX]",
        3,
        10,
        "did you mean DEFAULT_5XX?",
    ),
    (
        "never-matches",
        RULED % "created: {before: 2024-01-01, after: 2024-01-01}",
        4,
        36,
        "nothing is created after 2024-01-01, before 2024-01-01",
    ),
    ("never-matches", RULED % "region: us-*", 4, 35, "the targets are in eu-west-1"),
    ("never-matches", RULED % "account: 444455556666", 4, 36, "not among the targets"),
    ("never-matches", RULED % "name: pay", 4, 26, "the targets are those with name orders*"),
    ("never-matches", RULED % "name: orders-old", 4, 26, "the targets exclude exactly those"),
    (
        "idle-rule",
        "version: 1\nuse: [cors]\nrules:\n- {name: a, match: {id: a}, use: [cors]}",
        4,
        3,
        "changes nothing",
    ),
    ("idle-rule", "version: 1\nuse: [cors]\nrules:\n- {name: a, match: {id: a}}", 4, 3, "changes nothing"),
    (
        "exemption-unbounded",
        "version: 1\nuse: [cors]\nexemptions: [{match: {id: a}, reason: b}]",
        3,
        14,
        "does not say until when: give `until`, a date, so",
    ),
    (
        "exemption-unbounded",
        "version: 1\nuse: [cors]\nexemptions: [{match: {id: a}}]",
        3,
        14,
        "does not say why and until when: give `reason` and `until`, a date, so",
    ),
    (
        "exemption-expired",
        "version: 1\nuse: [cors]\nexemptions: [{match: {id: a}, reason: b, until: 2020-01-31}]",
        3,
        49,
        "ended on 2020-01-31",
    ),
    (
        "accounts-without-role",
        "version: 1\nuse: [cors]\ntargets: {accounts: ['111122223333']}",
        3,
        11,
        "without a `role`",
    ),
    ("empty-policy", "version: 1\n", 1, 1, "asks for nothing"),
    (
        "no-effect",
        "version: 1\nresponses:\n  REQUEST_TOO_LARGE: {status: 400}",
        3,
        3,
        "never answers with it",
    ),
    (
        "no-effect",
        "version: 1\nmode: fill\nresponses:\n  THROTTLED: default",
        4,
        14,
        "nothing that `default`",
    ),
    (
        "no-effect",
        "version: 1\nresponses: {DEFAULT_4XX: default}\nuse: [{preset: cors, types: [DEFAULT_4XX]}]",
        3,
        30,
        "`default`, and that wins",
    ),
    ("empty-response", THROTTLED + "{}", 3, 14, "cuts it off from DEFAULT_4XX"),
    ("status-code", THROTTLED + "{status: 600}", 3, 23, "100 to 599"),
    ("status-code", THROTTLED + "{statusCode: '42'}", 3, 27, "100 to 599"),
    (
        "pinned-504",
        "version: 1\nresponses:\n  INTEGRATION_FAILURE: {statusCode: '504'}",
        3,
        37,
        "answers 500",
    ),
    ("given-twice", THROTTLED + "{status: 429, statusCode: '429'}", 3, 28, "`status` too"),
    ("given-twice", THROTTLED + "{headers: {X-A: a, x-a: b}}", 3, 33, "'x-a' and 'X-A' are one header"),
    (
        "given-twice",
        THROTTLED + "{headers: {A: a}, responseParameters: {gatewayresponse.header.A: \"'a'\"}}",
        3,
        53,
        "'A' stands under `headers` too",
    ),
    (
        "given-twice",
        THROTTLED + "{templates: {a/b: c}, responseTemplates: {a/b: c}}",
        3,
        56,
        "'a/b' template stands under `templates` too",
    ),
    ("header-name", THROTTLED + "{headers: {'a b': c}}", 3, 25, "'a b' cannot be a header's name"),
    ("header-name", THROTTLED + "{headers: {Method.Response.Header.A: c}}", 3, 25, 'write "A"'),
    ("header-name", THROTTLED + "{headers: {gatewayresponse.header.A: c}}", 3, 25, 'write "A"'),
    (
        "header-name",
        THROTTLED + "{responseParameters: {'gatewayresponse.header.a:': \"'c'\"}}",
        3,
        36,
        "'a:' cannot be",
    ),
    ("header-value", THROTTLED + '{headers: {A: "a\\r\\nB: c"}}', 3, 28, "one line"),
    ("header-value", THROTTLED + "\n    headers:\n      A: |\n        text\n", 5, 10, "as | blocks do"),
    ("non-ascii-header", THROTTLED + "{headers: {A: é}}", 3, 28, "ASCII"),
    (
        "parameter-key",
        THROTTLED + "{responseParameters: {Access-Control-Allow-Origin: \"'*'\"}}",
        3,
        36,
        "did you mean gatewayresponse.header.Access-Control-Allow-Origin?",
    ),
    (
        "parameter-key",
        THROTTLED + "{responseParameters: {method.response.header.A: \"'*'\"}}",
        3,
        36,
        "did you mean gatewayresponse.header.A?",
    ),
    (
        "parameter-key",
        THROTTLED + "{responseParameters: {gatewayresponse.querystring.A: \"'*'\"}}",
        3,
        36,
        "no path or query string",
    ),
    (
        "unquoted-literal",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: '*'}}",
        3,
        62,
        "write \"'*'\"",
    ),
    (
        "double-quoted-literal",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: '\"x\"'}}",
        3,
        62,
        "write \"'x'\"",
    ),
    ("quoted-twice", THROTTLED + "{headers: {A: \"'*'\"}}", 3, 28, 'as it shall arrive: write "*";'),
    (
        "quoted-twice",
        THROTTLED + "{headers: {A: \"'default-src 'self'; img-src *'\"}}",
        3,
        28,
        "arrive: write \"default-src 'self'; img-src *\";",
    ),
    ("quoted-twice", THROTTLED + "{headers: {A: \"'default-src 'self''\"}}", 3, 28, "be sent to clients"),
    ("quoted-twice", THROTTLED + "{headers: {A: \"'don't'\"}}", 3, 28, 'write "don\'t"'),
    (
        "quoted-twice",
        "version: 1\nuse: [{preset: security-headers, content_security_policy: \"'default-src 'none''\"}]",
        2,
        59,
        "be sent to clients",
    ),
    (
        "escaped-quote",
        THROTTLED + "{headers: {A: \"default-src ''self''\"}}",
        3,
        28,
        "no escapes",
    ),
    (
        "escaped-quote",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: \"'a \\\\'b\\\\' c'\"}}",
        3,
        62,
        "no escapes",
    ),
    (
        "empty-value",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: ''}}",
        3,
        62,
        "an empty header is written \"''\"",
    ),
    ("empty-value", THROTTLED + "{templates: {text/plain: ''}}", 3, 39, "empty template"),
    (
        "mapping",
        THROTTLED + "{headers: {A: {from: header.B}}}",
        3,
        35,
        "did you mean method.request.header.B?",
    ),
    (
        "mapping",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: method.request.body.x}}",
        3,
        62,
        "'method.request.body.x' is not a mapping",
    ),
    (
        "mapping",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: $context.requestId}}",
        3,
        62,
        "not a mapping",
    ),
    ("mapping", THROTTLED + "{headers: {A: {from: method.request.header.a/b}}}", 3, 35, "not a mapping"),
    ("unverified-mapping", THROTTLED + "{headers: {A: {from: context.requestId}}}", 3, 35, "may refuse it"),
    (
        "unverified-mapping",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: stageVariables.a}}",
        3,
        62,
        "may refuse it",
    ),
    (
        "literal-looks-mapped",
        THROTTLED + "{headers: {A: $context.requestId}}",
        3,
        28,
        'write {"from": "context.requestId"}',
    ),
    (
        "literal-looks-mapped",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: \"'method.request.header.origin'\"}}",
        3,
        62,
        'write "method.request.header.origin"',
    ),
    (
        "literal-looks-mapped",
        THROTTLED + "{responseParameters: {gatewayresponse.header.A: \"'$context.requestId'\"}}",
        3,
        62,
        'write "context.requestId"',
    ),
    (
        "unverified-mapping",
        THROTTLED + "{headers: {A: {from: 'context.authorizer.claims.cognito:username'}}}",
        3,
        35,
        "may refuse it",
    ),
    (
        "unverified-mapping",
        THROTTLED
        + "{responseParameters: {gatewayresponse.header.A: 'context.authorizer.claims.https://x.example/r'}}",
        3,
        62,
        "may refuse it",
    ),
    ("header-size", THROTTLED + f"{{headers: {{A: {'a' * 10_240}}}}}", 3, 14, "10241 bytes"),
    ("content-type", THROTTLED + "{templates: {123: a}}", 3, 27, "'123' is not a content type"),
    ("template-size", THROTTLED + f"{{templates: {{text/plain: {'a' * 307_201}}}}}", 3, 39, "307201 bytes"),
    ("template-json", THROTTLED + "{templates: {application/json: '{a}'}}", 3, 45, "near '{a}'"),
    (
        "quoted-message-string",
        THROTTLED + '{templates: {application/json: \'{"m":"$context.error.messageString"}\'}}',
        3,
        45,
        "brings its own quotes",
    ),
    ("template-vtl", THROTTLED + "{templates: {text/plain: '#set($a = 1)'}}", 3, 39, "'#set('"),
    (
        "template-vtl",
        THROTTLED + "{templates: {text/plain: $util.escapeJavaScript('a')}}",
        3,
        39,
        "Only $context.*, $stageVariables.* and $method.request.* are replaced",
    ),
    (
        "unknown-variable",
        THROTTLED + "{templates: {a/b: $context.error.mesage}}",
        3,
        32,
        "did you mean $context.error.message?",
    ),
    (
        "detached-headers",
        "version: 1\nresponses:\n  DEFAULT_4XX: {headers: {A: a, B: b}}\n  THROTTLED: {headers: {b: b}}",
        4,
        3,
        "sent without A;",
    ),
    (
        "detached-template",
        "version: 1\nresponses:\n  DEFAULT_5XX: {templates: {a/b: c}}\n  INTEGRATION_TIMEOUT: {status: 503}",
        4,
        3,
        "its body is the service's default",
    ),
    ("cors-credentials", "version: 1\nuse: [{preset: cors, credentials: true}]", 2, 6, "name one origin"),
    (
        "preset-conflict",
        "version: 1\nuse: [security-headers, {preset: hsts, preload: true}]",
        2,
        25,
        "the header Strict-Transport-Security of DEFAULT_4XX, DEFAULT_5XX",
    ),
]


@pytest.mark.parametrize(("rule", "text", "line", "column", "says"), CASES)
def test_each_rule_points_and_explains(rule: str, text: str, line: int, column: int, says: str) -> None:
    found = problems(text)
    hits = [p for p in found if p.rule == rule and (p.line, p.column) == (line, column)]
    assert any(says in p.message for p in hits), "\n".join(str(p) for p in found)
    assert {p.severity for p in hits} == {all_rules()[rule].severity}


def test_every_rule_is_tried() -> None:
    assert {case[0] for case in CASES} == set(all_rules()) - FILE_RULES - OF_SEVERAL


ACCEPTED = [
    "{headers: {Content-Security-Policy: \"default-src 'none'; frame-ancestors 'none'\"}}",
    "{responseParameters: {gatewayresponse.header.A: \"'default-src 'self''\"}}",
    "{responseParameters: {gatewayresponse.header.A: \"''\"}}",
    "{headers: {A: {from: method.request.querystring.q}, B: {from: method.request.path.pet-id}}}",
    "{headers: {A: don't}}",
    "{headers: {A: \"'self', 'none'\"}}",
    "{headers: {A: \"'a' or 'b'\"}}",
    f"{{headers: {{A: {'a' * 10_239}}}}}",
    f"{{templates: {{text/plain: {'a' * 307_200}}}}}",
    '{templates: {text/html: \'<a href="#set">$context.requestId</a> "$context.error.messageString"\'}}',
    "{templates: {application/problem+json: '{\"title\":$context.error.messageString}'}}",
    "{templates: {application/json: '[\"$stageVariables.a\", $stageVariables.b, $context.status]'}}",
    '{templates: {application/json: \'{"a":"\\"$context.error.message\\""}\'}}',
]


@pytest.mark.parametrize("response", ACCEPTED)
def test_what_is_right_is_left_alone(response: str) -> None:
    assert problems(THROTTLED + response) == ()


def test_an_exemption_whose_end_is_no_date_is_not_said_to_have_none() -> None:
    text = "version: 1\nuse: [cors]\nexemptions: [{match: {id: a}, reason: b, until: soon}]"
    assert rules(text) == {"schema"}


def test_merge_keeps_what_the_family_carries() -> None:
    """A type merged onto what it shows keeps its family's headers, so nothing detaches."""
    text = "{version: 1, mode: %s, responses: {DEFAULT_4XX: {headers: {A: a}}, THROTTLED: {headers: {B: b}}}}"
    assert "detached-headers" in rules(text % "replace")
    assert "detached-headers" not in rules(text % "merge")


def test_presets_keep_a_type_attached() -> None:
    """A preset covers every type the policy customises, so its own headers never get lost."""
    text = "version: 1\nuse: [cors]\nresponses: {THROTTLED: {headers: {Retry-After: 1}}}"
    assert rules(text) == set()
    alone = "version: 1\nuse: [{preset: cors, types: [DEFAULT_4XX]}]\nresponses: {THROTTLED: {status: 429}}"
    assert rules(alone) == {"detached-headers"}


def test_what_presets_make_of_their_parameters_is_linted() -> None:
    message = json.dumps({"preset": "no-internals", "message": "see $context.error.messageString"})
    assert rules(f"version: 1\nuse: [{message}]") == {"quoted-message-string"}


def test_resetting_everything_is_a_policy() -> None:
    assert rules("version: 1\nunlisted: reset\n") == set()
