"""Signatures are botocore's to the byte, whatever is signed, wherever and whenever."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.auth import AUTH_TYPE_MAPS, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError
from hypothesis import given
from hypothesis import strategies as st

from batchgw.control_plane.aws.botocore_signer import SIGNATURE_VERSION, LeanSigV4Auth
from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.signing import KEPT_KEYS, authorization, timestamp

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
    keys = Keys(access_key="AKIA", secret_key="s")
    for now in (NEW_YEAR, NEW_YEAR + 86_399):
        both(Signing(keys=keys, now=now))
        (kept,) = keys.signing_keys.values()
    assert kept is keys.signing_keys["20270101/eu-west-1/apigateway/aws4_request"]
    for number in range(3 * KEPT_KEYS):
        both(Signing(keys=keys, region=f"region-{number}"))
        assert len(keys.signing_keys) <= KEPT_KEYS


def test_credentials_are_the_same_whatever_was_signed_with_them() -> None:
    """Whether a renewal has brought other ones is told by comparing."""
    used, fresh = (Keys(access_key="AKIA", secret_key="s", token="t") for _ in range(2))
    both(Signing(keys=used))
    assert used.signing_keys
    assert (used, hash(used), repr(used)) == (fresh, hash(fresh), repr(fresh))
    assert replace(used, token="u").signing_keys == {}


@pytest.mark.parametrize("of_ours", [True, False])
def test_no_secret_is_kept_longer_than_its_credentials(*, of_ours: bool) -> None:
    """Roles are assumed anew every hour, for every account: what is old is nowhere any more.

    botocore's own records cannot carry what is derived from them, so the last of these are remembered.
    """
    secrets = ["".join(["secret-", str(of_ours), str(number)]) for number in range(5)]
    before = [sys.getrefcount(secret) for secret in secrets]
    for number in range(5):
        sign_once(secrets[number], of_ours=of_ours)
    sign_once("another", of_ours=of_ours)
    assert [sys.getrefcount(secret) for secret in secrets] == before


def sign_once(secret: str, *, of_ours: bool) -> None:
    frozen = Credentials("AKIA", secret).get_frozen_credentials()
    keys = Keys(access_key="AKIA", secret_key=secret) if of_ours else frozen
    LeanSigV4Auth(keys, "apigateway", "eu-west-1").add_auth(Signing().request())


def test_another_secret_behind_the_same_access_key_is_another_key() -> None:
    first, _ = both(Signing(keys=Keys(access_key="AKIA", secret_key="one")))
    second, _ = both(Signing(keys=Keys(access_key="AKIA", secret_key="two")))
    assert first != second
