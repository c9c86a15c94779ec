"""What STS accepts of a chain of roles, so that a mistake shows before the first call. Pure.

The bounds are those of the API reference, AssumeRole, and of the IAM user guide, "Pass session tags".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from batchgw.control_plane.aws.credentials.roles import check_role
from batchgw.errors import UsageError
from batchgw.model import RoleLink
from batchgw.policy.grammar.session_tags import faults_of_tags

_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SOURCE_IDENTITY = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def check_chain(links: Sequence[RoleLink]) -> None:
    """Raise UsageError for a chain that STS would refuse, or whose links contradict each other."""
    for number, link in enumerate(links, 1):
        check_role(link.role)
        why = next(_faults(link, links[: number - 1]), None)
        if why is not None:
            raise UsageError(f"the role {link.role}{position(number, len(links))}: {why}")


def position(number: int, count: int) -> str:
    """Say which link of a chain is meant; nothing where it is the only one."""
    return f" (link {number} of {count} of the chain)" if count > 1 else ""


def _faults(link: RoleLink, before: Sequence[RoleLink]) -> Iterator[str]:
    if link.external_id is not None and not _EXTERNAL_ID.fullmatch(link.external_id):
        yield (
            "its external id is not what STS accepts (and is not shown): 2 to 1,224 letters, digits and "
            "_+=,.@:/-"
        )
    yield from faults_of_tags(link.session_tags)
    yield from _faults_of_identity(link.source_identity, before)
    passed_on = {key.casefold() for each in before for key in each.session_tags}
    if again := [key for key in link.session_tags if key.casefold() in passed_on]:
        yield (
            f"the session tag {again[0]} comes from a link before, and STS lets no later one change it: "
            "leave it out here"
        )


def _faults_of_identity(identity: str | None, before: Sequence[RoleLink]) -> Iterator[str]:
    if identity is None:
        return
    if not _SOURCE_IDENTITY.fullmatch(identity):
        yield f"{identity!r} is not a source identity: 2 to 64 letters, digits and _+=,.@-"
    for each in before:
        if each.source_identity not in (None, identity):
            yield (
                f"a link before sets the source identity {each.source_identity}, and STS lets no later one "
                "change it: leave it out here"
            )
