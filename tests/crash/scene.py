"""A world served over HTTP, the real command line working on it, and the ways to look at what comes of it."""

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
from tests.crash.subject import Ended, Subject, until
from tests.crash.truth import POLICY, Target, Truth
from tests.crash.wreck import Wreck, wreck_of

Script = Sequence[object]
"""Rules of a fault script."""

APIS = 48
"""In two scopes, which is 93 writes: with the quota below, reading takes half a second and writing one."""

OPTIONS = ServeOptions(
    apis=APIS, accounts=1, regions=2, rate=45.0, burst=12.0, latency=0.05, latency_p99=0.12
)

WRITES = ["PutGatewayResponse", "DeleteGatewayResponse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the server has seen so far. `writes` are those made, acknowledged or not, by API and type."""

    calls: int
    reads: int
    refusing: int  # scopes that refused calls by the quota
    failures: int  # 5xx
    sent: int  # writes begun; those refused by the quota do not count
    writes: Counter[Target]
    writing: int  # writes in flight
    most_writing: int  # writes in flight at once on one API, at the worst

    @property
    def repeated(self) -> int:
        """Writes that were made more than once."""
        return sum(self.writes.values()) - len(self.writes)


@dataclass
class Scene:
    """A server, its world, and a folder for journal and policy. `workers` are those of one scope."""

    folder: Path
    truth: Truth
    workers: int
    info: ReadyInfo = field(init=False)
    subjects: list[Subject] = field(default_factory=list)
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
        """Give the arguments of a resume."""
        return ["resume", run, "--yes", *self._common]

    @property
    def _common(self) -> list[str]:
        return ["--journal", str(self.journal), "--output", "json"]

    @property
    def hands(self) -> int:
        """The workers of all scopes: as many writes can be in flight."""
        return self.workers * OPTIONS.regions

    # What happens

    def serve(self, script: Script = ()) -> None:
        """Serve the world, anew if need be: what was in flight is cut and not made, counting begins at 0."""
        self.leave()
        self.info = self._server.enter_context(running(OPTIONS, world=self.truth.world))
        self.suffer(script)

    def leave(self) -> None:
        """Serve it no longer."""
        self._server.close()

    def start(self, arguments: Sequence[str]) -> Subject:
        """Start a command, in an environment that knows of this world alone."""
        number = len(self.subjects)
        subject = Subject(
            arguments,
            environment=self._environment,
            out=self.folder / f"{number}.out",
            err=self.folder / f"{number}.err",
        )
        self.subjects.append(subject)
        return subject

    def run(self, arguments: Sequence[str]) -> Ended:
        """Run a command to its end."""
        return self.start(arguments).end()

    @property
    def way_on(self) -> list[str]:
        """Give the command a user would type next: resume what was begun, or begin."""
        wreck = self.wreck
        return self.resume(wreck.run) if wreck.run and wreck.resumable else self.apply

    def suffer(self, script: Script) -> None:
        """Put a fault script in the place of the present one."""
        self._ask("POST", "faults", script)

    # What can be seen of it

    @property
    def wreck(self) -> Wreck:
        """The journal's account. Only for when nobody writes to it."""
        return wreck_of(self.journal)

    def seen(self) -> Seen:
        """The server's account."""
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

    def rest(self) -> Seen:
        """Wait until no write is in flight any more: those of the dead come to their end, too."""
        until(lambda: not self.seen().writing, "no write in flight")
        return self.seen()

    def await_reads(self, number: int) -> None:
        """Wait until so many reads were begun."""
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
    """Let a fault befall every write from the `number`-th on (from 0)."""
    return (
        {"match": {"operation": WRITES, "first": number}, "fault": {"slow": 0}},
        {"match": {"operation": WRITES}, "fault": fault},
    )


@contextmanager
def staged(folder: Path, *, workers: int = 16, script: Script = ()) -> Iterator[Scene]:
    """Serve a fresh world for the length of the block; whatever was started and still lives is killed."""
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    world = World.generate(
        apis=OPTIONS.apis, accounts=OPTIONS.accounts, regions=OPTIONS.regions, seed=OPTIONS.seed
    )
    scene = Scene(folder=folder, truth=Truth(world), workers=workers)
    try:
        scene.serve(script)
        yield scene
    finally:
        for subject in scene.subjects:
            if subject.alive:
                subject.kill()
        scene.leave()
