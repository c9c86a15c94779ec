"""The policy file: what it means, and where and how it is refused."""

from __future__ import annotations

import io
import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchgw.control_plane.aws.credentials.roles import check_role
from batchgw.errors import PolicyInvalid, Problem, UsageError
from batchgw.model import (
    AccountId,
    Mode,
    Policy,
    Region,
    ResponseType,
    RestApiId,
    Selector,
    Settings,
    Unlisted,
)
from batchgw.policy.loader import load_policy
from batchgw.policy.text.source import decode

UNAUTHORIZED = ResponseType.UNAUTHORIZED


def policy(text: str) -> Policy:
    return load_policy("p.yaml", text=text).policy


def problems(text: str, name: str = "p.yaml") -> tuple[Problem, ...]:
    with pytest.raises(PolicyInvalid) as caught:
        load_policy(name, text=text)
    return caught.value.problems


def unauthorized(text: str) -> Settings:
    found = policy(f"version: 1\nresponses:\n  UNAUTHORIZED: {text}\n").desired.rules[UNAUTHORIZED].settings
    assert found is not None
    return found


def test_both_spellings_mean_the_same() -> None:
    friendly = unauthorized(
        """
    status: 401
    headers: {WWW-Authenticate: Bearer, X-Origin: {from: method.request.header.Origin}}
    templates: {application/json: '{"message":$context.error.messageString}'}"""
    )
    raw = unauthorized(
        """
    statusCode: "401"
    responseType: UNAUTHORIZED
    responseParameters:
      gatewayresponse.header.WWW-Authenticate: "'Bearer'"
      gatewayresponse.header.X-Origin: method.request.header.Origin
    responseTemplates: {application/json: '{"message":$context.error.messageString}'}"""
    )
    assert friendly == raw
    assert raw.to_json() == {
        "statusCode": "401",
        "responseParameters": {
            "gatewayresponse.header.WWW-Authenticate": "'Bearer'",
            "gatewayresponse.header.X-Origin": "method.request.header.Origin",
        },
        "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
    }


def test_both_spellings_mix_in_one_response() -> None:
    mixed = unauthorized(
        "{status: 401, headers: {A: a}, responseParameters: {gatewayresponse.header.B: \"'b'\"},"
        " templates: {text/plain: t}, responseTemplates: {text/html: h}}"
    )
    assert mixed == Settings(
        status_code="401",
        parameters={"gatewayresponse.header.A": "'a'", "gatewayresponse.header.B": "'b'"},
        templates={"text/plain": "t", "text/html": "h"},
    )


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("5", "'5'"),
        ("true", "'true'"),
        ("1.50", "'1.50'"),
        ("2027-01-01", "'2027-01-01'"),
        ("0x1F", "'0x1F'"),
        ('""', "''"),
        ("no", "'no'"),
        ("\"default-src 'self'; img-src *\"", "'default-src 'self'; img-src *'"),
    ],
)
def test_header_values_are_taken_as_typed(written: str, sent: str) -> None:
    assert unauthorized(f"{{headers: {{X: {written}}}}}").parameters == {"gatewayresponse.header.X": sent}


def test_everything_about_targets() -> None:
    targets = policy(
        """
version: 1
targets:
  regions: [eu-west-1, us-east-1]
  accounts: [012345678901, "111122223333"]
  role: arn:aws:iam::{account}:role/ops/Batchgw
  external_id: "0042"
  session_name: nightly
  apis:
    include: [{name: "orders-*"}, {tags: {tier: public, hot: true}}, {id: 5e12345678}]
    exclude: [{tags: {"batchgw:exempt": "true"}}]
use: [cors]
"""
    ).targets
    assert targets.regions == (Region("eu-west-1"), Region("us-east-1"))
    assert targets.accounts == (AccountId("012345678901"), AccountId("111122223333"))
    assert targets.role == "arn:aws:iam::{account}:role/ops/Batchgw"
    assert targets.external_id == "0042"
    assert targets.session_name == "nightly"
    assert targets.apis.include == (
        Selector(name="orders-*"),
        Selector(tags={"tier": "public", "hot": "true"}),
        Selector(id=RestApiId("5e12345678")),
    )
    assert targets.apis.exclude == (Selector(tags={"batchgw:exempt": "true"}),)


def test_what_is_left_out_has_its_default() -> None:
    found = policy("version: 1\nuse: [cors]")
    assert found.targets.accounts == ()
    assert found.targets.regions == ()
    assert found.targets.apis.include == ()
    assert found.desired.unlisted is Unlisted.LEAVE
    assert {rule.mode for rule in found.desired.rules.values()} == {Mode.REPLACE}
    assert found.source == "p.yaml"


def test_modes_of_the_policy_and_of_a_response() -> None:
    rules = policy(
        "{version: 1, mode: merge, unlisted: reset, responses:"
        " {UNAUTHORIZED: {headers: {A: b}}, THROTTLED: {mode: fill, headers: {A: b}}}}"
    ).desired
    assert rules.rules[UNAUTHORIZED].mode is Mode.MERGE
    assert rules.rules[ResponseType.THROTTLED].mode is Mode.FILL
    assert rules.unlisted is Unlisted.RESET


