"""Headers whose value is taken from the request: mappings that AWS knows, may know, and does not know."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.fields import HeaderSource
from batchgw.policy.findings import Path, Remark, Rule
from batchgw.policy.form_rules import MAPPING
from batchgw.policy.grammar.expressions import MAPPINGS, Form, form, is_source, meant_source
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.quoting import fits, pasted, shown


@checks(MAPPING)
def mapping(policy: PolicyView) -> Iterator[Remark]:
    """Look for expressions that read like a mapping and are none."""
    for parameter in policy.parameters():
        if parameter.form is Form.MAPPING_UNKNOWN:
            expression = parameter.expression
            meant = meant_source(expression.strip().removeprefix("$"))
            hint = f"; did you mean {meant}?" if meant else ""
            message = f"{shown(expression)} is not a mapping the service knows: those are {MAPPINGS}{hint}"
            yield Remark(path=parameter.path, message=message)


@checks(
    Rule(
        name="unverified-mapping",
        severity="warning",
        summary="a mapping seen in public code that AWS does not document here",
    )
)
def unverified_mapping(policy: PolicyView) -> Iterator[Remark]:
    """Look for mappings that people use and AWS does not document."""
    for source, path in _sources(policy):
        if form(source) is Form.UNVERIFIED:
            yield Remark(
                path=path,
                message=f"{shown(source)} is not among the mappings that AWS documents for gateway responses;"
                " the service may refuse it, so try it on one API first",
            )


def _sources(policy: PolicyView) -> Iterator[tuple[str, Path]]:
    for header in policy.headers():
        if isinstance(header.value, HeaderSource):
            yield header.value.source, (*header.path, "from")
    for parameter in policy.parameters():
        yield parameter.expression, parameter.path


@checks(
    Rule(
        name="literal-looks-mapped",
        severity="warning",
        summary="a literal that reads like a mapping, and is sent as text",
    )
)
def literal_looks_mapped(policy: PolicyView) -> Iterator[Remark]:
    """Look for literals that were probably meant as mappings."""
    for header in policy.headers():
        named = "" if isinstance(header.value, HeaderSource) else header.value.removeprefix("$")
        if is_source(named):
            yield Remark(path=header.path, message=_sent_as_text(named, {"from": named}))
    for parameter in policy.parameters():
        named = (parameter.text or "").removeprefix("$")
        if is_source(named):
            yield Remark(path=parameter.path, message=_sent_as_text(named, named))


def _sent_as_text(source: str, spelled: object) -> str:
    what = pasted(spelled) if fits(source) else "it as a mapping"
    return f"clients would get this very text; to send what it names, write {what}"
