"""An organisation with canned answers over TLS: STS, and API Gateway with AWS's quota and latency.

The simulator has the same answers, but takes more CPU for a call than the programs that are measured. Here
only the quota is the simulator's. Of fifteen APIs eleven are as the policy wants them, and answer alike. Two
more have a type that their team has customised, one was changed by hand, and the last was never customised.
What the three answer is like nothing else in the organisation.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from batchgw.model import HEADER_PREFIX, ResponseType, Settings
from batchgw.simulator.traffic.latency import Latency
from batchgw.simulator.traffic.quota import UNLIMITED, QuotaRules, Quotas
from batchgw.simulator.world.customisation import customisation
from benchmarks.fleet.size import AS_WANTED, OF, Size, wanted
from benchmarks.harness import canned
from benchmarks.harness.canned import Connection, Connections, response
from benchmarks.harness.cores import pin
from benchmarks.scale.server import IDENTITY, STATISTICS, assumed, page

_SIGNED = re.compile(rb"Credential=\w{4}(\d{12})/\d{8}/([a-z0-9-]+)/apigateway/")
_ACCOUNT = re.compile(rb"iam%3A%3A(\d{12})%3Arole")
_API = re.compile(rb"/restapis/(\d{10})/gatewayresponses$")
_POSITION = 1_000  # REST APIs of an account-region, at most: ids are its number and theirs

_REFUSED = response("429 Too Many Requests", b'{"message":"Too Many Requests"}').replace(
    b"x-amzn-RequestId", b"x-amzn-ErrorType: TooManyRequestsException\r\nx-amzn-RequestId"
)
_NO_ORGANISATION = response(
    "400 Bad Request",
    b'{"__type":"AccessDeniedException","Message":"You don\'t have permissions."}',
    "application/x-amz-json-1.1",
)
_UNKNOWN = response("404 Not Found", b'{"message":"Invalid API identifier specified"}')

_NAME = b"##########"
"""Stands for an API's id, which is as long."""


class Organisation:
    """The answers, and what was counted."""

    def __init__(self, size: Size, quota: QuotaRules) -> None:
        self._size = size
        self._numbers = {
            (account.encode(), region.encode()): number
            for number, (account, region) in enumerate(
                (account, region) for account in size.account_ids for region in size.region_names
            )
        }
        self._quotas = Quotas(quota)
        self._began = time.monotonic()
        self._responses = _responses_by_kind(wanted())
        self.connections = Connections()
        self.calls = self.refused = self.roles = 0

    def statistics(self) -> bytes:
        """What was counted, as an answer."""
        counted = {
            "connections": self.connections.most,
            "opened": self.connections.all,
            "calls": self.calls,
            "refused": self.refused,
            "roles": self.roles,
        }
        return response("200 OK", json.dumps(counted).encode())

    def answer(self, head: bytes, body: bytes) -> bytes:
        """Answer a call by as few comparisons as possible."""
        method, target, _ = head.split(b" ", 2)
        if method == b"POST":
            return self._of_sts(body)
        self.calls += 1
        signed = _SIGNED.search(head)
        number = None if signed is None else self._numbers.get((signed[1], signed[2]))
        if signed is None or number is None:
            return _UNKNOWN
        account, region = signed[1].decode(), signed[2].decode()
        if not self._quotas.admit(account, region, "", time.monotonic() - self._began):
            self.refused += 1
            return _REFUSED
        if target.startswith(b"/restapis?") or target == b"/restapis":
            return self._page(number)
        return self._responses_of(number, target)

    def _of_sts(self, body: bytes) -> bytes:
        if not body.startswith(b"Action="):
            return _NO_ORGANISATION
        account = _ACCOUNT.search(body)
        if account is None:
            return IDENTITY
        self.roles += 1
        return assumed(account[1].decode())

    def _page(self, number: int) -> bytes:
        return page(self._size.apis, number * _POSITION)

    def _responses_of(self, number: int, target: bytes) -> bytes:
        found = _API.match(target)
        if found is None or int(found[1]) // _POSITION != number:
            return _UNKNOWN
        return self._responses[int(found[1]) % _POSITION % OF].replace(_NAME, found[1])


def _responses_by_kind(own: Mapping[ResponseType, Settings]) -> Sequence[bytes]:
    """Fifteen answers. Where one is to be like nothing else, `_NAME` stands for the API's id."""
    name = _NAME.decode()
    teams = Settings(status_code="401", templates={"application/json": f'{{"api":"{name}"}}'})
    by_hand = Settings(parameters={f"{HEADER_PREFIX}X-Api": f"'{name}'"})
    as_wanted, untouched = _responses(own), _responses({})
    teams_own = _responses({**own, ResponseType.UNAUTHORIZED: teams})
    return (
        [as_wanted] * AS_WANTED
        + [teams_own] * 2
        + [_responses({**own, ResponseType.DEFAULT_4XX: by_hand}), untouched]
    )


def _responses(own: Mapping[ResponseType, Settings]) -> bytes:
    return response("200 OK", json.dumps({"item": customisation(own).wire_items}).encode())


class _Slow(Connection):
    """A connection whose answers take as long as AWS's."""

    def __init__(self, organisation: Organisation, latency: Latency) -> None:
        super().__init__(lambda _method, _path, _body: b"", organisation.connections)
        self._organisation = organisation
        self._latency = latency
        self._loop = asyncio.get_running_loop()

    def asked(self, head: bytes, body: bytes) -> None:
        """Answer after the latency."""
        if head.startswith(b"GET " + STATISTICS.encode()):
            self.write(self._organisation.statistics())
            return
        answer = self._organisation.answer(head, body)
        self._loop.call_later(self._latency.draw(), self.write, answer)


async def serve(size: Size, certificate: Path, quota: QuotaRules) -> None:
    """Serve until standard input ends."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    organisation, latency = Organisation(size, quota), Latency()
    await canned.serve_connections(lambda: _Slow(organisation, latency), tls)


@contextmanager
def served(size: Size, certificate: Path, *, throttled: bool = True) -> Iterator[str]:
    """Serve as long as the block lasts, and give the address."""
    arguments = ["throttled" if throttled else "unlimited", str(certificate), *size.arguments()]
    with canned.served("benchmarks.fleet.server", arguments, scheme="https") as url:
        yield url


if __name__ == "__main__":
    pin("server")
    rules, file, *numbers = sys.argv[1:]
    asyncio.run(serve(Size.parse(numbers), Path(file), UNLIMITED if rules == "unlimited" else QuotaRules()))
