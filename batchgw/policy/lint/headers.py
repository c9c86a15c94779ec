"""What can be said of a header: its name, its literal, its mapping, in either spelling.

Advice that names a value names it whole and as JSON, so that it can be pasted into YAML and JSON alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from batchgw.model import HEADER_PREFIX
from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Finding, Path, fits, pasted, shown, written_out
from batchgw.policy.lint.expressions import (
    MAPPINGS,
    TOKEN,
    Form,
    form,
    is_source,
    literal,
    meant_source,
    quoted_text,
)

_FOREIGN_PREFIXES = (HEADER_PREFIX, "method.response.header.", "integration.response.header.")


def lint_header(name: str, value: str | HeaderSource, path: Path) -> Iterator[Finding]:
    """Give the findings on a header in the friendly spelling."""
    prefix = next(filter(name.lower().startswith, _FOREIGN_PREFIXES), "")
    if prefix and TOKEN.fullmatch(name[len(prefix) :]):
        plain = name[len(prefix) :]
        message = f"under `headers` a header goes by its plain name{written_out(plain)}"
        yield Finding(rule="header-name", path=path, at_key=True, message=message)
    else:
        yield from _name(name, path)
    if isinstance(value, HeaderSource):
        yield from _mapping(value.source, (*path, "from"))
        return
    bare = quoted_text(value)
    if bare is not None:
        message = (
            "the single quotes would be sent to clients: under `headers` write the value as it shall arrive"
            f"{written_out(bare)}; quotes of its own belong under responseParameters"
        )
        yield Finding(rule="quoted-twice", path=path, message=message)
    yield from _text(value if bare is None else bare, path)
    yield from _looks_mapped(value, path, lambda source: {"from": source})


def lint_parameter(key: str, expression: str, path: Path) -> Iterator[Finding]:
    """Give the findings on a header in boto3's spelling."""
    if key.startswith(HEADER_PREFIX):
        yield from _name(key.removeprefix(HEADER_PREFIX), path)
    else:
        yield Finding(rule="parameter-key", path=path, at_key=True, message=_foreign_key(key))
    match form(expression):
        case Form.LITERAL:
            yield from _text(expression[1:-1], path)
            yield from _looks_mapped(expression[1:-1], path, lambda source: source)
        case Form.UNVERIFIED:
            yield from _mapping(expression, path)
        case Form.EMPTY:
            message = f"the service refuses an empty value; an empty header is written {pasted(literal(''))}"
            yield Finding(rule="empty-value", path=path, message=message)
        case Form.DOUBLE_QUOTED:
            message = f"the service refuses double quotes{written_out(literal(expression[1:-1]))}"
            yield Finding(rule="double-quoted-literal", path=path, message=message)
        case Form.UNQUOTED:
            message = (
                f"{shown(expression)} needs single quotes of its own, or the service refuses it"
                f"{written_out(literal(_without_stray_quotes(expression)))}"
            )
            yield Finding(rule="unquoted-literal", path=path, message=message)
        case Form.MAPPING_UNKNOWN:
            meant = meant_source(expression.strip().removeprefix("$"))
            hint = f"; did you mean {meant}?" if meant else ""
            message = f"{shown(expression)} is not a mapping the service knows: those are {MAPPINGS}{hint}"
            yield Finding(rule="mapping", path=path, message=message)
        case Form.REQUEST:
            pass


def _without_stray_quotes(expression: str) -> str:
    """Take off white space around a literal, and a single quote that lacks its partner at the other end."""
    text = expression.strip()
    if form(text) is Form.LITERAL:
        return text[1:-1]
    if text[:1] == "'" or text[-1:] == "'":
        return text.removeprefix("'").removesuffix("'")
    return expression


def _foreign_key(key: str) -> str:
    if key.startswith(("gatewayresponse.path.", "gatewayresponse.querystring.")):
        return (
            f"{shown(key)}: an answer has no path or query string, so only {HEADER_PREFIX}NAME has a meaning"
        )
    name = key.rpartition(".")[2]
    hint = f"; did you mean {HEADER_PREFIX}{name}?" if fits(name) and TOKEN.fullmatch(name) else ""
    return f"{shown(key)} is not {HEADER_PREFIX}NAME{hint}"


def _name(name: str, path: Path) -> Iterator[Finding]:
    if not TOKEN.fullmatch(name):
        message = f"{shown(name)} cannot be a header's name: letters, digits and hyphens, no spaces, no colon"
        yield Finding(rule="header-name", path=path, at_key=True, message=message)


def _mapping(source: str, path: Path) -> Iterator[Finding]:
    if form(source) is Form.UNVERIFIED:
        yield Finding(
            rule="unverified-mapping",
            path=path,
            message=f"{shown(source)} is not among the mappings that AWS documents for gateway responses; the"
            " service may refuse it, so try it on one API first",
        )


def _text(text: str, path: Path) -> Iterator[Finding]:
    if any((c < " " and c != "\t") or c == "\x7f" for c in text):
        hint = "; it ends in a line break, as | blocks do: put it in quotes" if text.endswith("\n") else ""
        message = f"a header's value is one line without control characters{hint}"
        yield Finding(rule="header-value", path=path, message=message)
    if not text.isascii():
        message = "clients disagree on how to read characters outside ASCII in a header; encode them"
        yield Finding(rule="non-ascii-header", path=path, message=message)
    if "\\'" in text or "''" in text:
        yield Finding(
            rule="escaped-quote",
            path=path,
            message="API Gateway knows no escapes in a literal: the backslash or second quote is sent as"
            " well. A single quote within a literal stands for itself",
        )


def _looks_mapped(text: str, path: Path, spelled: Callable[[str], object]) -> Iterator[Finding]:
    """Catch a literal that was probably meant as a mapping; `spelled` writes one in this spelling."""
    named = text.removeprefix("$")
    if is_source(named):
        what = pasted(spelled(named)) if fits(named) else "it as a mapping"
        message = f"clients would get this very text; to send what it names, write {what}"
        yield Finding(rule="literal-looks-mapped", path=path, message=message)
