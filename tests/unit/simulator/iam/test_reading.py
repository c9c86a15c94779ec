"""Documents that cannot be used are refused, with their place."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from batchgw.simulator.iam.reading import Kind, PolicyFault, dotted, read

ALLOW: Mapping[str, object] = {"Effect": "Allow", "Action": "apigateway:GET", "Resource": "*"}
TRUST: Mapping[str, object] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}


def fault(document: object, kind: Kind = Kind.IDENTITY) -> tuple[str, str]:
    with pytest.raises(PolicyFault) as caught:
        read(document, kind)
    return dotted(caught.value.path), caught.value.message


def without(statement: Mapping[str, object], *names: str, **more: object) -> dict[str, object]:
    """Make a document of a statement less some of its elements, with others."""
    return {"Statement": [{k: v for k, v in statement.items() if k not in names} | more]}


@pytest.mark.parametrize(
    ("document", "place", "message"),
    [
        ([], "", "a policy is a mapping"),
        ({"Version": "2012-10-17"}, "Statement", "needs a statement"),
        ({"Version": "2012-10-17", "Statement": []}, "Statement", "needs a statement"),
        ({"Version": "2024-01-01", "Statement": [ALLOW]}, "Version", "2012-10-17 or 2008-10-17"),
        ({"Statment": [ALLOW]}, "Statment", "did you mean Statement?"),
        ({"Statement": ["x"]}, "Statement[0]", "a statement is a mapping"),
        (without(ALLOW, Efect="Deny"), "Statement[0].Efect", "did you mean Effect?"),
        (without(ALLOW, "Effect"), "Statement[0].Effect", "Allow or Deny, not None"),
        (without(ALLOW, Effect="allow"), "Statement[0].Effect", "Allow or Deny, not 'allow'"),
        (without(ALLOW, "Action"), "Statement[0]", "needs Action or NotAction"),
        (without(ALLOW, NotAction="*"), "Statement[0]", "one of them only"),
        (without(ALLOW, Action=[]), "Statement[0].Action", "the list is empty"),
        (without(ALLOW, Action="GET"), "Statement[0]", "SERVICE:NAME or *, not 'GET'"),
        (without(ALLOW, Action={"a": 1}), "Statement[0].Action", "a text or a list of texts"),
        (without(ALLOW, "Resource"), "Statement[0]", "needs Resource or NotResource"),
        (without(ALLOW, Resource="/restapis"), "Statement[0]", "an ARN or *, not '/restapis'"),
        (
            without(ALLOW, Principal="*"),
            "Statement[0].Principal",
            "an identity-based policy has no principal",
        ),
        (without(ALLOW, Sid="read only"), "Statement[0].Sid", "letters and digits"),
        (
            {"Statement": [{**ALLOW, "Sid": "A"}, {**ALLOW, "Sid": "A"}]},
            "Statement[1].Sid",
            "another statement with the Sid A",
        ),
        (without(ALLOW, Condition=[]), "Statement[0].Condition", "a condition is a mapping"),
        (
            without(ALLOW, Condition={"StringEqual": {"aws:username": "x"}}),
            "Statement[0].Condition.StringEqual",
            "did you mean StringEquals?",
        ),
        (
            without(ALLOW, Condition={"NullIfExists": {"aws:username": "true"}}),
            "Statement[0].Condition.NullIfExists",
            "NullIfExists is not simulated",
        ),
        (
            without(ALLOW, Condition={"ForSome:StringEquals": {"aws:username": "x"}}),
            "Statement[0].Condition.ForSome:StringEquals",
            "not simulated",
        ),
        (
            without(ALLOW, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            "Statement[0].Condition.IpAddress.aws:SourceIp",
            "the key aws:SourceIp is not simulated",
        ),
        (
            without(ALLOW, Condition={"StringEquals": {"aws:ResourceTag/": "x"}}),
            "Statement[0].Condition.StringEquals.aws:ResourceTag/",
            "not simulated",
        ),
        (
            without(ALLOW, Condition={"Null": {"aws:username": "yes"}}),
            "Statement[0].Condition.Null.aws:username",
            "true or false",
        ),
        (
            {"Version": "2012-10-17", **without(ALLOW, Resource="arn:aws:s3:::${s3:prefix}")},
            "Statement[0]",
            "${s3:prefix} is not simulated",
        ),
    ],
)
def test_what_is_wrong_and_where(document: object, place: str, message: str) -> None:
    found, text = fault(document)
    assert found == place
    assert message in text


@pytest.mark.parametrize(
    ("document", "place", "message"),
    [
        (without(TRUST, "Principal"), "Statement[0].Principal", "needs a principal"),
        (without(TRUST, Resource="*"), "Statement[0].Resource", "it has no resource"),
        (without(TRUST, Principal={"Aws": "*"}), "Statement[0].Principal.Aws", "did you mean AWS?"),
        (
            without(TRUST, Principal={"AWS": "arn:aws:iam::111111111111:role/*"}),
            "Statement[0].Principal.AWS",
            "without wildcards",
        ),
        (without(TRUST, NotPrincipal="*"), "Statement[0].NotPrincipal", "no 'NotPrincipal'"),
    ],
)
def test_trust_policies(document: object, place: str, message: str) -> None:
    found, text = fault(document, Kind.TRUST)
    assert found == place
    assert message in text


def test_one_statement_needs_no_list_and_2008_is_the_version_by_default() -> None:
    policy = read({"Statement": ALLOW}, Kind.SCP)
    assert (len(policy.statements), policy.variables) == (1, False)
