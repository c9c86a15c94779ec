"""What the scripts name is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_path_of_the_quick_part_exists() -> None:
    """Pytest refuses a path that does not exist, but only where there is another Python."""
    pattern = re.compile(r"^quick=\(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
    quick = pattern.search((ROOT / "scripts/pythons").read_text())
    assert quick
    paths = re.findall(r"^ +(tests\S*)$", quick[1], re.MULTILINE)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
