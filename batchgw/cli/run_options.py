"""The options that a plan or run records: how an apply or a resume reaches the same APIs at the same pace.

A flag that is given wins over what was recorded. Credentials are never recorded, not even those
within a URL. Of an external id, a plan says only that one is needed, and the journal does not show it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from math import inf
from pathlib import Path
from typing import Any

from batchgw.cli.flags.options import ConnectionFlags, RunFlags
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.flags.quota_records import UNKNOWN, QuotaFile
from batchgw.cli.role_options import (
    EXTERNAL_IDS,
    fits_chain,
    fits_external_ids,
    fits_tags,
    role_options,
    with_role_options,
)
from batchgw.errors import UsageError
from batchgw.model import Account, AccountSelection, Region, Targets
from batchgw.model.shape import JSON, items, record, text, text_or_none, truth
from batchgw.redaction import bare_url
from batchgw.throttle.quota import Scoping

REREAD_AFTER = "reread_after"
"""Run option: seconds for which a reading is trusted, where a flag said so. A resume keeps to it."""

SHIP_PENDING = "ship_pending"
"""Run option: stages get others' edits, too, because a flag said so. A resume keeps to it."""

_CHOSEN_OTHERWISE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID")
"""Variables that choose credentials: where one is set, a recorded profile does not count."""


def run_options(flags: RunFlags, targets: Targets) -> dict[str, JSON]:
    """Give the options to record, as JSON values. What was not given is left out.

    Calls to STS go to the first region, so it is recorded even when no flag named it.
    """
    connection = flags.connection
    options: dict[str, JSON] = {
        "profile": connection.profile,
        "endpoint_url": bare_url(connection.endpoint_url) if connection.endpoint_url else None,
        "data_plane_url": bare_url(connection.data_plane_url) if connection.data_plane_url else None,
        "ca_bundle": None if connection.ca_bundle is None else str(connection.ca_bundle.absolute()),
        "regions": list(targets.regions) or None,
        "organization": None if targets.organization is None else targets.organization.to_json(),
        **role_options(targets),
        "client_fast_path": connection.client_fast_path,
        **_pace_options(flags.pace),
    }
    return {name: value for name, value in options.items() if value is not None}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object, most: float = inf) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def _is_quota_file(value: object) -> bool:
    return _reads(lambda: QuotaFile.from_json(record(value)))


def _reads(read: Callable[[], object]) -> bool:
    try:
        read()
    except (LookupError, TypeError, ValueError):
        return False
    return True


_FITS: Mapping[str, Callable[[object], bool]] = {
    **dict.fromkeys(
        (
            "profile",
            "endpoint_url",
            "data_plane_url",
            "ca_bundle",
            "role",
            "external_id",
            "session_name",
            "source_identity",
        ),
        _is_text,
    ),
    **dict.fromkeys(("roles", "organization_roles"), fits_chain),
    "session_tags": fits_tags,
    EXTERNAL_IDS: fits_external_ids,
    **dict.fromkeys(("client_fast_path", "strict", "probe", "polite", SHIP_PENDING), _is_flag),
    **dict.fromkeys(("burst", "workers", "attempts", "patience", "sts_rate", REREAD_AFTER), _is_number),
    "rate": lambda value: value == UNKNOWN or _is_number(value),
    "share": lambda value: _is_number(value, 1) and value != 0,
    "quota_scope": lambda value: value in tuple(Scoping),
    "quota_file": _is_quota_file,
    "organization": lambda value: _reads(lambda: AccountSelection.from_json(record(value))),
    "organization_accounts": lambda value: _reads(
        lambda: [Account.from_json(record(each)) for each in items(value)]
    ),
    "regions": lambda value: isinstance(value, list) and all(map(_is_text, value)),
}
"""What the value of each option must be."""


