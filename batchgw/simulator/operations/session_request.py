"""Reads the parameters of AssumeRole, with STS's own constraints and refusals."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from batchgw.simulator.iam.documents import Policy
from batchgw.simulator.iam.reading import Kind, PolicyFault
from batchgw.simulator.iam.reading import read as read_policy
from batchgw.simulator.operations.params import optional_text, strings, structures, text, whole
from batchgw.simulator.reply import Params, ServiceFault
from batchgw.simulator.service_models import partition
from batchgw.simulator.world.keys import Key, RoleSession
from batchgw.simulator.world.trust import LONGEST

_ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role(?P<path>/(?:.*/)?)(?P<role>[\w+=,.@-]{1,64})",
    re.ASCII,
)
_SHORTEST, _LONGEST_CHAINED = 900, 3_600  # seconds (API reference, AssumeRole)
_MOST_TAGS, _TAG_KEY, _TAG_VALUE, _POLICY = 50, 128, 256, 2_048  # likewise

_IN_TAGS = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"  # service model, tagKeyType and tagValueType

PACKED = 4_096
"""Bytes of policy and tags that are taken together. AWS packs them in a way, and to a limit, that it does not
publish. The number here lets a policy of full length pass with 50 short tags, but not with 50 long ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRequest:
    """What AssumeRole is asked for.

    Attributes:
        arn: of the role, whose `account`, `path` and name `role` are parts of it.
        name: RoleSessionName.
        seconds: DurationSeconds.
        external_id: ExternalId.
        policy: the session policy.
        requested_tags: of this request.
        tags: those and the transitive ones of the caller's session.
        transitive: keys in lower case of the tags that go on to further sessions.
        source_identity: of this request or of the caller's session.
        packed: percent of the allowed space that policy and tags take; 0 without any.
    """

    arn: str
    account: str
    path: str
    role: str
    name: str
    seconds: int
    external_id: str | None
    policy: Policy | None
    requested_tags: Mapping[str, str]
    tags: Mapping[str, str]
    transitive: frozenset[str]
    source_identity: str | None
    packed: int

    @property
    def actions(self) -> tuple[str, ...]:
        """What the caller's policies and the trust policy must allow. Inherited tags and identities count."""
        parts = {
            "sts:AssumeRole": True,
            "sts:TagSession": bool(self.tags),
            "sts:SetSourceIdentity": self.source_identity is not None,
        }
        return tuple(action for action, needed in parts.items() if needed)


def read(params: Params, caller: Key, region: str) -> SessionRequest:
    """Read the parameters of a call by a caller to a region's STS. Raises ServiceFault."""
    arn = text(params, "RoleArn")
    match = _ROLE_ARN.fullmatch(arn)
    if match is None or match["partition"] != partition(region):
        raise invalid(f"{arn} is invalid")
    if params.get("PolicyArns"):
        raise invalid("The simulator has no managed policies: PolicyArns cannot be used.")
    inherited = caller.session
    policy = _text(params, "Policy", most=_POLICY, pattern=r"[\u0009\u000A\u000D\u0020-\u00FF]*")
    requested = _tags(params, inherited)
    tags = {**_inherited_tags(inherited), **requested}
    return SessionRequest(
        arn=arn,
        account=match["account"],
        path=match["path"],
        role=match["role"],
        name=_text(params, "RoleSessionName", most=64, least=2, pattern=r"[\w+=,.@-]*") or "",
        seconds=_duration(whole(params, "DurationSeconds"), caller),
        external_id=_text(params, "ExternalId", most=1224, least=2, pattern=r"[\w+=,.@:\/-]*"),
        policy=None if policy is None else _policy(policy),
        requested_tags=requested,
        tags=tags,
        transitive=_transitive(params, requested, inherited),
        source_identity=_source_identity(params, inherited),
        packed=_packed(policy or "", tags),
    )


def invalid(message: str) -> ServiceFault:
    """Make the refusal of parameters that STS does not take."""
    return ServiceFault("ValidationError", 400, message, modelled=False)


def _text(params: Params, name: str, *, most: int, least: int = 1, pattern: str = ".*") -> str | None:
    value = optional_text(params, name)
    if name == "RoleSessionName":
        value = value or ""  # the only one that must be given
    if value is None:
        return None
    member = name[0].lower() + name[1:]
    if len(value) > most:
        raise _violated(value, member, f"Member must have length less than or equal to {most}")
    if not re.fullmatch(pattern, value, re.DOTALL | re.ASCII):
        raise _violated(value, member, f"Member must satisfy regular expression pattern: {pattern}")
    if len(value) < least:
        raise _violated(value, member, f"Member must have length greater than or equal to {least}")
    return value


