"""Writes the table of rules into docs/policy.md, from the rules themselves. Run it after a new rule."""

import re
from pathlib import Path

from batchgw.policy.lint.registry import all_rules

PAGE = Path(__file__).resolve().parent.parent / "docs" / "policy.md"


def main() -> None:
    """Put the rows that there should be in the place of those that are there."""
    rows = "".join(f"| `{r.name}` | {r.severity} | {r.summary} |\n" for r in all_rules().values())
    before, heading, after = PAGE.read_text(encoding="utf-8").partition("### Rules\n")
    table = re.compile(r"(\|---\|---\|---\|\n)(?:\|.*\n)+")
    after = table.sub(lambda found: found[1] + rows, after, count=1)
    PAGE.write_text(before + heading + after, encoding="utf-8")


if __name__ == "__main__":
    main()