def _checked(options: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Give the options. Raises UsageError for a value that batchgw never records: somebody edited it."""
    for name, fits in _FITS.items():
        value = options.get(name)
        if value is not None and not fits(value):
            raise UsageError(
                f"what was recorded cannot be used: its option `{name}` is not what batchgw writes there. "
                "The plan, or the journal (table runs, column options), was edited or is damaged. Plan "
                "again, or restore it from a copy."
            )
    return options


def with_run_options(flags: RunFlags, options: Mapping[str, JSON]) -> RunFlags:
    """Fill in what flags left open. Raises UsageError for a value that batchgw never records."""
    _checked(options)
    return replace(flags, connection=_connection(flags.connection, options), pace=_pace(flags.pace, options))


def _connection(flags: ConnectionFlags, options: Mapping[str, JSON]) -> ConnectionFlags:
    chosen = any(os.environ.get(name) for name in _CHOSEN_OTHERWISE)
    bundle = text_or_none(options.get("ca_bundle"))
    recorded = options.get("client_fast_path")
    fast = None if recorded is None else truth(recorded)
    return ConnectionFlags(
        profile=flags.profile or (None if chosen else text_or_none(options.get("profile"))),
        endpoint_url=flags.endpoint_url or text_or_none(options.get("endpoint_url")),
        data_plane_url=flags.data_plane_url or text_or_none(options.get("data_plane_url")),
        ca_bundle=flags.ca_bundle or (Path(bundle) if bundle else None),
        client_fast_path=fast if flags.client_fast_path is None else flags.client_fast_path,
    )


def _pace_options(flags: PaceFlags) -> dict[str, JSON]:
    """Give the pace's flags. Of a quota file, its content is recorded, since the file may change."""
    values = {f.name: getattr(flags, f.name) for f in fields(flags)}
    return values | {"quota_file": flags.quota_file and flags.quota_file.to_json()}


def _pace(flags: PaceFlags, options: Mapping[str, JSON]) -> PaceFlags:
    given = {f.name: getattr(flags, f.name) for f in fields(flags)}
    given = {name: value for name, value in given.items() if value is not None}
    outdated = _outdated(flags)
    # Any: a field's value by its name. `_FITS` has checked each.
    kept: dict[str, Any] = {f.name: options.get(f.name) for f in fields(flags) if f.name not in outdated}
    if kept.get("quota_file"):
        kept["quota_file"] = QuotaFile.from_json(record(options["quota_file"]))
    if kept.get("quota_scope"):
        kept["quota_scope"] = Scoping(text(options["quota_scope"]))
    return PaceFlags(**(kept | given))


def _outdated(flags: PaceFlags) -> set[str]:
    """Name the recorded options that the flags given now make invalid.

    Strict and probing exclude each other. An unknown rate has no burst. A quota file given now counts for
    more than a flag given then.
    """
    outdated = set()
    if flags.strict:
        outdated.add("probe")
    if flags.probe:
        outdated.add("strict")
    if flags.rate == UNKNOWN:
        outdated.add("burst")
    if file := flags.quota_file:
        said = {
            "rate": file.rate,
            "burst": file.burst,
            "share": file.share,
            "polite": file.polite,
            "quota_scope": file.scope,
        }
        outdated |= {name for name, value in said.items() if value is not None}
    return outdated


def targets_with_run_options(targets: Targets, options: Mapping[str, JSON]) -> Targets:
    """Fill in regions and roles where flags left them open.

    Raises UsageError for a value that batchgw never records.
    """
    _checked(options)
    regions = targets.regions or tuple(Region(text(each)) for each in items(options.get("regions") or []))
    return replace(with_role_options(targets, options), regions=regions)


def reread_after(options: Mapping[str, JSON]) -> float | None:
    """Give the seconds for which a run trusts a reading; None where no flag set them.

    Raises UsageError for a value that batchgw never records.
    """
    value = _checked(options).get(REREAD_AFTER)
    return value if isinstance(value, int | float) else None


def ships_pending(options: Mapping[str, JSON]) -> bool:
    """Tell whether a run ships others' edits. Raises UsageError for a value that batchgw never records."""
    return bool(_checked(options).get(SHIP_PENDING))
