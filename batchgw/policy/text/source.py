"""Reads a policy's text from a file or standard input. What cannot be read as text is PolicyInvalid."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Never

from batchgw.errors import PolicyInvalid, Problem
from batchgw.policy.quoting import did_you_mean
from batchgw.policy.text.opening import STDIN, opened

MAX_BYTES = 2_000_000
"""Ten times the largest sensible policy. Reading the worst YAML of this size takes about two seconds."""

_PLAN = b'{"kind":"plan"'
"""How a saved plan begins."""


def file_name(path: Path | str) -> str:
    """The name of the policy in messages."""
    return "<stdin>" if str(path) == STDIN else str(path)


def read_text(path: Path | str) -> str:
    """Read the policy's text. Raises PolicyInvalid with what is wrong and what to do."""
    name = file_name(path)
    try:
        content = read_bounded(path)
    except FileNotFoundError:
        _refuse(name, f"there is no such file{_similar_file(Path(path))}")
    except IsADirectoryError:
        _refuse(name, "this is a folder; name the policy file in it")
    except OSError as error:
        _refuse(name, f"the file cannot be read: {error.strerror or error}")
    except ValueError as error:  # a NUL in the path
        _refuse(name, f"this cannot be the name of a file: {error}")
    return decode(content, name)


def decode(content: bytes, name: str) -> str:
    """Take bytes for UTF-8, with or without a byte order position. Raises PolicyInvalid for anything else."""
    if content.startswith(_PLAN):
        _refuse(name, "this is a saved plan, and no policy: give it to `apply --plan`, or to `show`")
    if len(content) > MAX_BYTES:
        _refuse(name, f"the file is larger than {MAX_BYTES // 1_000_000} MB: this is not a policy")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        _refuse(name, "the file is UTF-16; save it as UTF-8", line=1, column=1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start]
        _refuse(
            name,
            f"the byte 0x{error.object[error.start]:02x} here is not UTF-8; save the file as UTF-8",
            line=before.count(b"\n") + 1,
            column=len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1,
        )


def read_bounded(path: Path | str) -> bytes:
    """Read a file, or standard input for "-", but at most one byte more than a policy may have.

    Raises OSError, and ValueError for what cannot be the name of a file.
    """
    with opened(path) as file:
        return file.read(MAX_BYTES + 1)


def _similar_file(path: Path) -> str:
    try:
        names = [p.name for p in path.parent.iterdir() if p.suffix in {".yaml", ".yml", ".json"}]
    except OSError:
        names = []
    return did_you_mean(path.name, names) or "; `batchgw init` writes one to start from"


def _refuse(name: str, message: str, *, line: int = 0, column: int = 0) -> Never:
    problem = Problem(file=name, line=line, column=column, message=message, rule="file")
    raise PolicyInvalid((problem,)) from None
