"""What `targets` and `organization` mean: where to look, and how to get in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchgw.model import (
    AccountId,
    AccountSelection,
    AccountSelector,
    EnabledRegions,
    Region,
    RoleLink,
    Selection,
    Selector,
    Targets,
)
from batchgw.policy.findings import Path
from batchgw.policy.meaning.folding.layer import Within
from batchgw.policy.meaning.selectors import account_selector_of, selector_of
from batchgw.policy.schema.file import PolicyFile
from batchgw.policy.schema.selectors import AccountSelectorSpec, SelectorSpec
from batchgw.policy.schema.targets import (
    AccountsSpec,
    ApisSpec,
    EnabledRegionsSpec,
    RoleLinkSpec,
    TargetsSpec,
    links,
)

Where = Callable[[Path], str]
"""Tells where a path of a file stands: "policy.yaml:9:7"."""


def targets_of(file: PolicyFile, where: Where) -> Targets:
    """Give where a policy looks, and how it gets in."""
    spec = file.targets
    chain = links(spec.role)
    last = chain[-1] if chain else None
    regions = spec.regions if isinstance(spec.regions, list) else []
    ids = _ids(spec, where)
    return Targets(
        accounts=tuple(ids),
        account_places=ids,
        organization=_organization(spec, where),
        regions=tuple(Region(r) for r in dict.fromkeys(regions)),
        enabled_regions=_enabled(spec, where),
        role=None if last is None else last.role,
        external_id=spec.external_id if last is None or last.external_id is None else last.external_id,
        session_tags={} if last is None else dict(last.session_tags),
        source_identity=None if last is None else last.source_identity,
        roles=tuple(map(_link, chain[:-1])),
        session_name=spec.session_name,
        apis=_selection(spec.apis, where),
    )


def organization_roles(file: PolicyFile) -> tuple[RoleLink, ...]:
    """Give the roles by which the organisation is read."""
    return tuple(map(_link, links(file.organization.role)))


def narrowing_of(spec: TargetsSpec, where: Where) -> Within:
    """Give to which APIs a file is narrowed whose targets are not those of all."""
    accounts = _organization(spec, where)
    if isinstance(spec.accounts, list) and accounts is None:
        accounts = AccountSelection(include=_selectors(spec.accounts, ("targets", "accounts"), where))
    return Within(
        apis=_selection(spec.apis, where),
        accounts=None if accounts == AccountSelection(everything=True) else accounts,
    )


def _selection(apis: ApisSpec, where: Where) -> Selection:
    def all_of(key: str, specs: Sequence[SelectorSpec]) -> tuple[Selector, ...]:
        return tuple(selector_of(s, where(("targets", "apis", key, n))) for n, s in enumerate(specs))

    return Selection(include=all_of("include", apis.include or ()), exclude=all_of("exclude", apis.exclude))


def _organization(spec: TargetsSpec, where: Where) -> AccountSelection | None:
    """Give the accounts of the organisation that are meant; None where they are known by their ids."""
    path: Path = ("targets", "accounts")
    match spec.accounts:
        case "organization":
            return AccountSelection(everything=True)
        case AccountsSpec(include=include, exclude=exclude):
            return AccountSelection(
                everything=include == "organization",
                include=_selectors(include, (*path, "include"), where),
                exclude=_selectors(exclude, (*path, "exclude"), where),
            )
        case list() as items if not all(map(is_id, items)):
            return AccountSelection(include=_selectors(items, path, where))
        case _:
            return None


def is_id(item: str | AccountSelectorSpec) -> bool:
    """Tell whether an item among accounts is an id, or `current`."""
    return isinstance(item, str) and not item.startswith(("/", "ou-", "r-"))


def _ids(spec: TargetsSpec, where: Where) -> dict[AccountId, str]:
    """Give the accounts that are known by their ids, and where each stands."""
    if not isinstance(spec.accounts, list) or not all(map(is_id, spec.accounts)):
        return {}
    places = _placed([str(item) for item in spec.accounts], ("targets", "accounts"), where)
    return {AccountId(account): place for account, place in places.items()}


def _placed(items: Sequence[str], path: Path, where: Where) -> dict[str, str]:
    """Give the items of a list, each with the place where it stands first."""
    found: dict[str, str] = {}
    for n, item in enumerate(items):
        found.setdefault(item, where((*path, n)))
    return found


def _selectors(
    items: Sequence[str | AccountSelectorSpec] | str, path: Path, where: Where
) -> tuple[AccountSelector, ...]:
    if isinstance(items, str):
        return ()
    return tuple(account_selector_of(item, where((*path, n))) for n, item in enumerate(items))


def _enabled(spec: TargetsSpec, where: Where) -> EnabledRegions | None:
    if spec.regions == "enabled":
        return EnabledRegions()
    if not isinstance(spec.regions, EnabledRegionsSpec):
        return None

    def placed(word: str, regions: Sequence[str]) -> dict[Region, str]:
        places = _placed(regions, ("targets", "regions", word), where)
        return {Region(region): place for region, place in places.items()}

    exclude, order = placed("exclude", spec.regions.exclude), placed("order", spec.regions.order)
    return EnabledRegions(
        exclude=tuple(exclude), order=tuple(order), exclude_places=exclude, order_places=order
    )


def _link(spec: RoleLinkSpec) -> RoleLink:
    return RoleLink(
        role=spec.role,
        external_id=spec.external_id,
        session_tags=dict(spec.session_tags),
        source_identity=spec.source_identity,
    )