def test_default_takes_a_customisation_away() -> None:
    assert (
        policy("{version: 1, responses: {THROTTLED: default}}").desired.rules[ResponseType.THROTTLED].settings
        is None
    )


def test_json_indented_with_tabs_and_escapes() -> None:
    text = json.dumps(
        {"version": 1, "responses": {"UNAUTHORIZED": {"templates": {"text/plain": "a\t/ 😀 \\"}}}},
        indent="\t",
    )
    assert "\\ud83d\\ude00" in text
    rule = load_policy("p.json", text=text).policy.desired.rules[UNAUTHORIZED]
    assert rule.settings == Settings(templates={"text/plain": "a\t/ 😀 \\"})


KEPT = "one \u2028 two \u2028 three, a\u0085b, a\u2029b, a\x7fb, \ufeff, \u00a0, \t\U0001f600/"


def in_json(text: str, *, escaped: bool) -> str:
    body = {"version": 1, "responses": {"UNAUTHORIZED": {"templates": {"text/plain": text}}}}
    return json.dumps(body, ensure_ascii=escaped)


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("name", ["p.json", "p.yaml", "<stdin>"])
def test_json_means_what_it_says_to_the_last_byte(name: str, escaped: bool) -> None:  # noqa: FBT001
    rule = load_policy(name, text=in_json(KEPT, escaped=escaped)).policy.desired.rules[UNAUTHORIZED]
    assert rule.settings == Settings(templates={"text/plain": KEPT})


def test_yaml_keeps_the_characters_that_only_yaml_1_1_takes_for_line_breaks() -> None:
    text = "one \u2028 two, a\u0085\u0085b, a \u2029"
    for written in (
        f'{{templates: {{text/plain: "{text}"}}}}',
        f"\n    templates:\n      text/plain: '{text}'",
    ):
        assert unauthorized(written).templates == {"text/plain": text}
    (found,) = problems("version: 1\nuse: [cors] # a\u2028b\nuse: [hsts]\n")
    assert (found.line, found.column) == (3, 1)


JSON_LAYOUTS = [
    '{"version"\n:1,"responses"\n:\n{"UNAUTHORIZED":{"templates":{"a/b"\n:"{}"}}}}',
    '\n\t{\t"version":\t1\n\t,"responses":{"UNAUTHORIZED":{"templates":{"a/b":"{}"}}}}\r\n',
    '{"version":1,"responses":{"UNAUTHORIZED":{"templates":{"a/b":"\\u007b\\u007D"}}}}',
]


@pytest.mark.parametrize("text", JSON_LAYOUTS)
@pytest.mark.parametrize("name", ["p.json", "p.yaml"])
def test_every_layout_of_json_is_read(name: str, text: str) -> None:
    rule = load_policy(name, text=text).policy.desired.rules[UNAUTHORIZED]
    assert rule.settings == Settings(templates={"a/b": "{}"})


def test_numbers_and_truth_values_of_json_stay_as_typed() -> None:
    text = '{"version":1,"responses":{"UNAUTHORIZED":{"status":401,"headers":{"A":1.50,"B":true,"C":-1E+5}}}}'
    rule = load_policy("p.json", text=text).policy.desired.rules[UNAUTHORIZED]
    assert rule.settings is not None
    assert [*rule.settings.parameters.values()] == ["'1.50'", "'true'", "'-1E+5'"]


def test_problems_in_json_have_their_place() -> None:
    text = '{"version": 1,\n "use": ["corz"],\n "use": null, "mode"\n: "replce"}'
    with pytest.raises(PolicyInvalid) as caught:
        load_policy("p.json", text=text)
    found = caught.value.problems
    assert [(p.line, p.column, p.rule) for p in found] == [
        (3, 2, "duplicate-key"),
        (3, 2, "schema"),
        (4, 3, "schema"),
    ]


def test_anchors_aliases_and_merge_keys() -> None:
    rules = policy(
        """
version: 1
responses:
  UNAUTHORIZED: &base
    headers: {A: a, B: b}
    status: 401
  ACCESS_DENIED: *base
  THROTTLED: {<<: *base, status: 429}
  QUOTA_EXCEEDED: {<<: [{status: 420}, *base]}
"""
    ).desired.rules
    assert rules[ResponseType.ACCESS_DENIED] == rules[UNAUTHORIZED]
    found = rules[ResponseType.THROTTLED].settings
    assert found is not None
    assert found.status_code == "429"
    assert set(found.parameters) == {"gatewayresponse.header.A", "gatewayresponse.header.B"}
    merged = rules[ResponseType.QUOTA_EXCEEDED].settings
    assert merged is not None
    assert merged.status_code == "420"


