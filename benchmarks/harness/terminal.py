"""A terminal that nobody reads."""

from __future__ import annotations

import io


class Terminal(io.StringIO):
    """Text that is written as to a terminal."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True
