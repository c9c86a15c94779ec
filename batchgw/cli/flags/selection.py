"""From selection flags to targets. A flag replaces what the policy says of the same thing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from batchgw.cli.flags.accounts import with_accounts
from batchgw.cli.flags.flag import from_environment, variable
from batchgw.cli.flags.options import ConnectionFlags, SelectionFlags
from batchgw.cli.flags.targets_file import listed, parsed
from batchgw.errors import UsageError
from batchgw.model import EnabledRegions, ExplicitApi, Region, Selection, Selector, Targets

_OWN_REGION = re.compile(r"[a-z]+(-[a-z]+)*-\d+", re.ASCII)

ENABLED = "enabled"
"""Stands for the regions that each account has enabled, as in a policy."""


def chosen_targets(
    targets: Targets, flags: SelectionFlags, connection: ConnectionFlags, *, ids: Sequence[str] = ()
) -> Targets:
    """Replace parts of a policy's targets by flags. `ids` are REST APIs named as arguments.

    Raises UsageError for a value that cannot be used. An unknown region is one, unless the calls go to an
    endpoint of the user's.
    """
    explicit = _explicit(flags, ids)
    chosen = replace(
        with_accounts(targets, flags.account, flags.exclude_account, explicit=explicit),
        regions=_regions(flags.region, explicit, targets),
        enabled_regions=_enabled(flags.region, explicit, targets),
        role=flags.role_name or targets.role,
        external_id=flags.external_id or targets.external_id,
        apis=_selection(targets.apis, flags, explicit),
    )
    refuse_unknown(chosen.regions, own_endpoint=_own_endpoint(connection))
    return chosen


def _explicit(flags: SelectionFlags, ids: Sequence[str]) -> tuple[ExplicitApi, ...]:
    named = [parsed(text, "--api-id") for text in flags.api_id]
    named += [parsed(text, "the arguments") for text in ids]
    if flags.targets is not None:
        named += listed(flags.targets)
    return tuple(dict.fromkeys(named))


def _regions(given: Sequence[str], explicit: tuple[ExplicitApi, ...], targets: Targets) -> tuple[Region, ...]:
    """Choose the flag's regions, else those of the named APIs if each has one, else the policy's."""
    if ENABLED in given:
        if set(given) != {ENABLED}:
            raise UsageError(f"--region {ENABLED} means all that an account has enabled: name no other.")
        return ()
    named = [api.region for api in explicit if api.region]
    chosen = [Region(r) for r in given] or (named if len(named) == len(explicit) else [])
    return tuple(dict.fromkeys(chosen)) or targets.regions


def _enabled(
    given: Sequence[str], explicit: tuple[ExplicitApi, ...], targets: Targets
) -> EnabledRegions | None:
    """Tell whether each account's own regions are meant. What a policy says of them stays."""
    if ENABLED in given:
        return targets.enabled_regions or EnabledRegions()
    return None if _regions(given, explicit, targets) else targets.enabled_regions


def _selection(apis: Selection, flags: SelectionFlags, explicit: tuple[ExplicitApi, ...]) -> Selection:
    """Let flags replace the policy's `include`. Its `exclude` stays: what is exempt stays exempt."""
    if flags.select:
        return Selection(include=_selectors(flags), exclude=apis.exclude, explicit=explicit)
    if flags.name or flags.tag:
        tags = dict(_tag(text) for text in flags.tag)
        names: list[str | None] = [*flags.name] or [None]
        flags_given = {"--name": flags.name, "--tag": flags.tag}
        where = ", ".join(
            variable(name) if from_environment(name, given) else name
            for name, given in flags_given.items()
            if given
        )
        include = tuple(Selector(name=name, tags=tags, where=where) for name in names)
        return Selection(include=include, exclude=apis.exclude, explicit=explicit)
    if explicit:
        return Selection(exclude=apis.exclude, explicit=explicit)
    return apis


def _selectors(flags: SelectionFlags) -> tuple[Selector, ...]:
    """Read selectors in the words of policies. Each is enough by itself."""
    from batchgw.policy.selecting import read_selector  # noqa: PLC0415 - light verbs do without pydantic

    if flags.name or flags.tag:
        raise UsageError(
            "--select cannot be combined with --name or --tag: write all words into it, such as "
            "--select 'name: orders-*, tags: {tier: public}'."
        )
    name = variable("--select") if from_environment("--select", flags.select) else "--select"
    return tuple(read_selector(text, name) for text in flags.select)


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key:
        raise UsageError(f"--tag {text} has no key: write KEY=VALUE, or KEY for any value.")
    return key, value if equals else "*"


def _own_endpoint(connection: ConnectionFlags) -> bool:
    return bool(
        connection.endpoint_url
        or os.environ.get("AWS_ENDPOINT_URL")
        or os.environ.get("AWS_ENDPOINT_URL_API_GATEWAY")
    )


def refuse_unknown(regions: Iterable[str], *, own_endpoint: bool = False) -> None:
    """Raise UsageError for a region that neither batchgw nor the installed botocore knows.

    An endpoint of the user's may have other regions, if they look like regions and not like misspelt ones.
    """
    from batchgw.policy.grammar.regions import REGIONS  # noqa: PLC0415 - as above
    from batchgw.policy.quoting import did_you_mean  # noqa: PLC0415 - light verbs do without

    for region in regions:
        if own_endpoint and _OWN_REGION.fullmatch(region) and not did_you_mean(region, REGIONS):
            continue
        if not _OWN_REGION.fullmatch(region):
            raise UsageError(f"not a region: {region!r}. Write one such as eu-west-1.")
        if region not in REGIONS and region not in (known := {*REGIONS, *_botocore_regions()}):
            raise UsageError(
                f"unknown region {region}{did_you_mean(region, known) or '.'} If it is newer than the "
                "installed botocore, upgrade botocore, or give --endpoint-url."
            )


def _botocore_regions() -> Iterable[str]:
    from botocore.loaders import Loader  # noqa: PLC0415 - only for a region that is not in our own list

    partitions = Loader(include_default_search_paths=True).load_data("partitions")["partitions"]
    return [r for partition in partitions for r in partition["regions"] if not r.endswith("-global")]
