"""Brings the tables of an earlier batchgw up to date, step by step. Each step leads to one version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, column, insert, select, table, text, update

from batchgw.journal.sql.tables.columns import canonical
from batchgw.journal.sql.tables.schema import (
    changes,
    decisions,
    deployed,
    gate_checks,
    ids,
    images,
    limits,
    organization,
    schema_version,
    snapshots,
    waves,
)
from batchgw.version import VERSION


def _remember_limits(connection: Connection) -> None:
    """To 2: what is learned of quotas. A version that changes this table freezes it here as it is now."""
    limits.create(connection)


def _name_kinds(connection: Connection) -> None:
    """To 3: a change has a kind, and its images say all. Until then each was of a gateway response.

    A version that changes these tables freezes them here as they are now.
    """
    for statement in _SET_ASIDE:
        connection.execute(text(statement))
    images.create(connection)
    changes.create(connection)
    connection.execute(text(_COPY_IMAGES))
    connection.execute(insert(_befores), _before_images(connection))
    connection.execute(text(_COPY_CHANGES))
    for statement in _DROP:
        connection.execute(text(statement))


_SET_ASIDE: Final = (
    "DROP INDEX ix_changes_api_id",
    "ALTER TABLE changes RENAME TO old_changes",
    "ALTER TABLE settings RENAME TO old_settings",
    "CREATE TABLE old_befores (settings_id BIGINT, is_default BOOLEAN, image_id BIGINT)",
)
_COPY_IMAGES: Final = "INSERT INTO images (id, digest, body) SELECT id, digest, body FROM old_settings"
_COPY_CHANGES: Final = """
    INSERT INTO changes (
        id, api_id, change, target, action, before_id, after_id, intended_at,
        rank, kind, code, message, attempts, throttles, waited, request_id, verified, decided_at
    )
    SELECT
        id, api_id, 'response', type, action, image_id, after_id, intended_at,
        rank, kind, code, message, attempts, throttles, waited, request_id, verified, decided_at
    FROM old_changes LEFT JOIN old_befores ON settings_id = before_id AND is_default = before_default
"""
_DROP: Final = ("DROP TABLE old_changes", "DROP TABLE old_befores", "DROP TABLE old_settings")
_befores: Final = table("old_befores", column("settings_id"), column("is_default"), column("image_id"))


def _before_images(connection: Connection) -> list[dict[str, int | bool]]:
    """Store an image for each settings that were before a change; give which image stands for which."""
    found = connection.execute(
        text(
            "SELECT DISTINCT before_id, before_default, body "
            "FROM old_changes JOIN old_settings ON old_settings.id = before_id"
        )
    ).all()
    end = connection.execute(select(ids.c.next)).scalar_one() + len(found)
    connection.execute(update(ids).values(next=end))
    rows = []
    for image_id, (settings_id, is_default, settings) in enumerate(found, end - len(found)):
        body = canonical({**json.loads(settings), "defaultResponse": bool(is_default)})
        digest = hashlib.sha256(body.encode()).digest()
        connection.execute(insert(images).values(id=image_id, digest=digest, body=body))
        rows.append({"settings_id": settings_id, "is_default": is_default, "image_id": image_id})
    return rows


def _remember_organization(connection: Connection) -> None:
    """To 4: what organisations look like. A version that changes this table freezes it here as it is now."""
    organization.create(connection)


def _know_stages(connection: Connection) -> None:
    """To 5: waves, snapshots, and what deployments answer with.

    A version that changes these tables freezes them here as they are now.
    """
    for statement in _NEW_COLUMNS:
        connection.execute(text(statement))
    for each in (snapshots, deployed, waves, gate_checks, decisions):
        each.create(connection)


_NEW_COLUMNS: Final = (
    "ALTER TABLE apis ADD COLUMN wave INTEGER",
    "ALTER TABLE runs ADD COLUMN parent VARCHAR(32)",
    "ALTER TABLE runs ADD COLUMN rollout TEXT",
)


_STEPS: Final[Mapping[int, Callable[[Connection], None]]] = {
    2: _remember_limits,
    3: _name_kinds,
    4: _remember_organization,
    5: _know_stages,
}
"""What leads to each version from the one before."""

OLDEST: Final = min(_STEPS) - 1
"""The first version that can be brought up to date."""


def migrate(connection: Connection, found: int, wanted: int) -> None:
    """Change the tables from version `found` to `wanted`, within the caller's transaction."""
    for version in range(found + 1, wanted + 1):
        _STEPS[version](connection)
    connection.execute(update(schema_version).values(version=wanted, written_by=VERSION))
