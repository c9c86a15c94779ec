r"""Where an account or an OU stands, as people write it: `/Prod/Payments`.

The names from the top, without the root, which is `/` by itself. A slash or a backslash within a name is
escaped by a backslash.
"""

from __future__ import annotations

Names = tuple[str, ...]
"""Names of OUs from the top down, without the root."""


def names_of(path: str) -> Names:
    """Read a path. Raises ValueError for one that does not begin with a slash or has an empty name in it."""
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is no path of an OU: it begins with a slash, as in /Prod/Payments")
    names: list[str] = [""]
    characters = iter(path[1:])
    for character in characters:
        if character == "\\":
            names[-1] += next(characters, "\\")
        elif character == "/":
            names.append("")
        else:
            names[-1] += character
    if path != "/" and not all(names):
        raise ValueError(f"{path!r} is no path of an OU: a name in it is empty")
    return () if path == "/" else tuple(names)


def path_of(names: Names) -> str:
    """Write a path: `/` for the root."""
    return "/" + "/".join(name.replace("\\", "\\\\").replace("/", "\\/") for name in names)
