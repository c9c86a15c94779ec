"""One botocore client for all accounts and regions: whose keys sign, and where, is chosen call by call.

A client per account-region would cost 25 ms and 0.3 MB each. Instead two public events of botocore are used:
`provide-client-params` takes our target out of the parameters and puts it into the call's signing context,
and `before-endpoint-resolution` resolves the endpoint for the target's region. The context's key
`request_credentials` is undocumented: `tests/conformance/aws/test_aws_plane_targets.py` pins it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Protocol

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.transport import transport_error, unresolved_host
from batchgw.control_plane.aws.wire import FORMS, read_json
from batchgw.control_plane.classify import classify, parse_retry_after
from batchgw.control_plane.interface import API_GATEWAY
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.errors import BadRequest, CallError, ScopeError
from batchgw.model import Region
from batchgw.model.scope import is_region

_MARKER = "batchgw:target"
"""The parameter that carries the target to the first event; no operation of AWS can have one of that name."""

GIVEN = "batchgw:given"
"""Where a call's context keeps its target and its parameters, for later events."""

SUCCESS = 200
FIRST_ERROR_STATUS = 300

_PARSING = (
    ResponseParserError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    OverflowError,
    RuntimeError,  # of a date that no calendar holds; and RecursionError is one
)
"""What botocore's parsers raise on a body of an unexpected shape."""

_NO_NAMES = ("", ".", "..")
"""What vanishes from a path, and its parent with it, when somebody on the way tidies it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose keys sign a call, and for which region."""

    keys: Keys
    region: Region


