"""What can be said of a header: its name, its literal, its mapping, in either spelling."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import HEADER_PREFIX
from batchgw.policy.expressions import MAPPINGS, TOKEN, Form, form, literal, source_form
from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Finding, Path, excerpt, shown


def lint_header(name: str, value: str | HeaderSource, path: Path) -> Iterator[Finding]:
    """Give the findings on a header in the friendly spelling."""
    if name.startswith(HEADER_PREFIX):
        message = (
            f"under `headers` a header goes by its plain name: write {excerpt(name[len(HEADER_PREFIX) :])}"
        )
        yield Finding(rule="header-name", path=path, at_key=True, message=message)
    else:
        yield from _name(name, path)
    if isinstance(value, HeaderSource):
        yield from _mapping(value.source, (*path, "from"))
    else:
        yield from _text(value, path)
        yield from _intent(value, path)


def lint_parameter(key: str, expression: str, path: Path) -> Iterator[Finding]:
    """Give the findings on a header in boto3's spelling."""
    if key.startswith(HEADER_PREFIX):
        yield from _name(key.removeprefix(HEADER_PREFIX), path)
    else:
        yield Finding(rule="parameter-key", path=path, at_key=True, message=_foreign_key(key))
    found = form(expression)
    if found is Form.LITERAL:
        yield from _text(expression[1:-1], path)
    elif found is Form.UNVERIFIED:
        yield from _mapping(expression, path)
    elif found in _REFUSED:
        rule, message = _REFUSED[found]
        bare = expression[1:-1] if found is Form.DOUBLE_QUOTED else expression
        text = message.format(written=shown(expression), literal=f'"{literal(excerpt(bare))}"')
        yield Finding(rule=rule, path=path, message=text)


_REFUSED = {
    Form.EMPTY: ("empty-value", "the service refuses an empty value; an empty header is written {literal}"),
    Form.DOUBLE_QUOTED: ("double-quoted-literal", "the service refuses double quotes: write {literal}"),
    Form.UNQUOTED: (
        "unquoted-literal",
        "{written} needs single quotes of its own, or the service refuses it: write {literal}",
    ),
    Form.MAPPING_UNKNOWN: (
        "mapping",
        f"{{written}} is not a mapping the service knows: those are {MAPPINGS}",
    ),
}


def _foreign_key(key: str) -> str:
    if key.startswith(("gatewayresponse.path.", "gatewayresponse.querystring.")):
        return (
            f"{shown(key)}: an answer has no path or query string, so only {HEADER_PREFIX}NAME has a meaning"
        )
    name = key.rpartition(".")[2]
    hint = f"; did you mean {HEADER_PREFIX}{name}?" if TOKEN.fullmatch(name) else ""
    return f"{shown(key)} is not {HEADER_PREFIX}NAME{hint}"


def _name(name: str, path: Path) -> Iterator[Finding]:
    if not TOKEN.fullmatch(name):
        message = f"{shown(name)} cannot be a header's name: letters, digits and hyphens, no spaces, no colon"
        yield Finding(rule="header-name", path=path, at_key=True, message=message)


def _mapping(source: str, path: Path) -> Iterator[Finding]:
    if source_form(source) is Form.UNVERIFIED:
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


def _intent(value: str, path: Path) -> Iterator[Finding]:
    """Catch what belongs to the other spelling."""
    named = value.removeprefix("$")
    if form(value) is Form.LITERAL and "'" not in value[1:-1]:
        yield Finding(
            rule="quoted-twice",
            path=path,
            message=f"the single quotes would be sent to clients: under `headers` write the value as it shall"
            f" arrive, {excerpt(value[1:-1])}; quotes of its own belong under responseParameters",
        )
    elif source_form(named) in (Form.REQUEST, Form.UNVERIFIED):
        message = f"clients would get this very text; to send what it names, write {{from: {excerpt(named)}}}"
        yield Finding(rule="literal-looks-mapped", path=path, message=message)
