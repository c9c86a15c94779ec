"""Who is let in by the simulator, and as whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict

from batchgw.simulator.over_http.authentication import (
    Authenticator,
    AuthFailure,
    Authorization,
    NotAuthenticated,
    sign,
)
from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.world.keys import Key, KeyRing, RoleSession

ACCOUNTS = ("111111111111", "222222222222")
REGIONS = ("eu-west-1", "eu-central-1")
HOST = "127.0.0.1:4566"
TARGET = "/restapis/a1b2c3/gatewayresponses/DEFAULT_4XX?x=1&a=%2F"
BODY = b'{"statusCode":"404"}'
SESSION = RoleSession(role="R", name="s1", role_arn="arn:aws:iam::222222222222:role/R")


@pytest.fixture
def keys() -> KeyRing:
    return KeyRing(ACCOUNTS, seed=7)


@pytest.fixture
def gate(keys: KeyRing) -> Authenticator:
    return Authenticator(keys, ACCOUNTS, REGIONS, check=True)


@pytest.fixture
def open_gate(keys: KeyRing) -> Authenticator:
    return Authenticator(keys, ACCOUNTS, REGIONS, check=False)


def signed(key: Key, *, region: str = "eu-west-1", service: str = "apigateway") -> HttpCall:
    """Make a call as botocore makes it."""
    request = AWSRequest(method="PUT", url=f"http://{HOST}{TARGET}", data=BODY)
    request.headers["Content-Type"] = "application/json"
    credentials = Credentials(key.access_key_id, key.secret_access_key, key.session_token)
    SigV4Auth(credentials, service, region).add_auth(request)
    headers = CIMultiDict({**dict(request.headers.items()), "Host": HOST, "User-Agent": "x"})
    return HttpCall(method="PUT", target=TARGET, headers=headers, body=BODY)


def date_of(call: HttpCall) -> float:
    return datetime.strptime(call.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def admit(gate: Authenticator, call: HttpCall, *, later: float = 0.0) -> tuple[str, str]:
    caller = gate.admit(call, Authorization.parse(call.headers["Authorization"]), date_of(call) + later)
    return caller.account, caller.region


def refused(gate: Authenticator, call: HttpCall, *, later: float = 0.0) -> AuthFailure:
    with pytest.raises(NotAuthenticated) as caught:
        admit(gate, call, later=later)
    return caught.value.failure


def test_the_signature_is_the_one_aws_publishes() -> None:
    """AWS's SigV4 test suite, case get-vanilla."""
    call = HttpCall(
        method="GET",
        target="/",
        headers=CIMultiDict({"Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z"}),
    )
    authorization = Authorization.parse(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=x"
    )
    computed = sign(call, authorization, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z")
    assert computed == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("region", REGIONS)
def test_the_key_is_the_account_and_the_scope_is_the_region(
    gate: Authenticator, keys: KeyRing, account: str, region: str
) -> None:
    assert admit(gate, signed(keys.long_term(account), region=region)) == (account, region)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"target": TARGET.replace("a1b2c3", "a1b2c4")},
        {"target": TARGET.replace("x=1", "x=2")},
        {"body": BODY + b" "},
    ],
)
def test_whatever_is_changed_after_signing_is_noticed(
    gate: Authenticator, keys: KeyRing, change: dict[str, object]
) -> None:
    call = replace(signed(keys.long_term(ACCOUNTS[0])), **change)  # type: ignore[arg-type] # a table of fields
    assert refused(gate, call) is AuthFailure.WRONG_SIGNATURE


@pytest.mark.parametrize("header", ["Content-Type", "Host"])
def test_a_changed_signed_header_is_noticed(gate: Authenticator, keys: KeyRing, header: str) -> None:
    call = signed(keys.long_term(ACCOUNTS[0]))
    call = replace(call, headers=CIMultiDict({**call.headers, header: "other"}))
    assert refused(gate, call) is AuthFailure.WRONG_SIGNATURE


def test_an_unsigned_header_may_change(gate: Authenticator, keys: KeyRing) -> None:
    call = signed(keys.long_term(ACCOUNTS[0]))
    call = replace(call, headers=CIMultiDict({**call.headers, "User-Agent": "other"}))
    assert admit(gate, call) == (ACCOUNTS[0], "eu-west-1")


def test_a_stated_digest_must_be_the_body_s(gate: Authenticator, keys: KeyRing) -> None:
    """Else the digest of one body could vouch for another."""
    call = signed(keys.long_term(ACCOUNTS[0]))
    call = replace(call, headers=CIMultiDict({**call.headers, "X-Amz-Content-SHA256": "0" * 64}))
    assert refused(gate, call) is AuthFailure.WRONG_SIGNATURE


def test_another_account_s_secret_does_not_do(gate: Authenticator, keys: KeyRing) -> None:
    mixed = replace(
        keys.long_term(ACCOUNTS[0]), secret_access_key=keys.long_term(ACCOUNTS[1]).secret_access_key
    )
    assert refused(gate, signed(mixed)) is AuthFailure.WRONG_SIGNATURE


def test_a_key_nobody_handed_out_is_unknown(gate: Authenticator, keys: KeyRing) -> None:
    stranger = replace(keys.long_term(ACCOUNTS[0]), access_key_id="AKIASTRANGER")
    assert refused(gate, signed(stranger)) is AuthFailure.UNKNOWN_KEY


