"""One botocore client for all accounts and regions: whose keys sign, and where, is chosen call by call.

A client per account-region would cost 25 ms and 0.3 MB each. Instead two public events of botocore are used:
`provide-client-params` takes our target out of the parameters and puts it into the call's signing context,
and `before-endpoint-resolution` resolves the endpoint for the target's region. The context's key
`request_credentials` is undocumented: `tests/conformance/test_aws_plane_targets.py` pins it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from batchgw.control_plane.aws.keys import Keys
from batchgw.control_plane.aws.transport import transport_error, unreadable_answer, unresolved_host
from batchgw.control_plane.classify import classify, parse_retry_after
from batchgw.errors import CallError, ScopeError
from batchgw.model import Region

_MARKER = "batchgw:target"
"""The parameter that carries the target to the first event; no operation of AWS can have one of that name."""

_FIRST_ERROR_STATUS = 300

_PARSING = (ResponseParserError, ValueError, TypeError, AttributeError, KeyError)
"""What botocore's parsers raise on a body of an unexpected shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose keys sign a call, and for which region."""

    keys: Keys
    region: Region


class TargetedClient:
    """A botocore client whose calls each say their target, and fail with a CallError and nothing else."""

    def __init__(self, client: Any, regions: frozenset[str]) -> None:
        self._client = client
        self._regions = regions
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"provide-client-params.{service}", _aim)
        client.meta.events.register(f"before-endpoint-resolution.{service}", _resolve_there)
        if client.meta.service_model.metadata["protocol"] == "rest-json":
            client.meta.events.register(f"before-parse.{service}", _refuse_foreign_text)

    async def call(self, method: str, target: Target, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make one call and give botocore's answer. Raises a CallError."""
        try:
            answer: Mapping[str, Any] = await getattr(self._client, method)(**params, **{_MARKER: target})
        except ClientError as error:
            raise _refusal(error.response) from error
        except BotoCoreError as error:
            raise self._explained(error, target) from error
        except CallError:
            raise
        except _PARSING as error:
            raise unreadable_answer(f"{type(error).__name__} while parsing it") from error
        return answer

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


def request_id(answer: Mapping[str, Any]) -> str | None:
    """Give AWS's id of the request behind an answer."""
    found = answer.get("ResponseMetadata", {}).get("RequestId")
    return str(found) if found else None


def _aim(params: dict[str, Any], context: dict[str, Any], **_: object) -> dict[str, Any]:
    params = dict(params)
    target: Target = params.pop(_MARKER)
    context["signing"] = {"request_credentials": target.keys, "region": target.region}
    return params


def _resolve_there(builtins: dict[str, Any], context: Mapping[str, Any], **_: object) -> None:
    builtins["AWS::Region"] = context["signing"]["region"]
    if "AWS::STS::UseGlobalEndpoint" in builtins:  # the global one is far away, and one failure for all
        builtins["AWS::STS::UseGlobalEndpoint"] = False


def _refuse_foreign_text(response_dict: Mapping[str, Any], **_: object) -> None:
    """Refuse a success that is not a JSON object. botocore would take a portal's page for an empty list."""
    body: bytes = response_dict["body"].strip()
    status: int = response_dict["status_code"]
    if status < _FIRST_ERROR_STATUS and body and not (body.startswith(b"{") and body.endswith(b"}")):
        raise unreadable_answer("it is not JSON", status=status)


def _refusal(response: Mapping[str, Any]) -> CallError:
    error = response.get("Error", {})
    metadata = response.get("ResponseMetadata", {})
    hint = metadata.get("HTTPHeaders", {}).get("retry-after") or response.get("retryAfterSeconds")
    return classify(
        str(error.get("Code") or ""),
        int(metadata.get("HTTPStatusCode", 0)),
        str(error.get("Message") or ""),
        retry_after=parse_retry_after(None if hint is None else str(hint), time.time()),
        request_id=request_id(response),
    )
