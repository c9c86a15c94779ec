"""A chain that STS would refuse is refused before the first call, in words that say which link and why."""

from __future__ import annotations

import pytest

from batchgw.control_plane.aws.credentials.role_chain import check_chain
from batchgw.errors import UsageError
from batchgw.model import RoleLink

HUB = "arn:aws:iam::111122223333:role/Hub"


def tags(count: int) -> dict[str, str]:
    return {f"key{number}": "v" for number in range(count)}


SOUND = [
    [],
    [RoleLink(role="Batchgw")],
    [RoleLink(role="Batchgw", external_id="ab")],
    [RoleLink(role="Batchgw", external_id="x" * 1224)],
    [RoleLink(role="Batchgw", external_id="a+=,.@:/-_B9")],
    [RoleLink(role="Batchgw", source_identity="ab")],
    [RoleLink(role="Batchgw", source_identity="x" * 64)],
    [RoleLink(role="Batchgw", session_tags=tags(50))],
    [RoleLink(role="Batchgw", session_tags={"k" * 128: "v" * 256})],
    [RoleLink(role="Batchgw", session_tags={"cost centre": "", "Größe": "42", "a:b/c=d+e-f@g": "日本"})],
    [
        RoleLink(role=HUB, session_tags={"team": "edge"}, source_identity="alice"),
        RoleLink(role="Batchgw", session_tags={"wave": "1"}, source_identity="alice"),
    ],
]

UNSOUND = [
    ([RoleLink(role="not a role")], "not a role"),
    ([RoleLink(role="Batchgw", external_id="s")], "external id is not what STS accepts"),
    ([RoleLink(role="Batchgw", external_id="x" * 1225)], "external id is not what STS accepts"),
    ([RoleLink(role="Batchgw", external_id="sesame 17")], "external id is not what STS accepts"),
    ([RoleLink(role="Batchgw", source_identity="a")], "'a' is not a source identity"),
    ([RoleLink(role="Batchgw", source_identity="x" * 65)], "is not a source identity"),
    ([RoleLink(role="Batchgw", source_identity="alice b")], "'alice b' is not a source identity"),
    ([RoleLink(role="Batchgw", session_tags=tags(51))], "51 session tags, where STS takes 50"),
    ([RoleLink(role="Batchgw", session_tags={"": "v"})], "'' is not a key"),
    ([RoleLink(role="Batchgw", session_tags={"k" * 129: "v"})], "is not a key of a session tag"),
    ([RoleLink(role="Batchgw", session_tags={"k": "v" * 257})], "value of the session tag k is not"),
    ([RoleLink(role="Batchgw", session_tags={"k": "a\nb"})], "value of the session tag k is not"),
    ([RoleLink(role="Batchgw", session_tags={"a;b": "v"})], "'a;b' is not a key"),
    ([RoleLink(role="Batchgw", session_tags={"AWS:x": "v"})], "begin with aws: are AWS's own"),
    ([RoleLink(role="Batchgw", session_tags={"Team": "a", "team": "b"})], "differ in capitals only"),
    (
        [
            RoleLink(role=HUB, session_tags={"Team": "a"}),
            RoleLink(role="Batchgw", session_tags={"team": "b"}),
        ],
        r"role Batchgw \(link 2 of 2 of the chain\): the session tag team comes from a link before",
    ),
    (
        [RoleLink(role=HUB, source_identity="alice"), RoleLink(role="Batchgw", source_identity="bob")],
        "a link before sets the source identity alice",
    ),
]


@pytest.mark.parametrize("links", SOUND, ids=str)
def test_a_chain_that_sts_takes_is_taken(links: list[RoleLink]) -> None:
    check_chain(links)


@pytest.mark.parametrize(("links", "why"), UNSOUND, ids=[why for _, why in UNSOUND])
def test_a_chain_that_sts_would_refuse_is_refused_with_its_link_and_the_reason(
    links: list[RoleLink], why: str
) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        check_chain(links)
    assert "sesame" not in str(caught.value), "external ids are not shown"