PLACED = [
    # text, line, column, what the message must say
    ("", 1, 1, "batchgw init"),
    ("# nothing\n", 1, 1, "batchgw init"),
    ("version: 1\nuse: [cors\n", 3, 1, "begins in line 2"),
    ("version: 1\nuse: [cors]\n---\na: b\n", 3, 1, "second document"),
    ("version: 1\n\tuse: [cors]\n", 2, 1, "spaces, not tabs"),
    ("version: 1\nresponses: {UNAUTHORIZED: {headers: {A: *}}}", 2, 41, 'quote it: "*"'),
    ("version: 1\nuse: [*nowhere]\n", 2, 7, "undefined alias"),
    ("version: 1\nuse: [cors, \x07]\n", 2, 13, "U+0007"),
    ("version: 1\nuse: &x [*x]\n", 2, 6, "inside what it refers to"),
    ("version: 1\nuse: [!preset cors]\n", 2, 7, "'!preset'"),
    ("version: 1\nuse: [cors]\n<<: 5\n", 3, 5, "merged with <<"),
    ("version: 1\nuse: [cors]\n? [a]\n: b\n", 3, 3, "plain text"),
    ('version: 1\nuse: ["\\ud83d"]\n', 2, 7, "half a character"),
    ("version: 1\nuse: [cors]\nuse: [hsts]\n", 3, 1, "second time (first in line 2)"),
    ("[1]", 1, 1, "a mapping (key: value) is needed here, not a list"),
    ("just text", 1, 1, "a mapping (key: value) is needed here, not 'just text'"),
    ("use: [cors]\n", 1, 1, 'write "version": 1'),
    ("version: 2\nuse: [cors]\n", 1, 10, "reads policies of version 1"),
    ("version: 1\nuse: [cors]\nmod: merge\n", 3, 1, "did you mean mode?"),
    ("version: 1\nuse: [cors]\n'[key]': x\n", 3, 1, "unknown key '[key]'"),
    ("version: 1\nresponses: {THROTTLED: {templates: {'[key]': [x]}}}\n", 2, 46, "a text is needed here"),
    ("version: 1\nuse: [cors]\nmode: replce\n", 3, 7, "did you mean replace?"),
    ("version: 1\nuse: [cors]\nunlisted: rest\n", 3, 11, "did you mean reset?"),
    ("version: 1\nuse: [cors]\nunlisted: 7\n", 3, 11, "is not one of leave, reset"),
    ("version: 1\nuse: cors\n", 2, 6, 'write ["cors"]'),
    ("version: 1\nuse: [corz]\n", 2, 7, "did you mean cors?"),
    ("version: 1\nuse: [zzz]\n", 2, 7, "those are cors, security-headers"),
    ("version: 1\nuse: [{types: [DEFAULT_4XX]}]\n", 2, 7, "`preset: NAME`"),
    ("version: 1\nuse: [{preset: cors, orign: x}]\n", 2, 22, "did you mean origin?"),
    ("version: 1\nuse: [{preset: cors, max_age: soon}]\n", 2, 31, "'soon' is not a whole number"),
    ("version: 1\nuse: [{preset: cors, credentials: maybe}]\n", 2, 35, "neither true nor false"),
    ("version: 1\nuse: [{preset: cors, types: []}]\n", 2, 29, "empty list"),
    ("version: 1\nuse: [{preset: cors, types: [DEFAULT_4X]}]\n", 2, 30, "did you mean DEFAULT_4XX?"),
    ("version: 1\nuse: [{preset: cors, origin: a.example}]\n", 2, 30, "scheme://host"),
    ("version: 1\nuse: [{preset: cors, headers: [a b]}]\n", 2, 32, "not a header"),
    ("version: 1\nresponses: [DEFAULT_4XX]\n", 2, 12, "a mapping (key: value) is needed here"),
    ("version: 1\nresponses:\n  UNATHORIZED: default\n", 3, 3, "did you mean UNAUTHORIZED?"),
    ("version: 1\nresponses:\n  unauthorized: default\n", 3, 3, "did you mean UNAUTHORIZED?"),
    ("version: 1\nresponses:\n  4XX: default\n", 3, 3, "did you mean DEFAULT_4XX?"),
    ("version: 1\nresponses:\n  '404': default\n", 3, 3, "404 is the status of RESOURCE_NOT_FOUND"),
    ("version: 1\nresponses:\n  TEAPOT: default\n", 3, 3, "those are DEFAULT_4XX, DEFAULT_5XX"),
    ("version: 1\nresponses:\n  THROTTLED: defualt\n", 3, 14, "did you mean default?"),
    ("version: 1\nresponses:\n  THROTTLED:\n", 3, 3, "write `default`"),
    ("version: 1\nresponses:\n  THROTTLED: [a]\n", 3, 14, "a list is not a response"),
    ("version: 1\nresponses:\n  THROTTLED: {heders: {}}\n", 3, 15, "did you mean headers?"),
    ("version: 1\nresponses:\n  THROTTLED: {restApiId: x}\n", 3, 15, "targets.apis"),
    ("version: 1\nresponses:\n  THROTTLED: {defaultResponse: true}\n", 3, 15, "service's answers"),
    ("version: 1\nresponses:\n  THROTTLED: {mode: al}\n", 3, 21, "is not one of replace, merge, fill"),
    ("version: 1\nresponses:\n  THROTTLED: {responseType: DEFAULT_4XX}\n", 3, 29, "THROTTLED"),
    ("version: 1\nresponses:\n  THROTTLED: {headers: {A: {form: x}}}\n", 3, 29, "did you mean from?"),
    (
        "version: 1\nresponses:\n  THROTTLED: {headers: {A: [x]}}\n",
        3,
        28,
        "a text is needed here, not a list",
    ),
    ("version: 1\nresponses:\n  THROTTLED: {headers: {A: }}\n", 3, 25, 'an empty text is ""'),
    (
        "version: 1\nresponses:\n  THROTTLED: {templates: {a/b: {c: d}}}\n",
        3,
        32,
        "put the template in quotes",
    ),
    ("version: 1\ntargets: {regions: eu-west-1}\n", 2, 20, 'write ["eu-west-1"]'),
    ("version: 1\ntargets: {regions: [eu-wset-1]}\n", 2, 21, "did you mean eu-west-1?"),
    ("version: 1\ntargets: {accounts: curent}\n", 2, 21, "did you mean current?"),
    ("version: 1\ntargets: {accounts: organisation}\n", 2, 21, "did you mean organization?"),
    ("version: 1\ntargets: {accounts: all}\n", 2, 21, "did you mean organization?"),
    ("version: 1\ntargets: {accounts: /Prod}\n", 2, 21, 'write ["/Prod"]'),
    ("version: 1\ntargets: {accounts: {include: all}}\n", 2, 31, "did you mean organization?"),
    ("version: 1\ntargets: {accounts: {include: /Prod}}\n", 2, 31, 'write ["/Prod"]'),
    ("version: 1\ntargets: {accounts: [organization]}\n", 2, 22, "`accounts: organization`"),
    ("version: 1\ntargets: {accounts: [Prod]}\n", 2, 22, "such as /Prod, and a name is"),
    ("version: 1\ntargets: {regions: all}\n", 2, 20, "did you mean enabled?"),
    ("version: 1\ntargets: {regions: enable}\n", 2, 20, "did you mean enabled?"),
    ("version: 1\ntargets: {regions: [enabled]}\n", 2, 21, "`regions: enabled`"),
    ("version: 1\ntargets: {accounts: [current, /Prod]}\n", 2, 22, "write the account's id"),
    ("version: 1\ntargets: {accounts: {exclude: [current]}}\n", 2, 32, "write the account's id"),
    ("version: 1\ntargets: {accounts: [{}]}\n", 2, 22, "an account selector needs"),
    ("version: 1\ntargets: {accounts: [{nmae: a}]}\n", 2, 23, "did you mean name?"),
    ("version: 1\ntargets: {accounts: {exclud: []}}\n", 2, 22, "did you mean exclude?"),
    ("version: 1\ntargets: {accounts: {include: []}}\n", 2, 31, "empty list"),
    ("version: 1\ntargets: {regions: {enabled: false}}\n", 2, 30, "there is no other choice"),
    ("version: 1\ntargets: {regions: {exclude: [us-east-1]}}\n", 2, 20, 'write "enabled": true'),
    (
        "version: 1\ntargets: {regions: {enabled: true, order: [eu-wset-1]}}\n",
        2,
        44,
        "did you mean eu-west-1?",
    ),
    ("version: 1\ntargets: {role: [a, {rol: b}]}\n", 2, 22, "did you mean role?"),
    ("version: 1\ntargets: {role: []}\n", 2, 17, "empty list"),
    ("version: 1\ntargets: {external_id: ab, role: {role: a, external_id: cd}}\n", 2, 10, "keep one of them"),
    ("version: 1\ntargets: {role: {role: a, session_tags: {a: '#'}}}\n", 2, 41, "the session tag a is not"),
    ("version: 1\ntargets: {role: {role: a, session_tags: {aws:a: b}}}\n", 2, 41, "AWS's own: rename aws:a"),
    ("version: 1\norganization: {rolle: a}\n", 2, 16, "did you mean role?"),
    ("version: 1\nrules: [{match: {id: a}}]\n", 2, 9, "the key 'name' is missing"),
    ("version: 1\nrules: [{name: a}]\n", 2, 9, "the key 'match' is missing"),
    ("version: 1\nrules: [{name: a, match: {}}]\n", 2, 26, "a selector needs"),
    ("version: 1\nrules: [{name: a, match: {ou: Prod}}]\n", 2, 31, "its path from the root"),
    ("version: 1\nrules: [{name: a, match: {endpoint: PRIVAT}}]\n", 2, 37, "did you mean PRIVATE?"),
    ("version: 1\nrules: [{name: a, match: {owner: teraform:x}}]\n", 2, 34, "did you mean terraform:x?"),
    ("version: 1\nrules: [{name: a, match: {endpoint: [EDGE]}}]\n", 2, 37, "write a rule for each"),
    ("version: 1\nrules: [{name: a, match: {ou: [/A, /B]}}]\n", 2, 31, "write a rule for each"),
    ("version: 1\nexemptions: [{match: {name: [a, b]}}]\n", 2, 29, "write an exemption for each"),
    ("version: 1\ntargets: {apis: {include: [{name: [a, b]}]}}\n", 2, 35, "write a selector for each"),
    (
        "version: 1\nrules: [{name: a, match: {created: 2024-01-01}}]\n",
        2,
        36,
        'write {"after": "2024-01-01"}',
    ),
    ("version: 1\nuse:\n - cors\n  - hsts\n", 3, 4, "indent them alike"),
    ("version: 1\nrules: [{name: a, match: {owner: me}}]\n", 2, 34, "owners are cloudformation, cdk"),
    ("version: 1\nrules: [{name: a, match: {region: eu-wset-1}}]\n", 2, 35, "did you mean eu-west-1?"),
    ("version: 1\nrules: [{name: a, match: {account: 12345678901}}]\n", 2, 36, 'Write "012345678901"'),
    ("version: 1\nrules: [{name: a, match: {created: {before: soon}}}]\n", 2, 45, "is not a date such as"),
    (
        "version: 1\nrules: [{name: a, match: {created: {befor: 2024-01-01}}}]\n",
        2,
        37,
        "did you mean before?",
    ),
    ("version: 1\nrules: [{name: a, match: {created: {}}}]\n", 2, 36, "say `before`, `after`"),
    ("version: 1\nrules: [{name: a, match: {expression: 'a['}}]\n", 2, 39, "not a JMESPath expression"),
    ("version: 1\nrules: [{name: a, match: {id: b}, use: [corz]}]\n", 2, 41, "did you mean cors?"),
    (
        "version: 1\nrules: [{name: a, match: {id: b}, responses: {UNATHORIZED: default}}]\n",
        2,
        47,
        "did you mean UNAUTHORIZED?",
    ),
    (
        "version: 1\nrules: [{name: a, match: {id: b}, responses: {THROTTLED: defualt}}]\n",
        2,
        58,
        "did you mean default?",
    ),
    (
        "version: 1\nrules: [{name: a, match: {id: b}, wherever_customised: {status: 401}}]\n",
        2,
        57,
        "it takes headers and templates only",
    ),
    ("version: 1\nexemptions: [{match: {id: a}, until: 2027-02-30}]\n", 2, 38, "is not a date such as"),
    ("version: 1\nexemptions: [{match: {id: a}, types: [THROTLED]}]\n", 2, 39, "did you mean THROTTLED?"),
    ("version: 1\nexemptions: [{match: {id: a}, types: []}]\n", 2, 38, "empty list"),
    ("version: 1\ntargets: {accounts: [12345678901]}\n", 2, 22, 'Write "012345678901" if so'),
    ("version: 1\ntargets: {accounts: [x]}\n", 2, 22, "twelve digits"),
    ("version: 1\ntargets: {role: 'a role'}\n", 2, 17, "{account}"),
    ("version: 1\ntargets: {session_name: 'a b'}\n", 2, 25, "session name"),
    ("version: 1\ntargets: {apis: {include: [{id: a/b}]}}\n", 2, 33, "API id"),
    ("version: 1\ntargets: {apis: {include: [{nmae: x}]}}\n", 2, 29, "did you mean name?"),
]


