"""AssumeRole, which is sent for every account, in AWS's query protocol: a form out, XML in. Pure.

As in `wire`, whatever is not as it always is, a parameter or an answer, is given up with None: botocore then
does it. `tests/unit/aws/test_query.py` holds it against botocore's own serializer and parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote_plus
from xml.etree import ElementTree as ET

from batchgw.control_plane.aws.wire import Written
from batchgw.control_plane.interface import Wire

_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)

_KEPT = 64
"""Quoted values kept: all but the roles are the same for every account."""

_quoted = lru_cache(maxsize=_KEPT)(quote_plus)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryForm:
    """A `Format` of the query protocol. All of the operation's parameters that are sent here are plain text.

    `read` makes boto3's answer of the members of the result, or None of a result that is not as it should be.
    """

    operation: str
    version: str
    params: frozenset[str]
    read: Callable[[Mapping[str, ET.Element]], Wire | None]

    def write(self, params: Wire) -> Written | None:
        """Write a form: the operation first, then the parameters as they come."""
        if not (params.keys() <= self.params and all(isinstance(each, str) for each in params.values())):
            return None
        fields = {"Action": self.operation, "Version": self.version, **params}
        return Written(
            method="POST",
            path="/",
            query="",
            body="&".join([f"{name}={_quoted(value)}" for name, value in fields.items()]).encode(),
            prepared=fields,
            content_type=_CONTENT_TYPE,
            accept=None,
        )

    def answer(self, body: bytes) -> Wire | None:
        """Read the result out of its envelope."""
        try:
            envelope = ET.fromstring(body, ET.XMLParser(encoding="utf-8"))  # noqa: S314 - as botocore does
        except (ET.ParseError, ValueError, LookupError):
            return None
        members = _members(envelope) if _name(envelope) == f"{self.operation}Response" else None
        result = None if members is None else members.get(f"{self.operation}Result")
        found = None if result is None else _members(result)
        return None if found is None else self.read(found)


def _role(result: Mapping[str, ET.Element]) -> Wire | None:
    """Read the keys, and whose they are. Nothing else in it is used."""
    keys, user = _texts(result.get("Credentials")), _texts(result.get("AssumedRoleUser"))
    if keys is None or user is None or not keys.keys() >= _KEYS:
        return None
    expiration = keys["Expiration"]
    if not _MOMENT.fullmatch(expiration):
        return None
    try:
        expires = datetime.fromisoformat(expiration)
    except ValueError:  # an impossible date
        return None
    return {"Credentials": {**keys, "Expiration": expires}, "AssumedRoleUser": user}


_KEYS = frozenset({"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"})


def _texts(parent: ET.Element | None) -> Mapping[str, str] | None:
    """Give the members of a structure, if each is plain text."""
    members = None if parent is None else _members(parent)
    if members is None:
        return None
    texts = {name: each.text for name, each in members.items() if each.text and not len(each)}
    return texts if len(texts) == len(members) else None


def _members(parent: ET.Element) -> Mapping[str, ET.Element] | None:
    """Give an element's members by name; None when there are several of one name."""
    members = {_name(child): child for child in parent}
    return members if len(members) == len(parent) else None


def _name(element: ET.Element) -> str:
    """Give an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


FORMATS: Mapping[str, QueryForm] = {
    "assume_role": QueryForm(
        operation="AssumeRole",
        version="2011-06-15",
        params=frozenset({"RoleArn", "RoleSessionName", "ExternalId"}),
        read=_role,
    ),
}
"""By the name of boto3's method."""