def _violated(value: object, member: str, constraint: str) -> ServiceFault:
    return invalid(
        f"1 validation error detected: Value '{value}' at '{member}' "
        f"failed to satisfy constraint: {constraint}"
    )


def _duration(wanted: int | None, caller: Key) -> int:
    seconds = 3_600 if wanted is None else wanted
    if caller.assumed_role and seconds > _LONGEST_CHAINED:
        raise invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit "
            "for roles assumed by role chaining"
        )
    if seconds < _SHORTEST:
        raise _violated(
            seconds, "durationSeconds", f"Member must have value greater than or equal to {_SHORTEST}"
        )
    if seconds > LONGEST:
        raise _violated(seconds, "durationSeconds", f"Member must have value less than or equal to {LONGEST}")
    return seconds


def _policy(written: str) -> Policy:
    try:
        return read_policy(json.loads(written), Kind.SESSION)
    except (ValueError, RecursionError):
        raise _malformed("This policy contains invalid Json") from None
    except PolicyFault as fault:
        raise _malformed(f"Syntax errors in policy. {fault}") from None


def _malformed(message: str) -> ServiceFault:
    return ServiceFault("MalformedPolicyDocument", 400, message)


def _tags(params: Params, inherited: RoleSession | None) -> dict[str, str]:
    given = structures(params, "Tags")
    if len(given) > _MOST_TAGS:
        raise _violated(given, "tags", f"Member must have length less than or equal to {_MOST_TAGS}")
    tags = {text(tag, "Key"): text(tag, "Value") for tag in given}
    for key, value in tags.items():
        if not 1 <= len(key) <= _TAG_KEY or len(value) > _TAG_VALUE:
            raise _violated(
                f"{key}={value}",
                "tags",
                f"Member must have a key of 1 to {_TAG_KEY} characters and a value of at most {_TAG_VALUE}",
            )
        if not (_fits_tag(key) and _fits_tag(value)):
            raise _violated(
                f"{key}={value}", "tags", f"Member must satisfy regular expression pattern: {_IN_TAGS}"
            )
    lower = {key.lower() for key in tags}
    if len(lower) < len(given):
        raise _bad_value("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if inherited is not None and lower & inherited.transitive:
        raise _bad_value(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive "
            "tag key from the calling session."
        )
    return tags


def _fits_tag(text: str) -> bool:
    """Tell whether a tag's key or value fits STS's pattern, which is about letters of every script."""
    return all(each in "_.:/=+-@" or unicodedata.category(each)[0] in "LZN" for each in text)


def _bad_value(message: str) -> ServiceFault:
    return ServiceFault("InvalidParameterValue", 400, message, modelled=False)


def _inherited_tags(inherited: RoleSession | None) -> dict[str, str]:
    if inherited is None:
        return {}
    return {key: value for key, value in inherited.tags.items() if key.lower() in inherited.transitive}


def _transitive(
    params: Params, requested: Mapping[str, str], inherited: RoleSession | None
) -> frozenset[str]:
    keys = frozenset(key.lower() for key in strings(params, "TransitiveTagKeys") or ())
    if not keys <= {key.lower() for key in requested}:
        raise _bad_value("The specified transitive tag key must be included in the requested tags.")
    return keys if inherited is None else keys | inherited.transitive


def _source_identity(params: Params, inherited: RoleSession | None) -> str | None:
    """Read it. One that the caller's session has already stays as it is (recorded by users)."""
    wanted = _text(params, "SourceIdentity", most=64, least=2, pattern=r"[\w+=,.@-]*")
    before = None if inherited is None else inherited.source_identity
    if before is not None and wanted not in (None, before):
        raise invalid("The source identity is already set for this assume role session")
    return wanted or before


def _packed(policy: str, tags: Mapping[str, str]) -> int:
    """Give the percent of the space that a policy and tags take. Raises PackedPolicyTooLarge above 100."""
    size = len(policy.encode()) + sum(len(key.encode()) + len(value.encode()) for key, value in tags.items())
    percent = -(-size * 100 // PACKED)
    if percent > 100:  # noqa: PLR2004 - percent
        of = "Packed size of session tags" if tags else "Packed policy"
        raise ServiceFault("PackedPolicyTooLarge", 400, f"{of} consumes {percent}% of allotted space.")
    return percent
