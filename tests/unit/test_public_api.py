"""The package's door: lazy, sorted, and complete."""

from __future__ import annotations

import subprocess
import sys

import batchgw


def test_every_public_name_is_there() -> None:
    for name in batchgw.__all__:
        assert getattr(batchgw, name) is not None
    assert list(batchgw.__all__) == sorted(batchgw.__all__)


def test_an_unknown_name_is_refused_as_usual() -> None:
    assert not hasattr(batchgw, "manager")


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("aioboto3", "aiohttp", "botocore", "pydantic", "rich", "sqlalchemy", "structlog", "typer")
    code = f"import sys, batchgw; print([m for m in {heavy!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_command_line_s_help_loads_nothing_heavy() -> None:
    heavy = ("aioboto3", "aiohttp", "botocore", "pydantic", "sqlalchemy", "structlog")
    code = (
        "import sys\n"
        "from batchgw.cli.main import main\n"
        "sys.argv = ['batchgw', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stderr.strip().splitlines()[-1] == "[]"