@pytest.mark.parametrize(("text", "line", "column", "says"), PLACED)
def test_errors_point_at_what_is_wrong(text: str, line: int, column: int, says: str) -> None:
    found = problems(text)
    here = [p for p in found if (p.line, p.column) == (line, column) and p.severity == "error"]
    assert any(says in p.message for p in here), "\n".join(str(p) for p in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"Version": "2012-10-17", "Statement": []}', "this is an IAM policy, and no policy of batchgw"),
        ("Resources: {}\n", "this is a template of CloudFormation"),
        ('{"kind":"plan","format":"batchgw-plan","version":3}\n{"kind":"api"}\n', "this is a saved plan"),
    ],
)
def test_a_file_of_another_kind_is_one_error_that_names_it(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_text(text)
    with pytest.raises(PolicyInvalid) as error:
        load_policy(path)
    (found,) = error.value.problems
    assert says in found.message


def test_a_policy_that_has_a_key_of_another_kind_of_file_is_still_a_policy() -> None:
    found = problems("version: 1\nuse: [cors]\nResources: {}\n")
    assert [p.message for p in found] == ["unknown key 'Resources'; did you mean responses?"]


def test_all_errors_are_told_at_once_and_in_order() -> None:
    found = problems(
        """\
version: 3
mode: everything
responses:
  UNATHORIZED: default
  THROTTLED: {status: 999}
  ACCESS_DENIED:
    responseParameters: {gatewayresponse.header.X: bare}
    responseTemplates: {application/json: "{'a'}"}
unlisted: leave
unlisted: leave
use: [corz]
"""
    )
    assert [(p.line, p.rule) for p in found] == [
        (1, "schema"),
        (2, "schema"),
        (4, "schema"),
        (5, "status-code"),
        (7, "unquoted-literal"),
        (8, "template-json"),
        (10, "duplicate-key"),
        (11, "schema"),
    ]


JSON_SPOILT = [
    # name, text, line, column
    ("p.json", '{"version": 1,\n "use": ["cors" "hsts"]}', 2, 17),
    ("p.json", '{"version": 1,\n "use": ["cors"]', 2, 17),
    ("P.JSON", "{version: 1, use: [cors}", 1, 2),
    ("<stdin>", '{"version": 1,\n "use": ["cors" "hsts"]}', 2, 17),
    ("p.yaml", '\n{\n"version" 1}', 3, 11),
    ("p.json", "version: 1", 1, 1),
    ("p.json", '{"version": 1} {}', 1, 16),
    ("p.json", '{"version": 1,\n}', 2, 1),
    ("p.json", '{"version": 1,\n # one\n}', 2, 2),
    ("p.json", '{"version": 01}', 1, 13),
    ("p.json", '{"version": NaN}', 1, 13),
    ("p.json", "{'version': 1}", 1, 2),
    ("p.json", "[1,,2]", 1, 4),
    ("p.json", '{"version": ', 1, 13),
]


@pytest.mark.parametrize(("name", "text", "line", "column"), JSON_SPOILT)
def test_what_was_meant_as_json_is_refused_as_json(name: str, text: str, line: int, column: int) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load_policy(name, text=text)
    (found,) = caught.value.problems
    assert found.message.startswith("not valid JSON: expecting")
    assert (found.line, found.column, found.rule) == (line, column, "syntax")


def test_texts_that_json_refuses_are_told_in_its_terms() -> None:
    for text, column, says in (
        ('{"a": "b', 7, "does not end"),
        (r'{"a": "b\x"}', 9, "a backslash begins an escape"),
        ('{"a": 1} # b', 10, "JSON has no comments"),
    ):
        with pytest.raises(PolicyInvalid, match=says) as caught:
            load_policy("p.json", text=text)
        (found,) = caught.value.problems
        assert (found.line, found.column) == (1, column)


def test_a_character_that_json_may_not_hold_is_told_as_json() -> None:
    with pytest.raises(PolicyInvalid, match=r"U\+0007 may not stand in a JSON text"):
        load_policy("p.json", text='{"version": "\x07"}')


def test_yaml_in_braces_is_refused_as_yaml() -> None:
    (found,) = problems("{version: 1, use: [cors}")
    assert found.message.startswith("not valid YAML: ")


def test_one_fault_hides_no_other() -> None:
    """Each key, value and type at fault is told with all that is wrong beside it, and once."""
    found = problems(
        """\
version: 1
targets: {accounts: ["111122223333", 5], regions: [us-east-1, us-east-1, ""]}
use:
  - {preset: no-internals, message: see $context.error.messageString}
  - {preset: cors, methods: [a b], credentials: true}
responses:
  DEFAULT_4XX:
    responseParameters:
      gatewayresponse.header.P: null
      gatewayresponse.header.Q: bare
      R: "'r'"
    headers: {A: [1], B: "'b'", C: {from: header.C}, "d e": f}
    templates: {application/json: '{"m":"$context.error.messageString"}', a: b, text/plain: {c: d}}
    status: 999
    colour: red
  UNATHORIZED:
    responseParameters: {gatewayresponse.header.S: bare}
  THROTTLED: [1]
"""
    )
    assert [(p.line, p.column, p.rule) for p in found] == [
        (2, 38, "account-id"),
        (2, 63, "repeated"),
        (2, 74, "region"),
        (4, 3, "quoted-message-string"),
        (5, 30, "header-name"),
        (9, 7, "schema"),
        (10, 33, "unquoted-literal"),
        (11, 7, "parameter-key"),
        (12, 18, "schema"),
        (12, 26, "quoted-twice"),
        (12, 43, "mapping"),
        (12, 54, "header-name"),
        (13, 35, "quoted-message-string"),
        (13, 75, "content-type"),
        (13, 93, "schema"),
        (14, 13, "status-code"),
        (15, 5, "schema"),
        (16, 3, "schema"),
        (17, 52, "unquoted-literal"),
        (18, 14, "schema"),
    ]


def test_a_misspelt_type_does_not_stand_in_for_one_that_is_there() -> None:
    found = problems(
        "version: 1\nresponses:\n  UNATHORIZED: {headers: {'a b': c}}\n  UNAUTHORIZED: {headers: {'d e': f}}"
    )
    assert [(p.line, p.rule) for p in found] == [(3, "schema"), (4, "header-name")]


ONLY_BY_A_FAULT = [
    "version: 1\nuse: [corz]\n",
    "version: 1\nrespones: {THROTTLED: default}\n",
    "version: 1\nresponses: {THROTTLED: {heders: {A: b}}}\n",
    "version: 1\nresponses: {DEFAULT_4XX: {headers: {A: b}}, THROTTLED: {headers: {A: [b], C: d}}}\n",
    "version: 1\nmode: merg\nresponses: {DEFAULT_4XX: {headers: {A: b}}, THROTTLED: {headers: {C: d}}}\n",
    "version: 1\nuse: [cors]\ntargets: {accounts: ['111122223333'], role: 'a b'}\n",
    "version: 1\nuse: [cors, {preset: cors, origin: null, types: [DEFAULT_4X]}]\n",
    "version: 2\nuse: [cors]\n",
    "use: [cors]\n",
]


@pytest.mark.parametrize("text", ONLY_BY_A_FAULT)
def test_what_a_fault_brings_about_is_not_told_beside_it(text: str) -> None:
    assert {p.rule for p in problems(text)} <= {"schema", "role", "header-value"}


def test_a_fault_elsewhere_does_not_keep_what_is_lacking_from_being_told() -> None:
    detached = "responses: {DEFAULT_4XX: {headers: {A: b}}, THROTTLED: {headers: {C: d}}}"
    found = problems(f"version: 1\n{detached}\ntargets: {{rol: x}}\n")
    assert {p.rule for p in found} == {"schema", "detached-headers"}


def test_many_faults_are_told_in_time() -> None:
    """Thousands of faults are taken out together, not one by one."""
    headers = ",".join(f"H{n}: [1]" for n in range(2_000))
    found = problems(f"version: 1\nresponses: {{THROTTLED: {{headers: {{{headers}, X: \"'x'\"}}}}}}")
    assert [p.rule for p in found] == ["schema"] * 2_000 + ["quoted-twice"]


def test_errors_come_with_the_warnings() -> None:
    found = problems("version: 1\nresponses: {REQUEST_TOO_LARGE: {headers: {'a b': c}}}\n")
    assert [(p.rule, p.severity) for p in found] == [("no-effect", "warning"), ("header-name", "error")]


@pytest.mark.parametrize(
    "role",
    [
        "ops/Batchgw",
        "arn:aws-cn:iam::{account}:role/R",
        "arn:*:iam::{account}:role/R",
        "arn:{partition}:iam::*:role/ops/R",
        "arn:aws:iam::111122223333:role/R",
    ],
)
def test_a_role_may_leave_its_account_and_its_partition_open(role: str) -> None:
    """What `--role-name` takes, a policy takes as well."""
    loaded = load_policy("p.yaml", text=f"version: 1\nuse: [cors]\ntargets: {{role: '{role}'}}\n")
    assert loaded.policy.targets.role == role
    check_role(role)


@pytest.mark.parametrize("role", ["arn:*:s3:::R", "arn:*:iam::1:role/R", "arn:*:iam::*:user/R"])
def test_what_is_no_role_is_none_for_a_flag_either(role: str) -> None:
    assert [p.rule for p in problems(f"version: 1\nuse: [cors]\ntargets: {{role: '{role}'}}\n")] == ["role"]
    with pytest.raises(UsageError):
        check_role(role)


def test_external_ids_are_never_repeated() -> None:
    found = problems("version: 1\nuse: [cors]\ntargets: {external_id: 'top secret'}\n")
    assert "external id" in found[0].message
    assert "secret" not in str(PolicyInvalid(found))


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        ("aliases", "a: &a [x,x,x,x,x,x,x,x,x,x]\n"),
        ("merges", "a: &a {x: 1}\n"),
    ],
)
def test_unfolding_is_bounded(levels: str, text: str) -> None:
    """Nine levels of ten aliases each would be a billion values."""
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        row = ",".join([f"*{before}"] * 10)
        text += f"{name}: &{name} [{row}]\n" if levels == "aliases" else f"{name}: &{name} {{<<: [{row}]}}\n"
    (found,) = problems(text)
    assert "more than 20000 values" in found.message


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000])
def test_nesting_is_bounded(text: str) -> None:
    (found,) = problems(text)
    assert "nested over 30 levels deep" in found.message


