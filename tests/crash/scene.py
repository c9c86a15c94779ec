"""A world that is served over HTTP, the real command line that works on it, and what can be seen of both."""

from __future__ import annotations

import json
import os
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchgw.simulator.over_http.options import ReadyInfo, ServeOptions
from batchgw.simulator.over_http.serve import running
from batchgw.simulator.world.world import World
from tests.crash.journaled import Journaled, journaled_in
from tests.crash.process import Ended, Process, until
from tests.crash.truth import POLICY, Target, Truth

Script = Sequence[object]
"""Rules of a fault script."""

APIS = 48
"""APIs in two scopes, with 93 writes. With the quota below, reading takes half a second, and writing one."""

OPTIONS = ServeOptions(
    apis=APIS, accounts=1, regions=2, rate=45.0, burst=12.0, latency=0.05, latency_p99=0.12
)

WRITES = ["PutGatewayResponse", "DeleteGatewayResponse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the server has counted so far."""

    calls: int
    reads: int  # calls of GetGatewayResponses
    refusing: int  # scopes in which the quota has refused calls
    failures: int  # answers with a 5xx status
    sent: int  # writes that were begun; those that the quota refused do not count
    writes: Counter[Target]  # writes that were made, by API and type; their answers may not have arrived
    writing: int  # writes in flight now
    most_writing: int  # the largest number of writes in flight at once on one API

    @property
    def repeated(self) -> int:
        """How many writes were made beyond the first of each API-type."""
        return sum(self.writes.values()) - len(self.writes)


@dataclass
class Scene:
    """A server, its world, and a folder for journal and policy. `workers` is their number in each scope."""

    folder: Path
    truth: Truth
    workers: int
    info: ReadyInfo = field(init=False)
    processes: list[Process] = field(default_factory=list)
    _server: ExitStack = field(default_factory=ExitStack)

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    @property
    def apply(self) -> list[str]:
        """The arguments of an apply of the whole policy."""
        quota = ["--rate", f"{OPTIONS.rate}", "--burst", f"{OPTIONS.burst}"]
        policy = str(self.folder / "policy.yaml")
        return ["apply", policy, "--yes", *quota, "--workers", f"{self.workers}", *self._common]

    def resume(self, run: str = "last") -> list[str]:
        """The arguments of a resume."""
        return ["resume", run, "--yes", *self._common]

    @property
    def _common(self) -> list[str]:
        return ["--journal", str(self.journal), "--output", "json"]

    @property
    def all_workers(self) -> int:
        """How many workers all scopes have: so many writes can be in flight."""
        return self.workers * OPTIONS.regions

    # What happens

    def serve(self, script: Script = ()) -> None:
        """Serve the world with a new server, which counts from 0. Writes in flight are cut and not made."""
        self.stop_serving()
        self.info = self._server.enter_context(running(OPTIONS, world=self.truth.world))
        self.set_faults(script)

    def stop_serving(self) -> None:
        """Stop the server."""
        self._server.close()

    def start(self, arguments: Sequence[str]) -> Process:
        """Start a command, in an environment that points only to this world."""
        number = len(self.processes)
        process = Process(
            arguments,
            environment=self._environment,
            out=self.folder / f"{number}.out",
            err=self.folder / f"{number}.err",
        )
        self.processes.append(process)
        return process

    def run(self, arguments: Sequence[str]) -> Ended:
        """Run a command to its end."""
        return self.start(arguments).end()

    @property
    def next_command(self) -> list[str]:
        """The arguments a user would give next: a resume if there is something to resume, else an apply."""
        journaled = self.journaled
        return self.resume(journaled.run) if journaled.run and journaled.resumable else self.apply

    def set_faults(self, script: Script) -> None:
        """Replace the server's fault script."""
        self._ask("POST", "faults", script)

    # What can be seen of it

    @property
    def journaled(self) -> Journaled:
        """What the journal has. Nobody may write to it meanwhile."""
        return journaled_in(self.journal)

    def seen(self) -> Seen:
        """What the server has counted."""
        stats = self._ask("GET", "stats?writes=1")
        operations = [pair for scope in stats["scopes"].values() for pair in scope["operations"].items()]
        return Seen(
            calls=stats["total"]["calls"],
            reads=sum(tally["calls"] for name, tally in operations if name == "GetGatewayResponses"),
            refusing=sum(scope["refused"] > 0 for scope in stats["scopes"].values()),
            failures=stats["total"]["errors"].get("ServiceUnavailableException", 0),
            sent=sum(tally["calls"] - tally["refused"] for name, tally in operations if name in WRITES),
            writes=Counter((write["api"], write["type"]) for write in stats["writes"]["log"]),
            writing=sum(tally["concurrent"] for name, tally in operations if name in WRITES),
            most_writing=stats["writes"]["max_concurrent_per_api"],
        )

    def settle(self) -> Seen:
        """Wait until no write is in flight, including those of killed processes. Returns the counts then."""
        until(lambda: not self.seen().writing, "no write in flight")
        return self.seen()

    def await_reads(self, number: int) -> None:
        """Wait until so many reads have begun."""
        until(lambda: self.seen().reads >= number, f"{number} reads")

    @property
    def _environment(self) -> dict[str, str]:
        keys = self.info.keys[self.info.management_account]
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "AWS_ACCESS_KEY_ID": keys["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
            "AWS_ENDPOINT_URL": self.info.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the server of this test
            f"{self.info.endpoint}/_batchgw/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            return json.load(answer)


def from_write(number: int, fault: object) -> Script:
    """A fault script: the first `number` writes succeed, and all later ones have the fault."""
    return (
        {"match": {"operation": WRITES, "first": number}, "fault": {"slow": 0}},
        {"match": {"operation": WRITES}, "fault": fault},
    )


@contextmanager
def staged(folder: Path, *, workers: int = 16, script: Script = ()) -> Iterator[Scene]:
    """Serve a new world during the block. At its end, kill the started processes that are still alive."""
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    world = World.generate(
        apis=OPTIONS.apis, accounts=OPTIONS.accounts, regions=OPTIONS.regions, seed=OPTIONS.seed
    )
    scene = Scene(folder=folder, truth=Truth(world), workers=workers)
    try:
        scene.serve(script)
        yield scene
    finally:
        for process in scene.processes:
            if process.alive:
                process.kill()
        scene.stop_serving()
