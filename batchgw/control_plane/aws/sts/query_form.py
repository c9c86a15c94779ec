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
    """A `Format` of the query protocol.

    Attributes:
        operation: its name at AWS.
        version: of the service's model.
        texts: the parameters that are plain text.
        lists: those that are lists of plain texts, or of structures of plain texts.
        read: makes boto3's answer of the members of the result, or None of a result that is not as it should
            be.
    """

    operation: str
    version: str
    texts: frozenset[str]
    lists: frozenset[str]
    read: Callable[[Mapping[str, ET.Element]], Wire | None]

    def write(self, params: Wire) -> Written | None:
        """Write a form: the operation first, then the parameters as they come."""
        fields: dict[str, str] = {"Action": self.operation, "Version": self.version}
        for name, value in params.items():
            if name in self.texts and isinstance(value, str):
                fields[name] = value
            elif name in self.lists and isinstance(value, list) and (members := _numbered(name, value)):
                fields.update(members)
            else:
                return None
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


def _numbered(parameter: str, values: list[object]) -> dict[str, str] | None:
    """Name the texts of a list: Tags.member.1.Key, ... None: one is no plain text, or there is none."""
    fields: dict[str, str] = {}
    for number, value in enumerate(values, 1):
        at = f"{parameter}.member.{number}"
        parts = {f".{key}": each for key, each in value.items()} if isinstance(value, dict) else {"": value}
        texts = {at + name: each for name, each in parts.items() if isinstance(each, str)}
        if not texts or len(texts) < len(parts):
            return None
        fields.update(texts)
    return fields or None


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
        texts=frozenset({"RoleArn", "RoleSessionName", "ExternalId", "SourceIdentity", "Policy"}),
        lists=frozenset({"Tags", "TransitiveTagKeys"}),
        read=_role,
    ),
}
"""By the name of boto3's method."""