@pytest.mark.parametrize("items", ["targets: {regions: [%s]}", "use: [%s]"])
def test_lists_that_make_no_sense_are_refused_as_a_whole(items: str) -> None:
    """Each item would cost a guess at what was meant, or a preset's work on every type."""
    listed = items % ",".join(["cors"] * 15_000)
    found = problems(f"version: 1\nresponses: {{THROTTLED: default}}\n{listed}\n")
    (told,) = [p for p in found if p.line == 3]
    assert "lists 15000 things, and at most 200" in told.message


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\r", "# x\n", "  \n"])
def test_lines_are_bounded(blank: str) -> None:
    (found,) = problems("version: 1\nuse: [cors]\n" + blank * 1_200_000)
    assert (found.line, found.column, found.rule) == (100_001, 1, "syntax")
    assert "more than 100000 lines" in found.message


def test_json_in_one_long_line_is_read_in_linear_time() -> None:
    """It was looked through from its beginning for the place of every value."""
    began = time.process_time()
    found = problems('{"version": 1' + (',"a": 1' + " " * 90) * 19_000 + "}", "p.json")
    assert time.process_time() - began < 2.0
    assert (len(found), found[-1].line, found[-1].column) == (19_000, 1, 1_842_918)


def test_blank_lines_of_json_cost_nothing() -> None:
    text = '{"version": 1,' + "\n" * 1_900_000 + '"use": ["cors"]}'
    assert load_policy("p.json", text=text).warnings == ()


