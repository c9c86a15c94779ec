"""Runs a module as a program that ends with its parent process: at the end of its standard input.

`python tether.py MODULE [ARGUMENT]...`. Whatever kills the starter, its end of the pipe is closed with it.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading

_STDIN = 0
_BLOCK = 4096


def main() -> None:
    """Remove this program's own name from the command line, and run the module."""
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_the_starter() -> None:
    """Read without Python's buffer: its lock would make an interpreter fail that ends by itself."""
    while os.read(_STDIN, _BLOCK):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
