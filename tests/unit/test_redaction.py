"""Foreign text is kept without secrets and within bounds, whatever it quotes and however long it is."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import (
    BotoCoreError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from batchgw.control_plane.classify import classify
from batchgw.errors import BadRequest, ConnectionCut
from batchgw.redaction import (
    HIDDEN,
    LONGEST_MESSAGE,
    LONGEST_NAME,
    LONGEST_WORDS,
    LOOKED_THROUGH,
    foreign,
    redacted,
)

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEJr//////////wEaCWV1LXdlc3QtMSJHMEUCIQDx" + SECRET
KEY_ID = "ASIAIOSFODNN7EXAMPLE"

CANONICAL = f"""The request signature we calculated does not match the signature you provided. Check your \
AWS Secret Access Key and signing method. Consult the service documentation for details.

The Canonical String for this request should have been
'PUT
/restapis/a1b2c3d4e5/gatewayresponses/THROTTLED

accept:application/json
host:apigateway.eu-west-1.amazonaws.com
x-amz-date:20261102T101500Z
x-amz-security-token:{TOKEN}

accept;host;x-amz-date;x-amz-security-token
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

The String-to-Sign should have been
'AWS4-HMAC-SHA256
20261102T101500Z
20261102/eu-west-1/apigateway/aws4_request
8f2a'
"""
"""What AWS answers to a signature it does not accept (IAM user guide, "Troubleshoot SigV4")."""


@pytest.mark.parametrize(
    "text",
    [
        CANONICAL,
        " ".join(CANONICAL.split()),
        f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20261102/x/y/aws4_request, Signature={SECRET}",
        f"X-Amz-Security-Token: {SECRET}",
        f"{{'X-Amz-Security-Token': '{SECRET}'}}",
        f"{{'X-Amz-Security-Token': b'{SECRET}'}}",
        f'{{"X-Amz-Security-Token": ["{SECRET}"]}}',
        f'{{\\"SessionToken\\":\\"{SECRET}\\"}}',
        f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{SECRET}</SessionToken>",
        f"GET /?X-Amz-Security-Token={SECRET}&X-Amz-Signature={SECRET}",
        f"X-Amz-Security-Token%3D{SECRET}",
        f"AWS_SESSION_TOKEN={SECRET}",
        f"Proxy-Authorization: Basic {SECRET}==",
        f"Set-Cookie: {SECRET}",
        f"eyJhbGciOiJIUzI1NiIsInR5cCI6.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{SECRET}",
    ],
)
def test_what_a_refusal_quotes_of_the_request_is_hidden(text: str) -> None:
    shown = redacted(text)
    assert SECRET not in shown
    assert KEY_ID not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:hunter22@proxy:3128/x", f"https://me:{HIDDEN}@proxy:3128/x"),
        ("https://me:hun@ter/22@proxy", f"https://me:{HIDDEN}@ter/22@proxy"),
        ("https://me:hun/ter22@proxy", f"https://me:{HIDDEN}@proxy"),
        ("http://ghp_hunter22@proxy", f"http://{HIDDEN}@proxy"),
        ("http://proxy:8080/team@home", "http://proxy:8080/team@home"),
        ("http://***:***@127.0.0.1:1", "http://***:***@127.0.0.1:1"),
        ("https://gate/?key=hunter22&x=1", f"https://gate/?key={HIDDEN}&x=1"),
        ("https://gate/?x=1&access_token=hunter22", f"https://gate/?x=1&access_token={HIDDEN}"),
        ("https://gate/?sig=hunter22#top", f"https://gate/?sig={HIDDEN}"),
        ("https://gate/?limit=500&position=abc", "https://gate/?limit=500&position=abc"),
    ],
)
def test_a_url_shows_neither_password_nor_token(url: str, shown: str) -> None:
    assert redacted(f"look: {url} there") == f"look: {shown} there"


@pytest.mark.parametrize(
    "text",
    [
        "EXPIRED_TOKEN: Invalid mapping expression specified: method.request.header.Authorization",
        "MISSING_AUTHENTICATION_TOKEN: is customised by the team",
        "Value 'EXPIRED_TOKEN' at 'responseType' failed to satisfy constraint",
        "arn:aws:sts::111111111111:assumed-role/Role/run-1 is not authorized to perform: apigateway:PUT",
        "cannot connect to https://apigateway.eu-west-1.amazonaws.com:443/x: connection refused.",
        "Set the secret access key, or log in for a new session token, then resume.",
        "6c1f8f0e-8f0e-4a52-9a2e-0a2f6f0f8f0e",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_keys_are_known_by_their_value_wherever_they_stand() -> None:
    text = "no such thing as short/val+ue= or short%2Fval%2Bue%3D, but a word of the secret xyz stays"
    assert redacted(text, ("short/val+ue=", None, "xyz")) == (
        f"no such thing as {HIDDEN} or {HIDDEN}, but a word of the secret xyz stays"
    )


def test_a_refusal_becomes_an_error_without_what_signed_it() -> None:
    message = f"the request {SECRET} said\n{CANONICAL}"
    error = classify("SignatureDoesNotMatch", 403, message, secrets=(KEY_ID, SECRET, "tok"))
    for text in (error.message, str(error), str(error.again())):
        assert SECRET not in text
        assert TOKEN[:20] not in text
        assert "check this machine's clock" in text, "the advice is still there"


def test_any_error_of_a_call_is_without_secrets_whoever_made_it() -> None:
    error = ConnectionCut(
        f"broke: token={SECRET}", code=f"X password={SECRET}", request_id=f"https://u:{SECRET}@x"
    )
    assert SECRET not in f"{error} {error.message} {error.code} {error.request_id}"


@pytest.mark.parametrize(
    ("length", "cut"),
    [
        (LONGEST_WORDS, None),
        (LONGEST_WORDS + 40, None),  # no shorter with the note than without
        (LONGEST_WORDS + 41, "41"),
        (5_000_000, "4,998,000"),
    ],
)
def test_words_are_kept_to_a_stated_length_and_the_rest_is_counted(length: int, cut: str | None) -> None:
    kept = foreign("x" * length)
    if cut is None:
        assert kept == "x" * length
    else:
        assert kept == "x" * LONGEST_WORDS + f"... ({cut} more characters)"
        assert foreign(kept) == kept, "it is not cut again"


def test_a_message_of_five_megabytes_is_a_short_error_with_its_advice() -> None:
    error = classify("E" * 5000, 400, "y" * 5_000_000, request_id="r" * 5000)
    assert "(4,998,000 more characters)" in error.message
    assert len(error.message) <= LONGEST_MESSAGE
    assert len(error.code) <= LONGEST_NAME + 40
    assert len(error.request_id or "") <= LONGEST_NAME + 40
    denied = classify("AccessDeniedException", 403, "y" * 5_000_000)
    assert denied.message.endswith("leave this account-region out of the targets.")
    assert len(BadRequest("z" * 5_000_000).message) <= LONGEST_MESSAGE + 40


@pytest.mark.parametrize("half", [8, 20, 43, 44, 100, 3000])
def test_no_half_of_a_token_is_left_where_a_long_text_was_cut(half: int) -> None:
    """Half of one has not the length that a token is known by."""
    token = "IQoJ" + "Ab3/" * 900
    before = "IQoJ" + "z" * (LOOKED_THROUGH - half - 5) + " "
    assert "Ab3/" not in foreign(before + token)


PIECES = st.lists(
    st.sampled_from(["Token", "password", "?key", "Bearer ", "b'", "b1c2d3e4", HIDDEN, *"=:[(,} \n\"'a"]),
    max_size=12,
)
"""What names and values are made of. A text of any characters hardly ever has one."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Token: Token: b1c2d3e4f5 is over", f"Token: {HIDDEN} is over"),
        ("Token: xToken = 'b1c2d3e4f5' is over", f"Token: {HIDDEN}' is over"),
        ("token=mytoken=b1c2d3e4f5", f"token={HIDDEN}"),
        (f"?key={HIDDEN}", f"?key={HIDDEN}"),
        (f"token: ['{HIDDEN}']", f"token: ['{HIDDEN}']"),
        (f"token={HIDDEN}b1c2d3e4f5", f"token=[{HIDDEN}"),
    ],
)
def test_a_name_in_the_place_of_a_value_hides_the_value_after_it(text: str, shown: str) -> None:
    assert redacted(text) == shown


