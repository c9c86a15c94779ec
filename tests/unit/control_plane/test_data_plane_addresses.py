"""Where a stage is, on AWS and elsewhere."""

from __future__ import annotations

import pytest

from batchgw.control_plane.data_plane import ProbeRequest
from batchgw.control_plane.data_plane.addresses import AWS, checked, url_of
from batchgw.errors import UsageError
from batchgw.model import AccountId, Region, RestApi, RestApiId, Scope


def probe(region: str, path: str = "/x") -> ProbeRequest:
    scope = Scope(account=AccountId("111111111111"), region=Region(region))
    return ProbeRequest(api=RestApi(scope=scope, id=RestApiId("a1b2c3d4e5")), stage="prod", path=path)


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("eu-west-1", "amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
        ("eusc-de-east-1", "amazonaws.eu"),
        ("us-iso-east-1", "c2s.ic.gov"),
        ("local-1", "amazonaws.com"),
    ],
)
def test_each_partition_has_its_own_names(region: str, suffix: str) -> None:
    assert url_of(AWS, probe(region)) == f"https://a1b2c3d4e5.execute-api.{region}.{suffix}/prod/x"


@pytest.mark.parametrize(
    ("template", "url"),
    [
        (
            "http://127.0.0.1:4599/restapis/{api}/{stage}/_user_request_{path}",
            "http://127.0.0.1:4599/restapis/a1b2c3d4e5/prod/_user_request_/x",
        ),
        (
            "http://127.0.0.1:4566/{api}.execute-api.localhost/{stage}{path}",
            "http://127.0.0.1:4566/a1b2c3d4e5.execute-api.localhost/prod/x",
        ),
        (AWS, "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/x"),
        (
            "http://h/{account}/{region}/{api}/{stage}{path}",
            "http://h/111111111111/eu-west-1/a1b2c3d4e5/prod/x",
        ),
    ],
)
def test_a_template_leads_to_an_emulator(template: str, url: str) -> None:
    assert url_of(checked(template), probe("eu-west-1")) == url


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("http://h/{api}{path}", "it does not name {stage}"),
        ("http://h/", "it does not name {api}, {stage}, {path}"),
        ("http://h/{api}/{stage}{path}{name}", "it can name {api}, {stage}, {path}"),
        ("http://h/{api.__class__}/{stage}{path}", "it can name {api}, {stage}, {path}"),
        ("http://h/{api!r}/{stage}{path}", "it can name {api}, {stage}, {path}"),
        ("http://h/{api:>9}/{stage}{path}", "it can name {api}, {stage}, {path}"),
        ("http://h/{}/{api}/{stage}{path}", "it can name {api}, {stage}, {path}"),
        ("http://h/{api", "expected '}' before end of string"),
        ("{api}/{stage}{path}", "not an endpoint URL in --data-plane-url"),
        ("http://u:secret@h/{api}/{stage}{path}", "with a user or a password"),
        ("http://u:secret@h/{api}/{stage}", "it is not shown"),
    ],
)
def test_a_template_that_cannot_be_used_says_why(template: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked(template)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
