"""What can be said about a policy file: a finding per place, and the table of every rule with its weight."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic_core import PydanticCustomError

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""Where in the document: mapping keys and list indexes, from the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """What a rule means: its weight, and in one line what it stands against."""

    severity: Severity
    summary: str


def _error(summary: str) -> RuleInfo:
    return RuleInfo(severity="error", summary=summary)


def _warning(summary: str) -> RuleInfo:
    return RuleInfo(severity="warning", summary=summary)


RULES: Mapping[str, RuleInfo] = {
    "file": _error("the file cannot be read: missing, a folder, too large, not UTF-8"),
    "syntax": _error("the text is not YAML or JSON"),
    "schema": _error("a key, type or value the policy format does not know"),
    "duplicate-key": _error("a key stands twice in one mapping"),
    "account-id": _error("an account id is not twelve digits"),
    "region": _error("not the form of a region code"),
    "unknown-region": _warning("a region code that AWS had not announced when this version was made"),
    "role": _error("not a role name or the ARN pattern of a role"),
    "empty-list": _error("an empty list where nothing and everything are easily confused"),
    "repeated": _warning("a value stands twice in a list"),
    "empty-selector": _error("a selector without id, name or tags"),
    "accounts-without-role": _warning("accounts are listed, but no role to reach them"),
    "empty-policy": _error("the policy asks for nothing"),
    "no-effect": _warning("accepted, and without effect"),
    "empty-response": _warning("a customisation that sets nothing but detaches the type from its family"),
    "status-code": _error("a status code outside [1-5]dd"),
    "pinned-504": _warning("INTEGRATION_FAILURE pinned to the 504 that is only displayed"),
    "given-twice": _error("one setting given in both spellings, or a header in two spellings of case"),
    "header-name": _error("a header name that is not an RFC 9110 token"),
    "header-value": _error("a header value with control characters or line breaks"),
    "non-ascii-header": _warning("a header value outside ASCII"),
    "parameter-key": _error("a responseParameters key that is not gatewayresponse.header.NAME"),
    "unquoted-literal": _error("a literal in responseParameters without its single quotes"),
    "double-quoted-literal": _error("a literal in responseParameters in double quotes"),
    "quoted-twice": _error("a literal under headers that brings its own single quotes"),
    "escaped-quote": _warning("a quote escaped inside a literal: it is sent as it stands"),
    "empty-value": _error("an empty value, which the service refuses"),
    "mapping": _error("not a mapping the service knows"),
    "unverified-mapping": _warning("a mapping seen in public code that AWS does not document here"),
    "literal-looks-mapped": _warning("a literal that reads like a mapping, and is sent as text"),
    "header-size": _error("headers of one response over 10,240 bytes"),
    "content-type": _error("not a content type"),
    "template-size": _error("a template over 300 KB"),
    "template-json": _error("a template that is not JSON after substitution, for a JSON content type"),
    "quoted-message-string": _error("$context.error.messageString inside quotes: it brings its own"),
    "template-vtl": _warning("VTL in a template: gateway responses know variables only"),
    "unknown-variable": _warning("a $variable that gateway responses do not replace"),
    "detached-headers": _warning("a specific type customised without the headers of its DEFAULT_* family"),
    "detached-template": _warning("a specific type customised without the template of its family"),
    "cors-credentials": _warning("browsers refuse credentials together with origin *"),
    "preset-conflict": _warning("two presets set the same thing differently; the later wins"),
}
"""Every rule by its stable name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to say about the value at `path`, or about its key (`at_key`)."""

    rule: str
    path: Path
    message: str
    at_key: bool = False

    @property
    def severity(self) -> Severity:
        """The weight of its rule."""
        return RULES[self.rule].severity


_SHOWN = 80  # characters of what was written that a message repeats


def reject(rule: str, message: str) -> PydanticCustomError:
    """Make the error a pydantic validator raises to report `message` under `rule`."""
    return PydanticCustomError(f"batchgw:{rule}", "{message}", {"message": message})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Make " did you mean X?" for the known word closest to `word`, or nothing; case does not count."""
    close = closest(word, known)
    return f"; did you mean {close}?" if close else ""


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Give the known word closest to `word`, if one is `cutoff` (of 1) alike; case does not count."""
    spelled = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(word[:100].casefold(), spelled, n=1, cutoff=cutoff)
    return spelled[close[0]] if close else None


LONGEST_ADVICE = 200
"""Characters of a text up to which advice writes it out, whole; of a longer one it says what to do."""


def fits(text: str) -> bool:
    """Tell whether advice may write a text out."""
    return len(text) <= LONGEST_ADVICE


def pasted(value: object) -> str:
    """Write a value as it can be pasted into a policy: in YAML and in JSON, in any place, whole.

    So it is JSON, and what is not printable is escaped.
    """
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def written_out(text: str) -> str:
    """Say how a value is to be written: the end of a sentence of advice."""
    if fits(text):
        return f": write {pasted(text)}"
    quotes = "it in single quotes, and those" if text[:1] == "'" else "it without them,"
    return f": write {quotes} in double quotes"


def shown(text: str) -> str:
    """Quote what was written, cut to a readable length."""
    return repr(_cut(text, _SHOWN))


def excerpt(text: str, *, length: int = _SHOWN) -> str:
    """Give what was written without quotes, cut to a readable length, unprintable characters escaped."""
    cut = _cut(text, length)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."
