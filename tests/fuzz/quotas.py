"""Quota files, damaged as documents and as bytes. Promised: quotas, or UsageError with every position."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.flags.quota_file import KNOWN, load_quota_file
from batchgw.errors import QuotasInvalid, UsageError
from tests.fuzz.documents import as_json, as_yaml
from tests.fuzz.harness import fuzz
from tests.fuzz.mutate import Value, spoil, spoil_bytes

_WORDS = (
    *(
        "total",
        "rate",
        "burst",
        "share",
        "scope",
        "operations",
        "account",
        "account-region",
        "unknown",
        "polite",
    ),
    *("10", "1/5", "0.5", "1e9", "-1", "0", "1/0", "1e-400", "nan", *sorted(KNOWN)),
)


def run(cases: int, seed: int) -> int:
    """Check `cases` quota files. Raises Broken."""
    with TemporaryDirectory() as folder:
        return fuzz("quotas", _case, lambda case: check(case, Path(folder)), cases=cases, seed=seed)


def check(content: bytes, folder: Path) -> None:
    """Load a quota file and make a pace of it. Raises AssertionError, or what escapes."""
    path = folder / "quotas.yaml"
    path.write_bytes(content)
    try:
        pace = chosen_pace(PaceFlags(quota_file=load_quota_file(str(path))))
    except QuotasInvalid as invalid:
        for problem in invalid.problems:
            assert problem.file == str(path)
            assert problem.line > 0, problem
            assert problem.column > 0, problem
            assert problem.message.isprintable(), problem
    except UsageError as error:
        assert str(error).isprintable(), error  # noqa: PT017 - either way out is checked
    else:
        assert pace.rate is None or pace.rate > 0
        assert all(quota.rate > 0 and quota.burst >= 1 for quota in pace.operations.values())


def _case(dice: Random) -> bytes:
    document = _quotas(dice)
    if dice.random() < 0.7:
        document = spoil(document, dice, words=_WORDS)
    text = as_json(document, dice) if dice.random() < 0.5 else as_yaml(document, dice)
    content = text.encode("utf-8", "surrogatepass")
    return spoil_bytes(content, dice) if dice.random() < 0.4 else content


def _quotas(dice: Random) -> Value:
    optional: dict[str, Value] = {
        "total": dice.choice(({"rate": 20, "burst": 80}, {"rate": "unknown"}, {"rate": "1/2"}, {"burst": 3})),
        "share": dice.choice((0.5, 1, "0.1")),
        "scope": dice.choice(("account", "account-region")),
        "operations": {
            dice.choice(sorted(KNOWN)): dice.choice(({"rate": 1, "burst": 2}, {"rate": "1/5"}, {"burst": 7}))
        },
    }
    return {key: value for key, value in optional.items() if dice.random() < 0.6}
