"""What is wrong with the user's AWS files: it names the line, and does not show its text. Pure."""

from __future__ import annotations

import configparser

from botocore.exceptions import ConfigParseError


def unreadable(error: Exception) -> str:  # noqa: PLR0911 - one line for each cause
    """Tell in a sentence, without its full stop. A line of these files may hold a secret: none is quoted."""
    if not isinstance(error, ConfigParseError):
        return str(error).rstrip(".") or type(error).__name__
    path, cause = error.kwargs.get("path", "a file"), error.kwargs.get("error")
    match cause:
        case configparser.DuplicateSectionError():
            return f"{path}, line {cause.lineno}: [{cause.section}] stands there a second time"
        case configparser.DuplicateOptionError():
            return f"{path}, line {cause.lineno}: {cause.option} is set a second time in [{cause.section}]"
        case configparser.MissingSectionHeaderError():
            return f"{path}, line {cause.lineno}: there is no [section] above it"
        case configparser.ParsingError():
            lines = ", ".join(str(number) for number, _ in cause.errors)
            return f"{path}, line {lines}: neither a [section] nor NAME = VALUE"
        case UnicodeDecodeError():
            return f"{path}: not UTF-8 text, from byte {cause.start} on"
        case ValueError():
            return f"{path}: an indented line below a name without a value is not NAME = VALUE"
        case _:
            return f"{path}: {type(cause).__name__}"