@pytest.mark.parametrize("late", [300, -300])
def test_a_signature_lasts_five_minutes(gate: Authenticator, keys: KeyRing, late: int) -> None:
    call = signed(keys.long_term(ACCOUNTS[0]))
    assert admit(gate, call, later=late) == (ACCOUNTS[0], "eu-west-1")
    beyond = late + 1 if late > 0 else late - 1
    assert refused(gate, call, later=beyond) is AuthFailure.WRONG_SIGNATURE


def test_a_session_ends_when_it_says(gate: Authenticator, keys: KeyRing) -> None:
    """20 s of life: the last second is good, the end is not."""
    call_date = date_of(signed(keys.long_term(ACCOUNTS[0])))
    key = keys.issue(account=ACCOUNTS[1], session=SESSION, expires=call_date + 20, now=call_date)
    call = signed(key)
    shift = call_date - date_of(call)  # 0, or -1 when a second has passed meanwhile
    assert admit(gate, call, later=shift + 19) == (ACCOUNTS[1], "eu-west-1")
    assert refused(gate, call, later=shift + 20) is AuthFailure.EXPIRED


def test_a_session_key_needs_its_token(gate: Authenticator, keys: KeyRing) -> None:
    now = date_of(signed(keys.long_term(ACCOUNTS[0])))
    key = keys.issue(account=ACCOUNTS[1], session=SESSION, expires=now + 900, now=now)
    assert refused(gate, signed(replace(key, session_token=None))) is AuthFailure.UNKNOWN_KEY
    assert refused(gate, signed(replace(key, session_token="other"))) is AuthFailure.UNKNOWN_KEY


def test_a_region_outside_the_world_is_not_enabled(gate: Authenticator, keys: KeyRing) -> None:
    assert refused(gate, signed(keys.long_term(ACCOUNTS[0]), region="us-east-1")) is AuthFailure.UNKNOWN_KEY


@pytest.mark.parametrize("service", ["sts", "organizations"])
def test_global_endpoints_are_signed_for_us_east_1(gate: Authenticator, keys: KeyRing, service: str) -> None:
    call = signed(keys.long_term(ACCOUNTS[0]), region="us-east-1", service=service)
    assert admit(gate, call) == (ACCOUNTS[0], "us-east-1")


def test_no_signature_no_entry(gate: Authenticator) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        gate.admit(HttpCall(method="GET", target="/restapis", headers={}), None, 0.0)
    assert caught.value.failure is AuthFailure.NOT_SIGNED


@pytest.mark.parametrize(
    "header",
    [
        "Bearer abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=AKIA/20240101/eu-west-1/apigateway/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=AKIA/eu-west-1/apigateway/aws4_request, SignedHeaders=host, Signature=1",
        "AWS4-HMAC-SHA256 Credential=AKIA/20240101/eu-west-1/sts/aws5_request, SignedHeaders=h, Signature=1",
    ],
)
def test_half_an_authorization_is_incomplete(header: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        Authorization.parse(header)
    assert caught.value.failure is AuthFailure.INCOMPLETE


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_signature_without_a_date_is_incomplete(
    gate: Authenticator, keys: KeyRing, date: str | None
) -> None:
    call = signed(keys.long_term(ACCOUNTS[0]))
    headers = CIMultiDict(call.headers)
    del headers["X-Amz-Date"]
    if date is not None:
        headers["X-Amz-Date"] = date
    with pytest.raises(NotAuthenticated) as caught:
        gate.admit(replace(call, headers=headers), Authorization.parse(headers["Authorization"]), 0.0)
    assert caught.value.failure is AuthFailure.INCOMPLETE


@pytest.mark.parametrize(
    ("key_id", "account"),
    [("222222222222", "222222222222"), ("test", "111111111111"), ("AKIASTRANGER", "111111111111")],
)
def test_without_auth_a_key_of_twelve_digits_is_the_account(
    open_gate: Authenticator, keys: KeyRing, key_id: str, account: str
) -> None:
    key = replace(keys.long_term(ACCOUNTS[0]), access_key_id=key_id, secret_access_key="any")
    assert admit(open_gate, signed(key)) == (account, "eu-west-1")


def test_without_auth_a_role_s_key_means_the_role_s_account(open_gate: Authenticator, keys: KeyRing) -> None:
    key = keys.issue(account=ACCOUNTS[1], session=SESSION, expires=1.0, now=0.0)
    assert admit(open_gate, signed(replace(key, secret_access_key="any"))) == (ACCOUNTS[1], "eu-west-1")


def test_without_auth_an_account_that_does_not_exist_is_refused(
    open_gate: Authenticator, keys: KeyRing
) -> None:
    key = replace(keys.long_term(ACCOUNTS[0]), access_key_id="999999999999")
    assert refused(open_gate, signed(key)) is AuthFailure.UNKNOWN_KEY


def test_without_auth_no_key_is_the_first_account_in_the_first_region(open_gate: Authenticator) -> None:
    caller = open_gate.admit(HttpCall(method="GET", target="/restapis", headers={}), None, 0.0)
    assert (caller.account, caller.region) == (ACCOUNTS[0], REGIONS[0])
