"""The chains of roles, as a plan or run records them: without external ids, which a run keeps beside them.

AWS does not count an external id as a secret, and a resume needs it. But it is nobody else's business: a plan
does not carry it, and the journal does not show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from batchgw.model import RoleLink, Targets
from batchgw.model.shape import JSON, items, record, text_or_none, texts

EXTERNAL_IDS = "external_ids"
"""Run option: the external ids of each chain, link by link; null for a link without one."""


def role_options(targets: Targets) -> dict[str, JSON]:
    """Give what is to be recorded of the roles. What is empty is left out."""
    chains = {"roles": targets.roles, "organization_roles": targets.organization_roles}
    options: dict[str, JSON] = {
        "role": targets.role,
        "external_id": targets.external_id,
        "session_tags": dict(targets.session_tags),
        "source_identity": targets.source_identity,
        "session_name": targets.session_name,
        **{name: [link.to_json() for link in links] for name, links in chains.items()},
        EXTERNAL_IDS: {
            name: [link.external_id for link in links]
            for name, links in chains.items()
            if has_external_ids(links)
        },
    }
    return {name: value for name, value in options.items() if value}


def has_external_ids(links: Sequence[RoleLink]) -> bool:
    """Tell whether a link of a chain has an external id."""
    return any(link.external_id is not None for link in links)


def with_role_options(targets: Targets, options: Mapping[str, JSON]) -> Targets:
    """Fill in what the targets leave open."""
    return replace(
        targets,
        role=targets.role or text_or_none(options.get("role")),
        external_id=targets.external_id or text_or_none(options.get("external_id")),
        session_tags=targets.session_tags or texts(options.get("session_tags") or {}),
        source_identity=targets.source_identity or text_or_none(options.get("source_identity")),
        session_name=targets.session_name or text_or_none(options.get("session_name")),
        roles=targets.roles or _chain("roles", options),
        organization_roles=targets.organization_roles or _chain("organization_roles", options),
    )


def fits_chain(value: object) -> bool:
    """Tell whether a value is a chain as batchgw records it."""
    return _reads(lambda: [RoleLink.from_json(record(each)) for each in items(value)])


def fits_tags(value: object) -> bool:
    """Tell whether a value is session tags as batchgw records them."""
    return _reads(lambda: texts(value))


def fits_external_ids(value: object) -> bool:
    """Tell whether a value is external ids as batchgw records them."""
    return _reads(lambda: [text_or_none(each) for ids in record(value).values() for each in items(ids)])


def _chain(name: str, options: Mapping[str, JSON]) -> tuple[RoleLink, ...]:
    links = [RoleLink.from_json(record(each)) for each in items(options.get(name) or [])]
    ids = [text_or_none(each) for each in items(record(options.get(EXTERNAL_IDS) or {}).get(name) or [])]
    missing = [None] * (len(links) - len(ids))
    return tuple(replace(link, external_id=each) for link, each in zip(links, [*ids, *missing], strict=False))


def _reads(read: Callable[[], object]) -> bool:
    try:
        read()
    except (LookupError, TypeError, ValueError):
        return False
    return True
