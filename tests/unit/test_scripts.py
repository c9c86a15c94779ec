"""What the scripts name is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_path_that_the_quick_part_leaves_out_exists() -> None:
    """Else a test that was renamed runs on every Python, and nobody notices."""
    left_out = re.findall(r'--ignore(?:-glob)? "?([^\s"]+)', (ROOT / "scripts/pythons").read_text())
    assert left_out
    assert [path for path in left_out if not list(ROOT.glob(path))] == []
