"""Targets files: lines in both forms, damaged as records and as bytes. Promised: targets, or UsageError."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from batchgw.cli.flags.options import ConnectionFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.errors import UsageError
from batchgw.model import Targets
from tests.fuzz.harness import fuzz
from tests.fuzz.mutate import Value, spoil, spoil_bytes

_WORDS = (
    "id",
    "account",
    "region",
    "name",
    "a1b2c3d4e5",
    "eu-west-1",
    "111122223333",
    "/",
    "a/b/c/d",
    "#",
    "{}",
)


def run(cases: int, seed: int) -> int:
    """Check `cases` targets files. Raises Broken."""
    with TemporaryDirectory() as folder:
        return fuzz("targets", _case, lambda case: check(case, Path(folder)), cases=cases, seed=seed)


def check(content: bytes, folder: Path) -> None:
    """Choose the targets that a file names. Raises AssertionError, or what escapes."""
    path = folder / "targets"
    path.write_bytes(content)
    try:
        chosen = chosen_targets(Targets(), SelectionFlags(targets=str(path)), ConnectionFlags())
    except UsageError as error:
        assert str(error).isprintable(), error  # noqa: PT017 - either way out is checked
    else:
        assert chosen.apis.explicit
        assert all(api.id.isascii() and api.id.isalnum() for api in chosen.apis.explicit)


def _case(dice: Random) -> bytes:
    text = dice.choice(("\n", "\r\n", "\n\n")).join(_line(dice) for _ in range(dice.randint(1, 6)))
    content = (dice.choice(("", "\ufeff")) + text).encode("utf-8", "surrogatepass")
    return spoil_bytes(content, dice) if dice.random() < 0.5 else content


def _line(dice: Random) -> str:
    account, region, id_ = (
        dice.choice(("111122223333", "012345678901")),
        dice.choice(("eu-west-1", "us-east-1")),
        "a1b2c3d4e5",
    )
    if dice.random() < 0.5:
        return dice.choice(
            (id_, f"{region}/{id_}", f"{account}/{region}/{id_}", f"{id_} # orders", "# none", "")
        )
    record: Value = {"account": account, "region": region, "id": id_, "name": "orders", "tags": {"a": "b"}}
    if dice.random() < 0.6:
        record = spoil(record, dice, words=_WORDS)
    return json.dumps(record, ensure_ascii=dice.random() < 0.5)
