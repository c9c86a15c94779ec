"""A setting that stands in the friendly spelling and in boto3's has two values, and only one can hold."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import HEADER_PREFIX
from batchgw.policy.findings import Path, Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import Body, PolicyView
from batchgw.policy.quoting import shown

GIVEN_TWICE = Rule(
    name="given-twice",
    severity="error",
    summary="one setting given in both spellings, or a header in two spellings of case",
)


@checks(GIVEN_TWICE)
def status_given_twice(policy: PolicyView) -> Iterator[Remark]:
    """Look for a status in both spellings."""
    for response in policy.responses():
        if response.spec.status is not None and response.spec.status_code is not None:
            message = "the status stands under `status` too; keep one of them"
            yield Remark(path=(*response.path, "statusCode"), at_key=True, message=message)


@checks(GIVEN_TWICE)
def header_given_twice(policy: PolicyView) -> Iterator[Remark]:
    """Look for a header in both spellings, or twice in different case."""
    for body in policy.bodies():
        first: dict[str, str] = {}
        for name, path in _headers(body):
            other = first.setdefault(name.lower(), name)
            if other != name:
                message = (
                    f"{shown(name)} and {shown(other)} are one header: case does not count; keep one of them"
                )
                yield Remark(path=path, at_key=True, message=message)
            elif path[-1] != name and name in body.spec.headers:
                message = f"the header {shown(name)} stands under `headers` too; keep one of them"
                yield Remark(path=path, at_key=True, message=message)


@checks(GIVEN_TWICE)
def template_given_twice(policy: PolicyView) -> Iterator[Remark]:
    """Look for a template in both spellings."""
    for body in policy.bodies():
        for kind in body.spec.response_templates:
            if kind in body.spec.templates:
                message = f"the {shown(kind)} template stands under `templates` too; keep one of them"
                yield Remark(path=(*body.path, "responseTemplates", kind), at_key=True, message=message)


def _headers(body: Body) -> Iterator[tuple[str, Path]]:
    for name in body.spec.headers:
        yield name, (*body.path, "headers", name)
    for key in body.spec.response_parameters:
        yield key.removeprefix(HEADER_PREFIX), (*body.path, "responseParameters", key)
