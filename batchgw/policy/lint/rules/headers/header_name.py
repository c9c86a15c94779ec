"""What a header may be called, and how each spelling names it."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import HEADER_PREFIX
from batchgw.policy.findings import Path, Remark, Rule
from batchgw.policy.form_rules import HEADER_NAME
from batchgw.policy.grammar.expressions import TOKEN
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.quoting import fits, shown, written_out

_PREFIXES = (HEADER_PREFIX, "method.response.header.", "integration.response.header.")


@checks(HEADER_NAME)
def header_name(policy: PolicyView) -> Iterator[Remark]:
    """Look for names that are no names, or bring a prefix that does not belong there."""
    for header in policy.headers():
        prefix = next(filter(header.name.lower().startswith, _PREFIXES), "")
        plain = header.name[len(prefix) :]
        if prefix and TOKEN.fullmatch(plain):
            message = f"under `headers` a header goes by its plain name{written_out(plain)}"
            yield Remark(path=header.path, at_key=True, message=message)
        else:
            yield from _no_name(header.name, header.path)
    for parameter in policy.parameters():
        if parameter.key.startswith(HEADER_PREFIX):
            yield from _no_name(parameter.key.removeprefix(HEADER_PREFIX), parameter.path)


def _no_name(name: str, path: Path) -> Iterator[Remark]:
    if not TOKEN.fullmatch(name):
        message = f"{shown(name)} cannot be a header's name: letters, digits and hyphens, no spaces, no colon"
        yield Remark(path=path, at_key=True, message=message)


@checks(
    Rule(
        name="parameter-key",
        severity="error",
        summary="a responseParameters key that is not gatewayresponse.header.NAME",
    )
)
def parameter_key(policy: PolicyView) -> Iterator[Remark]:
    """Look for keys under responseParameters that name no header of an answer."""
    for parameter in policy.parameters():
        if not parameter.key.startswith(HEADER_PREFIX):
            yield Remark(path=parameter.path, at_key=True, message=_not_a_header(parameter.key))


def _not_a_header(key: str) -> str:
    if key.startswith(("gatewayresponse.path.", "gatewayresponse.querystring.")):
        return (
            f"{shown(key)}: an answer has no path or query string, so only {HEADER_PREFIX}NAME has a meaning"
        )
    name = key.rpartition(".")[2]
    hint = f"; did you mean {HEADER_PREFIX}{name}?" if fits(name) and TOKEN.fullmatch(name) else ""
    return f"{shown(key)} is not {HEADER_PREFIX}NAME{hint}"
