"""What of a run's options the journal keeps: what a resume needs to reach the same APIs at the same pace.

Credentials are never among them. External ids of roles are: AWS does not count them as secrets, and without
them a resume could not assume the roles; but they are nobody else's business, so they are not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batchgw.model.shape import JSON
from batchgw.redaction import with_bare_urls

KEPT_OPTIONS: Final = frozenset(
    {
        "accounts",
        "attempts",
        "burst",
        "ca_bundle",
        "client_fast_path",
        "data_plane_url",
        "endpoint_url",
        "exclude",
        "explicit",
        "identity",
        "only",
        "external_id",
        "external_ids",
        "include",
        "organization",
        "organization_accounts",
        "organization_roles",
        "patience",
        "plan",
        "planned_as",
        "polite",
        "probe",
        "profile",
        "quota_file",
        "quota_scope",
        "rate",
        "recheck",
        "regions",
        "reread_after",
        "role",
        "roles",
        "scopes",
        "session_name",
        "session_tags",
        "share",
        "ship_pending",
        "source_identity",
        "strict",
        "sts_rate",
        "targets",
        "workers",
    }
)
"""The options that are kept; any other is left out."""

HIDDEN_OPTIONS: Final = frozenset({"external_id", "external_ids"})
"""Kept, but shown to nobody."""


def kept(options: Mapping[str, JSON]) -> dict[str, JSON]:
    """Give the options to keep, and of URLs among them no credentials, nor a query that may hold some."""
    return {name: with_bare_urls(value) for name, value in options.items() if name in KEPT_OPTIONS}


def visible(options: Mapping[str, JSON]) -> dict[str, JSON]:
    """Give what may be shown."""
    return {name: "***" if name in HIDDEN_OPTIONS and value else value for name, value in options.items()}