class Shortcut(Protocol):
    """A way around the client, for some calls."""

    async def call(self, method: str, target: Target, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Make one call, or give None where the client has to. Raises what the client raises."""
        ...


class TargetedClient:
    """A botocore client whose calls each say their target, and fail with a CallError and nothing else.

    `shortcut` is tried first, `regions` are those that botocore knows.
    """

    def __init__(self, client: Any, regions: frozenset[str], shortcut: Shortcut | None = None) -> None:
        self._client = client
        self._regions = regions
        self._shortcut = shortcut
        self._seen: set[Region] = set()  # regions whose form was looked at
        self._in_path: dict[str, tuple[str, ...]] = {}
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"provide-client-params.{service}", _aim)
        client.meta.events.register(f"before-endpoint-resolution.{service}", _resolve_there)
        read = _READERS.get(client.meta.service_model.resolved_protocol)
        if read is not None:
            client.meta.events.register(f"before-parse.{service}", read)

    async def call(
        self, method: str, target: Target, params: Mapping[str, Any], *, stream: str | None = None
    ) -> Mapping[str, Any]:
        """Make one call and give botocore's answer. Raises a CallError.

        `stream` names the member that is a stream, if it is to be read to its end here.
        """
        if target.region not in self._seen:
            self._check_region(target.region)
        self._check(method, params)
        try:
            answer = await self._shortcut.call(method, target, params) if self._shortcut else None
            if answer is None:
                answer = await getattr(self._client, method)(**params, **{_MARKER: target})
            if stream is not None:
                answer = {**answer, stream: await _whole(answer[stream])}
        except ClientError as error:
            raise _refusal(error.response, target.keys) from error
        except BotoCoreError as error:
            raise self._explained(error, target) from error
        except CallError:
            raise
        except _PARSING as error:
            raise unreadable_answer(f"{type(error).__name__} while parsing it") from error
        return answer

    def _check_region(self, region: Region) -> None:
        """Refuse what would make another host of the call's, wherever it was read."""
        if not is_region(region):
            raise ScopeError(
                f"{region!r} is not a region, so nothing was sent: it would be part of a host's name. Check "
                "the regions in the policy, the plan, the flags and the environment.",
                code="NotARegion",
            )
        self._seen.add(region)

    def _check(self, method: str, params: Mapping[str, Any]) -> None:
        """Refuse what would make another address of the call's: botocore's own check is switched off."""
        names = self._in_path.get(method)
        if names is None:
            names = self._in_path[method] = self._path_parameters(method)
        for name in names:
            value = params.get(name)
            if not isinstance(value, str) or value in _NO_NAMES or "/" in value:
                raise BadRequest(
                    f"{name} cannot be {value!r}: with it the request would be about something else, so it "
                    "was not sent. Check the ids in the policy, the plan or the flags.",
                    code="ParamValidationError",
                )

    def _path_parameters(self, method: str) -> tuple[str, ...]:
        meta = self._client.meta
        shape = meta.service_model.operation_model(meta.method_to_api_mapping[method]).input_shape
        members = {} if shape is None else shape.members
        return tuple(name for name, each in members.items() if each.serialization.get("location") == "uri")

    def _explained(self, error: BotoCoreError, target: Target) -> CallError:
        """Explain a call without an answer. A region unknown to botocore and the DNS is a misspelling."""
        host = unresolved_host(error)
        if host is None or target.region not in host or target.region in self._regions:
            return transport_error(error)
        nearest = get_close_matches(target.region, self._regions, n=1)
        return ScopeError(
            f"there is no region {target.region}: {host} does not resolve. "
            + (f"Did you mean {nearest[0]}?" if nearest else "`aws account list-regions` shows them."),
            code="UnknownRegion",
        )


async def _whole(stream: Any) -> bytes:
    """Read a stream to its end, and name what goes wrong on the way as botocore names it elsewhere."""
    try:
        return bytes(await stream.read())
    except (aiohttp.ClientError, IncompleteReadError, ResponseStreamingError) as error:
        raise ConnectionClosedError(endpoint_url=str(stream.url), error=error) from error
    finally:
        stream.close()


def request_id(answer: Mapping[str, Any]) -> str | None:
    """Give AWS's id of the request behind an answer."""
    found = answer.get("ResponseMetadata", {}).get("RequestId")
    return str(found) if found else None


def _aim(params: dict[str, Any], context: dict[str, Any], **_: object) -> dict[str, Any]:
    params = dict(params)
    target: Target = params.pop(_MARKER)
    context[GIVEN] = (target, params)
    context["signing"] = {"request_credentials": target.keys, "region": target.region}
    return params


def _resolve_there(builtins: dict[str, Any], context: Mapping[str, Any], **_: object) -> None:
    builtins["AWS::Region"] = context["signing"]["region"]
    if "AWS::STS::UseGlobalEndpoint" in builtins:  # the global one is far away, and one failure for all
        builtins["AWS::STS::UseGlobalEndpoint"] = False


_FORMS = {form.operation: form for form in FORMS.values()}
"""Those of API Gateway, by AWS's name of the operation."""


def _read_here(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Read what botocore has received as the fast path does, and leave botocore nothing to read.

    A stream is the caller's to read, and need not be JSON: an export in YAML.
    """
    body, status = response_dict["body"], response_dict["status_code"]
    if not isinstance(body, bytes):
        return
    if status >= FIRST_ERROR_STATUS:
        response_dict["body"] = readable_refusal(body)
        return
    form = _FORMS.get(operation_model.name) if _of_api_gateway(operation_model) else None
    try:
        if form is None:
            _refuse_foreign_text(body)
            return
        customized_response_dict.update(form.answer(body))
    except CallError as error:
        raise about(error, status, response_dict["headers"].get("x-amzn-requestid")) from error.__cause__
    response_dict["body"] = b""


def _of_api_gateway(operation_model: Any) -> bool:
    return bool(operation_model.service_model.service_name == API_GATEWAY)


def _read_as_sent(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Take the members of an answer of the JSON protocol as they were sent, and leave botocore none to read.

    They are called as in boto3. botocore leaves out members that its model does not know, and an older one
    does not know all that matters here: `Paths` and `State` of an account. Dates stay numbers.
    """
    body, status = response_dict["body"], response_dict["status_code"]
    if status >= FIRST_ERROR_STATUS:
        response_dict["body"] = readable_refusal(body)
        return
    content = read_json(body)
    if not isinstance(content, dict):
        error = unreadable_answer("it is not a JSON object" if body.strip() else "it is empty")
        raise about(error, status, response_dict["headers"].get("x-amzn-requestid"))
    content.pop("ResponseMetadata", None)  # a word of botocore's: an answer must not set it
    customized_response_dict.update(content)
    response_dict["body"] = b""


_READERS = {"rest-json": _read_here, "json": _read_as_sent}
"""What reads answers in botocore's place, by the protocol of the service."""


def _refuse_foreign_text(body: bytes) -> None:
    """Refuse a success that is not a JSON object. botocore would take a portal's page for an empty list."""
    text = body.strip()
    if text and not (text.startswith(b"{") and text.endswith(b"}")):
        raise unreadable_answer("it is not a JSON object")


def about(error: CallError, status: int, request: str | None) -> CallError:
    """Give the same error with the answer that it is about."""
    return error.again(status=error.status or status, request_id=error.request_id or request)


_SAID = ("code", "Code", "__type", "message", "Message")
"""What botocore reads of a refusal's body."""


def readable_refusal(body: bytes) -> bytes:
    """Give of a refusal's body what tells of the refusal. botocore's parser fails on much else.

    Without any, status and headers tell what it is. A body that is not JSON botocore takes for the message.
    """
    try:
        content = json.loads(body) if body else {}
    except ValueError:
        return body
    except RecursionError:
        return b"{}"
    said = content if isinstance(content, dict) else {}
    return json.dumps({name: said[name] for name in _SAID if isinstance(said.get(name), str)}).encode()


def _refusal(response: Mapping[str, Any], keys: Keys) -> CallError:
    error = response.get("Error", {})
    metadata = response.get("ResponseMetadata", {})
    hint = metadata.get("HTTPHeaders", {}).get("retry-after") or response.get("retryAfterSeconds")
    return classify(
        str(error.get("Code") or ""),
        int(metadata.get("HTTPStatusCode", 0)),
        str(error.get("Message") or ""),
        retry_after=parse_retry_after(None if hint is None else str(hint), time.time()),
        request_id=request_id(response),
        secrets=(keys.access_key, keys.secret_key, keys.token),
    )
