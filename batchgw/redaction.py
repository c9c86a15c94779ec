"""Redaction of foreign text before it is kept or shown: secrets are hidden, and its length is bounded.

Servers, proxies and libraries quote what they were sent: a refused signature comes back with the canonical
request, and with it the session token. Errors (`errors.CallError`), log and URLs use the same rules. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

HIDDEN = "[redacted]"

LONGEST_WORDS = 2_000
"""Characters kept of another program's own words: AWS's longest refusals, which quote a policy's template or
a canonical request, have about that many. Plan, journal and terminal keep a message for every API."""

LONGEST_MESSAGE = 4_000
"""Characters kept of a whole message: those words, the advice, and what is said around them."""

LONGEST_NAME = 200
"""Characters kept of an error's code or a request's id: AWS's have at most 60."""

_NOTE = 40
"""Characters that "... (n more characters)" takes at most. A text that was cut is not cut again for it."""

LOOKED_THROUGH = 65_536
"""Characters of a foreign text that are searched for secrets (about 2 ms); what follows is dropped unread."""

LONGEST_TOKEN = 4_096
"""Characters of the longest session token (IAM user guide): half of one may stand where a text was cut."""

SHORTEST_SECRET = 8
"""Characters of a known secret, at least: a shorter one would be found in harmless words."""

SHORTEST_TOKEN = 44
"""Characters of the shortest session token that is recognised by its form."""

_VALUE = r"""[^\s"'&,;}<]"""
"""A character of something secret."""

_BEFORE_VALUE = r"""[\s\[({]{0,9}(?:b(?=["']))?[\\"']{0,4}"""
"""What may stand between a separator and a value: space, brackets, quotes."""

_FIELD = rf"""
        (?:x-amz-(?:security-token|signature|credential)|x-amz-content-sha256-key
          |(?:aws_?)?secret_?access_?key|access_?key_?id|(?:client|consumer|shared)[_-]?secret
          |external_?id|password|passwd|passphrase|api[_-]?key|private[_-]?key
          |(?<!expired_)(?<!authentication_)token|(?<![a-z])signature|(?:set-)?cookie
          |(?<=[?&])(?:key|sig|auth|authorization|secret|pwd|pass|code|credential|session|sas))
        [\\"']{{0,4}}\s{{0,9}}(?:[=:>]|%3[ad])
        (?!{_BEFORE_VALUE}{re.escape(HIDDEN)}(?!{_VALUE})){_BEFORE_VALUE}"""
"""The name of something secret, up to its value. One whose value is hidden already is none."""

_SECRET = re.compile(
    rf"""
      (?P<scheme>AWS4-(?:HMAC-SHA256|ECDSA-P256-SHA256)\s+|\bBearer\s+|\bBasic\s+(?=[a-z0-9+/=]{{8}}))[^\r\n'"]+
    | (?P<field>{_FIELD})
        (?!(?-i:Token\ for\ ))                                      # not botocore's word: see below
        (?:{_VALUE}*?{_FIELD})*{_VALUE}+                            # in "token: token: SECRET" to the end
    """
    r"""
    | (?P<url>[a-z][a-z0-9+.-]{0,30}://[^\s:/@?\#]{0,256}:)(?!\*{3}@|\d{1,5}(?:[/?\#\s]|$))
        (?:[^\s/?\#]{1,256}|[^\s@]{1,256})(?=@)                     # a password in a URL
    | (?P<bare_url>[a-z][a-z0-9+.-]{0,30}://)(?!\*{3}@)[^\s:/@?\#]{1,256}(?=@)  # a token in its place
    | (?P<key>(?-i:\bA[KS]IA))(?-i:[A-Z0-9]{12,})                   # an access key's id
    | (?<![a-z0-9+/=])(?:IQoJ|FwoG|AQoD)[a-z0-9+/=_-]{40,}          # a session token on its own
    | \beyJ[a-z0-9_-]{20,4096}\.[a-z0-9_-]{20,4096}\.[a-z0-9_-]*    # a JSON web token
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Secrets inside a text: only what follows a named group is hidden. Repetitions that can fail are bounded, so
the time is in proportion to the length. EXPIRED_TOKEN and MISSING_AUTHENTICATION_TOKEN are response types.
"Error loading SSO Token: Token for NAME does not exist" is botocore's: the word "Token" is no secret."""

_TELLTALE = re.compile(r"[^!-$&-9;<?-~]|A[KS]IA")
"""One of these is in every secret text, but for a token on its own: `=`, `:`, `>`, `%`, white space, or an
access key's beginning. All that is not ASCII is in it too: so one class is enough for all white space."""


def redacted(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Give a text without its secrets, and without passwords and tokens in URLs.

    `secrets` are values to hide wherever they occur, such as the keys that signed a call.
    """
    for secret in secrets:
        if secret and len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, HIDDEN)
            if "%" in text:
                text = text.replace(quote(secret, safe="-._~"), HIDDEN)
    return _short(text) if len(text) < SHORTEST_TOKEN else hide(text)


def foreign(text: str, secrets: Iterable[str | None] = (), *, longest: int = LONGEST_WORDS) -> str:
    """Give a foreign text without its secrets, cut to `longest` characters.

    What is cut off is counted: "... (n more characters)".
    """
    if len(text) <= LOOKED_THROUGH:
        seen = redacted(text, secrets)
        return seen if len(seen) <= longest + _NOTE else _cut(seen, longest, of=len(seen))
    seen = redacted(text[:LOOKED_THROUGH], secrets)[:-LONGEST_TOKEN]
    return _cut(seen, longest, of=len(text))


def _cut(text: str, longest: int, *, of: int) -> str:
    kept = text[:longest]
    return f"{kept}... ({of - len(kept):,} more characters)"


def hide(text: str) -> str:
    """Hide the secrets of a text of any length."""
    return _SECRET.sub(_keep_the_name, text)


@lru_cache(maxsize=1024)
def _short(text: str) -> str:
    """Hide the secrets of a short text, which can hold no token. Cached: most short texts recur."""
    return hide(text) if _TELLTALE.search(text) else text


def is_plain(text: str) -> bool:
    """Whether a text surely has no secret, at little cost. A token on its own is not seen."""
    return _TELLTALE.search(text) is None


_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BEFORE_HOST = re.compile(r"(?<=://)[^/?#]*@")
_AFTER_PATH = re.compile(r"[?#].*", re.DOTALL)


def bare_url(url: str) -> str:
    """Give a URL without the user and password in front of its host, and without its query and fragment."""
    return _AFTER_PATH.sub("", _BEFORE_HOST.sub("", url))


def with_bare_urls(value: Any) -> Any:
    """Give a JSON value whose texts that are URLs are `bare_url`s, since others will read it.

    It is Any here: the type JSON belongs to `model`, which stands above this module.
    """
    match value:
        case str():
            return bare_url(value) if _URL.match(value) else value
        case Mapping():
            return {name: with_bare_urls(part) for name, part in value.items()}
        case Sequence():
            return [with_bare_urls(part) for part in value]
        case _:
            return value


def _keep_the_name(match: re.Match[str]) -> str:
    return "".join(match[name] or "" for name in ("scheme", "field", "url", "bare_url", "key")) + HIDDEN