class TestReading:
    def refusal(self, path: Path | str) -> Problem:
        with pytest.raises(PolicyInvalid) as caught:
            load_policy(path)
        (problem,) = caught.value.problems
        return problem

    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_bytes(b"\xef\xbb\xbfversion: 1\r\nuse: [cors]\r\n")
        loaded = load_policy(path)
        assert loaded.policy.source == str(path)
        assert loaded.text == "version: 1\r\nuse: [cors]\r\n"
        assert loaded.warnings == ()

    def test_stdin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"version: 1\nuse: [cors]\n")))
        assert load_policy("-").policy.source == "<stdin>"

    def test_missing(self, tmp_path: Path) -> None:
        (tmp_path / "policy.yaml").touch()
        assert "did you mean policy.yaml?" in self.refusal(tmp_path / "polcy.yaml").message
        assert "`batchgw init`" in self.refusal(tmp_path / "nowhere" / "x.yaml").message

    def test_folder(self, tmp_path: Path) -> None:
        assert "folder" in self.refusal(tmp_path).message

    def test_impossible_name(self) -> None:
        assert "null byte" in self.refusal("a\0b").message

    def test_too_large(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_bytes(b"#" * 2_000_001)
        assert "larger than 2 MB" in self.refusal(path).message

    @pytest.mark.parametrize(
        ("content", "line", "column", "says"),
        [
            (b"version: 1\nuse: [\xc3\xa9\xff]\n", 2, 8, "0xff"),
            ("version: 1".encode("utf-16"), 1, 1, "UTF-16"),
        ],
    )
    def test_not_utf8(self, tmp_path: Path, content: bytes, line: int, column: int, says: str) -> None:
        path = tmp_path / "p.yaml"
        path.write_bytes(content)
        found = self.refusal(path)
        assert (found.line, found.column) == (line, column)
        assert says in found.message


WORDS = [
    *("version: 1", "responses:", "use:", "targets:", "headers:", "status:", "templates:", "types:", "apis:"),
    *("UNAUTHORIZED:", "DEFAULT_4XX:", "default", "cors", "{preset: ", "from:", "regions:", "accounts:"),
    *(
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "? ",
        "'",
        '"',
        "&a ",
        "*a",
        "<<: ",
        "!x ",
    ),
    *(
        "|\n",
        "\t",
        "# ",
        "---\n",
        "...\n",
        "%YAML 1.1\n",
        "\\ud800",
        "0x",
        "1",
        "~",
        "null",
        "true",
        "\u2028",
    ),
]


def loads_or_refuses(text: str) -> None:
    found: tuple[Problem, ...] = ()
    try:
        found = load_policy("p.yaml", text=text).warnings
    except PolicyInvalid as invalid:
        found = invalid.problems
        assert found
    for problem in found:
        assert problem.line <= len(text.splitlines()) + 2
        assert "\n" not in problem.message
        str(problem).encode()


@settings(max_examples=150)
@given(st.binary(max_size=60))
@example(b"\xff\xfe")
@example(b"%YAML 9.9\n---\n")
@example(b"!!python/object:os.system {}")
def test_any_bytes_are_loaded_or_refused(content: bytes) -> None:
    try:
        text = decode(content, "p.yaml")
    except PolicyInvalid:
        return
    loads_or_refuses(text)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map("".join))
def test_any_yaml_like_text_is_loaded_or_refused(text: str) -> None:
    loads_or_refuses(text)


KEYS = [
    *("responses", "use", "targets", "UNAUTHORIZED", "headers", "status", "templates", "mode", "preset"),
    *("types", "apis", "include", "tags", "accounts", "regions", "role", "from", "A", "origin"),
    *("responseParameters", "gatewayresponse.header.A", "exclude", "credentials", "max_age", "message"),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(["responses", "use", "targets", "mode"]), VALUES, max_size=4))
def test_any_document_is_loaded_or_refused(document: dict[str, object]) -> None:
    loads_or_refuses(json.dumps({"version": 1, **document}))


@pytest.mark.parametrize("text", ['{"[key]": 1}', '{"version": 1, "responses": {"THROTTLED": {"[key]": 1}}}'])
def test_a_key_may_be_called_as_pydantic_calls_all_keys(text: str) -> None:
    with pytest.raises(PolicyInvalid, match=r"unknown key '\[key\]'"):
        load_policy("p.json", text=text)
