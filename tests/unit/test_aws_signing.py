"""Signatures are botocore's to the byte, whatever is signed, wherever and whenever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.auth import AUTH_TYPE_MAPS, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from batchgw.control_plane.aws.auth import SIGNATURE_VERSION, LeanSigV4Auth
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.signing import KEPT_KEYS, authorization, signing_key, timestamp

KEYS = Keys(access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, kw_only=True)
class Signing:
    """A request, who signs it, where, and when."""

    url: str = "https://apigateway.eu-west-1.amazonaws.com/restapis"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    keys: Keys = KEYS
    region: str = "eu-west-1"
    now: float = NEW_YEAR

    def request(self) -> Any:
        request = AWSRequest(method=self.method, url=self.url, headers=self.headers, data=self.body)
        request.context = {}
        return request


@contextmanager
def at(now: float) -> Iterator[type[LeanSigV4Auth]]:
    """Stop botocore's clock, and give our class with a clock that stands at the same time."""

    class Stopped(LeanSigV4Auth):
        clock = staticmethod(lambda: now)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: datetime.fromtimestamp(now, UTC))
        yield Stopped


def both(signing: Signing) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The headers after signing, in their order: ours and botocore's."""
    with at(signing.now) as ours:
        signed = []
        for signer in (ours, SigV4Auth):
            request = signing.request()
            signer(signing.keys, "apigateway", signing.region).add_auth(request)
            signed.append(list(request.headers.items()))
    return signed[0], signed[1]


def test_the_example_that_aws_publishes() -> None:
    """`get-vanilla` of the Signature Version 4 test suite."""
    assert authorization(
        KEYS,
        method="GET",
        path="/",
        query="",
        headers=[("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")],
        body=None,
        at="20150830T123600Z",
        region="us-east-1",
        service="service",
    ) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


@pytest.mark.parametrize(
    "signing",
    [
        Signing(),
        Signing(url="http://127.0.0.1:4566/restapis?limit=500&position=a%20b%2Fc%3D%3D"),
        Signing(url="https://h/p?b=2&a=1&b=1&a=&c&=d&a=1"),
        Signing(url="https://H.Example:443/x"),
        Signing(url="http://h:80/x"),
        Signing(url="https://h:80/x"),
        Signing(url="https://[::1]:8443/x"),
        Signing(url="https://h"),
        Signing(url="https://h/a//b/./c/../d/"),
        Signing(url="https://h/base%20path/restapis/a%2Fb/gatewayresponses/X~-._"),
        Signing(url="https://h/ü/é?ü=é"),
        Signing(method="put", body=b'{"statusCode": "429"}', headers={"Content-Type": "application/json"}),
        Signing(headers={"Accept": " a   b ", "X-A": "", "User-Agent": "u", "X-Amzn-Trace-Id": "t"}),
        Signing(headers={"Authorization": "old", "X-Amz-Date": "old", "X-Amz-Security-Token": "old"}),
        Signing(headers={"Date": "Mon, 02 Nov 2026 10:00:00 GMT"}),
        Signing(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}),
        Signing(headers={"Host": "elsewhere", "expect": "100-continue", "Transfer-Encoding": "chunked"}),
        Signing(keys=Keys(access_key="ASIA1", secret_key="s", token="tok//en+==")),
        Signing(keys=Keys(access_key="ASIA1", secret_key="s", token="")),
        Signing(region="cn-north-1", url="https://apigateway.cn-north-1.amazonaws.com.cn/restapis"),
        Signing(region="us-gov-west-1", url="https://apigateway.us-gov-west-1.amazonaws.com/restapis"),
    ],
    ids=lambda signing: f"{signing.url} {sorted(signing.headers)}",
)
def test_every_kind_of_request_is_signed_as_by_botocore(signing: Signing) -> None:
    ours, botocores = both(signing)
    assert ours == botocores


@pytest.mark.parametrize("seconds", [-86_400.0, -1.0, -0.001, 0.0, 0.999, 1.0, 86_399.0, 86_400.0])
def test_the_day_and_its_key_roll_over_together(seconds: float) -> None:
    """Keys of the day before and of the day after are kept beside each other, also when a clock goes back."""
    ours, botocores = both(Signing(now=NEW_YEAR + seconds))
    assert ours == botocores
    assert f"/{timestamp(NEW_YEAR + seconds)[:8]}/" in dict(ours)["Authorization"]


TEXT = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="?#[]@\\"), max_size=12
)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=10)
QUERY = st.lists(st.tuples(TEXT, TEXT).map(lambda pair: "=".join(quote(each, safe="") for each in pair)))
SIGNINGS = st.builds(
    Signing,
    url=st.builds(
        lambda scheme, host, port, path, query: (
            f"{scheme}://{host}{port}/{path}{'?' if query else ''}{'&'.join(query)}"
        ),
        st.sampled_from(["http", "https"]),
        st.sampled_from(["h", "apigateway.eu-west-1.amazonaws.com", "127.0.0.1", "[2001:db8::1]"]),
        st.sampled_from(["", ":80", ":443", ":8080"]),
        st.lists(st.one_of(TEXT, TEXT.map(quote), st.sampled_from([".", "..", ""]))).map("/".join),
        QUERY,
    ),
    method=st.sampled_from(["GET", "PUT", "PATCH", "POST", "DELETE"]),
    headers=st.dictionaries(
        st.one_of(
            NAMES,
            st.sampled_from(["Date", "User-Agent", "Content-Type", "Authorization", "X-Amz-Security-Token"]),
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
        max_size=5,
    ),
    body=st.binary(max_size=100),
    keys=st.builds(Keys, access_key=NAMES, secret_key=TEXT, token=st.one_of(st.none(), NAMES)),
    region=NAMES,
    now=st.integers(0, 4_000_000_000).map(float),
)


@given(SIGNINGS)
def test_any_request_is_signed_as_by_botocore(signing: Signing) -> None:
    ours, botocores = both(signing)
    assert ours == botocores


def test_botocore_knows_the_class_by_its_version() -> None:
    assert AUTH_TYPE_MAPS[SIGNATURE_VERSION] is LeanSigV4Auth


def test_nothing_is_signed_without_keys() -> None:
    with pytest.raises(NoCredentialsError):
        LeanSigV4Auth(None, "apigateway", "eu-west-1").add_auth(Signing().request())


def test_a_key_is_derived_once_a_day_and_no_more_than_some_are_kept() -> None:
    signing_key.cache_clear()
    for _ in range(3):
        both(Signing())
    assert signing_key.cache_info().misses == 1
    for number in range(KEPT_KEYS + 10):
        signing_key("s", "20270101", f"region-{number}", "apigateway")
    assert signing_key.cache_info().currsize == KEPT_KEYS


def test_another_secret_behind_the_same_access_key_is_another_key() -> None:
    first, _ = both(Signing(keys=Keys(access_key="AKIA", secret_key="one")))
    second, _ = both(Signing(keys=Keys(access_key="AKIA", secret_key="two")))
    assert first != second
