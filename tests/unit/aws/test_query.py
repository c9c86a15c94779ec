"""AssumeRole is written and read as botocore's own serializer and parser write and read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from batchgw.control_plane.aws.sts.query_form import FORMATS

SERVICE: Any = botocore.session.get_session().get_service_model("sts")
MODEL: Any = SERVICE.operation_model("AssumeRole")
ASSUME = FORMATS["assume_role"]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)

KEYS = {
    "AccessKeyId": "ASIA",
    "SecretAccessKey": "s/+=",
    "SessionToken": "t==",
    "Expiration": "2026-11-02T11:15:00Z",
}
USER = {"AssumedRoleId": "AROA:b", "Arn": "arn:aws:sts::111122223333:assumed-role/b/s"}


def text(members: dict[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in members.items())


def envelope(result: str, *, operation: str = "AssumeRole", head: str = "") -> bytes:
    namespace = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    return (
        f"{head}<{operation}Response {namespace}>\n  <{operation}Result>{result}</{operation}Result>\n"
        f"  <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>\n"
    ).encode()


def role(keys: dict[str, str], user: dict[str, str] = USER) -> str:
    return f"<Credentials>{text(keys)}</Credentials><AssumedRoleUser>{text(user)}</AssumedRoleUser>"


def read_by_botocore(body: bytes) -> Any:
    return create_parser("query").parse({"status_code": 200, "headers": {}, "body": body}, MODEL.output_shape)


TAG = st.fixed_dictionaries({"Key": TEXT, "Value": TEXT})
PARAMS = st.fixed_dictionaries(
    {"RoleArn": TEXT, "RoleSessionName": TEXT},
    optional={
        "Policy": TEXT,
        "Tags": st.lists(TAG, min_size=1, max_size=3),
        "TransitiveTagKeys": st.lists(TEXT, min_size=1, max_size=3),
        "ExternalId": TEXT,
        "SourceIdentity": TEXT,
    },
)


@given(PARAMS)
def test_the_form_is_the_one_that_botocore_writes(params: dict[str, Any]) -> None:
    written = ASSUME.write(params)
    assert written is not None
    stock = create_serializer("query", include_validation=False).serialize_to_request(params, MODEL)
    assert (written.method, written.path, written.query) == ("POST", stock["url_path"], "")
    assert isinstance(written.prepared, dict)
    assert list(written.prepared.items()) == list(stock["body"].items())
    assert written.content_type == stock["headers"]["Content-Type"]
    assert written.body == urlencode(stock["body"], doseq=True).encode()


def test_the_tags_of_a_session_are_numbered() -> None:
    tags = [{"Key": "team", "Value": "a b"}, {"Key": "k", "Value": ""}]
    written = ASSUME.write(
        {"RoleArn": "a", "RoleSessionName": "s", "Tags": tags, "TransitiveTagKeys": ["team", "k"]}
    )
    assert written is not None
    assert written.body == (
        b"Action=AssumeRole&Version=2011-06-15&RoleArn=a&RoleSessionName=s"
        b"&Tags.member.1.Key=team&Tags.member.1.Value=a+b&Tags.member.2.Key=k&Tags.member.2.Value="
        b"&TransitiveTagKeys.member.1=team&TransitiveTagKeys.member.2=k"
    )


def test_what_is_written_in_the_open() -> None:
    written = ASSUME.write(
        {"RoleArn": "arn:aws:iam::1:role/a b", "RoleSessionName": "s~", "ExternalId": "ü&"}
    )
    assert written is not None
    assert written.body == (
        b"Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fa+b"
        b"&RoleSessionName=s~&ExternalId=%C3%BC%26"
    )


@pytest.mark.parametrize(
    "params",
    [
        {"RoleArn": "a", "RoleSessionName": "s", "DurationSeconds": 900},
        {"RoleArn": "a", "RoleSessionName": "s", "Tags": "t"},
        {"RoleArn": "a", "RoleSessionName": "s", "Tags": []},
        {"RoleArn": "a", "RoleSessionName": "s", "Tags": [{}]},
        {"RoleArn": "a", "RoleSessionName": "s", "Tags": [{"Key": "k", "Value": 7}]},
        {"RoleArn": "a", "RoleSessionName": "s", "TransitiveTagKeys": ["k", 7]},
        {"RoleArn": ["a"], "RoleSessionName": "s"},
        {"RoleArn": 7, "RoleSessionName": "s"},
        {"RoleArn": "a", "RoleSessionName": "s", "ExternalId": None},
    ],
)
def test_a_parameter_that_is_not_as_always_is_left_to_botocore(params: dict[str, Any]) -> None:
    assert ASSUME.write(params) is None


@pytest.mark.parametrize(
    "body",
    [
        envelope(role(KEYS)),
        envelope(role(KEYS), head='<?xml version="1.0" encoding="UTF-8"?>\n<!-- hello -->'),
        envelope(role(KEYS, {"Arn": USER["Arn"]}) + "<PackedPolicySize>6</PackedPolicySize>"),
        envelope(role({**KEYS, "SessionToken": "a&amp;b<![CDATA[<c>]]>"})),
        envelope(role({**KEYS, "Expiration": "2026-11-02T11:15:00.250Z"})),
        envelope(role(KEYS)).replace(b"https://sts.amazonaws.com/doc/2011-06-15/", b"urn:x"),
    ],
)
def test_ordinary_answers_are_read_here_and_as_botocore_reads_them(body: bytes) -> None:
    read, stock = ASSUME.answer(body), read_by_botocore(body)
    assert read is not None
    assert read["Credentials"] == stock["Credentials"]
    assert read["AssumedRoleUser"] == stock["AssumedRoleUser"]


def test_the_end_of_the_keys_life_has_its_time_zone() -> None:
    read = ASSUME.answer(envelope(role(KEYS)))
    assert read is not None
    assert read["Credentials"]["Expiration"] == datetime(2026, 11, 2, 11, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html><body>Log in</body></html>",
        envelope(role(KEYS))[:-20],
        envelope(role(KEYS), operation="AssumeRoleWithSAML"),
        envelope(""),
        envelope(role({})),
        envelope(f"<Credentials>{text(KEYS)}</Credentials>"),
        envelope(role(KEYS) + role(KEYS)),
        envelope(role({name: value for name, value in KEYS.items() if name != "SessionToken"})),
        envelope(role({**KEYS, "SecretAccessKey": ""})),
        envelope(role({**KEYS, "SecretAccessKey": "<b>s</b>"})),
        envelope(role({**KEYS, "Expiration": "1793618100"})),
        envelope(role({**KEYS, "Expiration": "2026-11-02T11:15:00+01:00"})),
        envelope(role({**KEYS, "Expiration": "2026-02-31T11:15:00Z"})),
        b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
    ],
    ids=lambda each: each.decode()[-160:-60],
)
def test_odd_answers_are_left_to_botocore(body: bytes) -> None:
    assert ASSUME.answer(body) is None


@given(
    st.dictionaries(st.sampled_from([*KEYS, *USER]), TEXT), st.dictionaries(st.sampled_from([*USER]), TEXT)
)
def test_what_is_read_here_at_all_is_what_botocore_reads(keys: dict[str, str], user: dict[str, str]) -> None:
    """Any text: markup, entities, and what is no XML at all."""
    body = envelope(role({**KEYS, **keys}, {**USER, **user}))
    read = ASSUME.answer(body)
    if read is not None:
        stock = read_by_botocore(body)
        known = {name: value for name, value in read["Credentials"].items() if name in KEYS}
        assert known == stock["Credentials"]
        assert read["AssumedRoleUser"] == stock["AssumedRoleUser"]