@given(st.one_of(st.text(max_size=300), PIECES.map("".join)))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


@pytest.mark.parametrize(
    "error",
    [
        UnauthorizedSSOTokenError(),
        SSOTokenLoadError(error_msg="Token for ops does not exist"),
        SSOTokenLoadError(error_msg="Token for https://ops.awsapps.com/start is invalid"),
        TokenRetrievalError(provider="sso", error_msg="Token has expired and refresh failed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_botocore_says_of_a_login_that_is_over_stays_whole(error: BotoCoreError) -> None:
    assert redacted(str(error)) == str(error)


@given(st.from_regex(r"[a-z0-9-]{1,30}", fullmatch=True))
def test_whatever_a_login_is_called_its_message_stays_whole(name: str) -> None:
    assume("bearer" not in name)  # what follows that word is hidden wherever it stands
    text = str(SSOTokenLoadError(error_msg=f"Token for {name} does not exist"))
    assert redacted(text) == text


SECRETS = st.from_regex(r"(Token|for|)[A-Za-z0-9+/_-]{8,60}", fullmatch=True)
BEFORE = st.lists(
    st.sampled_from(["SSO ", "Token", ": ", "=", " for ", " ", "Token for ", "x", '"', "(", "\n"])
)


@given(BEFORE, st.sampled_from([": ", ":", "=", ' = "', "': b'", ":\n", "%3D"]), SECRETS)
def test_a_token_is_hidden_whatever_stands_before_it(before: list[str], between: str, secret: str) -> None:
    """The words of botocore among it: they do not make a token a part of a message."""
    shown = redacted(f"{''.join(before)}Token{between}{secret} does not exist")
    assert secret not in shown
    assert shown.endswith(f"{HIDDEN} does not exist")


ATTACKS = [
    "a" * LOOKED_THROUGH,
    "a:" * (LOOKED_THROUGH // 2),
    "a://" * (LOOKED_THROUGH // 4),
    "a://b:c," * (LOOKED_THROUGH // 8),
    "token " * (LOOKED_THROUGH // 6),
    "token=" * (LOOKED_THROUGH // 6),
    "token" + " " * LOOKED_THROUGH,
    "eyJ" * (LOOKED_THROUGH // 3),
    "IQoJ" * (LOOKED_THROUGH // 4),
    "bearer " * (LOOKED_THROUGH // 7),
    'token"' * (LOOKED_THROUGH // 6),
    "Token: Token for " * (LOOKED_THROUGH // 17),
    "token:token " * (LOOKED_THROUGH // 12),
    "a token=" * (LOOKED_THROUGH // 8),
]


@pytest.mark.parametrize("text", ATTACKS, ids=lambda text: text[:12].strip())
def test_no_text_takes_long(text: str) -> None:
    """Measured in the process's own CPU time: a quadratic search would take minutes."""
    before = time.process_time()
    foreign(text)
    assert time.process_time() - before < 5.0
