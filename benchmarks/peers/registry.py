"""The programs by name, and what each needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from benchmarks.peers.job import Job, Report

Run = Callable[[Job], Report]
"""Does a job and says what it gave up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A contestant, and what it needs.

    Attributes:
        function: as `module:function`, what runs it (a `Run`).
        needs: the packages it needs.
        missing: as `module:function`, what says which other thing is missing; its result is None if nothing.
    """

    function: str
    needs: tuple[str, ...] = ()
    missing: str | None = None


PEERS: Mapping[str, Peer] = {
    "batchgw-plan": Peer(function="benchmarks.peers.ours:plan"),
    "batchgw": Peer(function="benchmarks.peers.ours:apply"),
    "batchgw-lanes": Peer(function="benchmarks.lanes.contestants:ours"),
    "boto3-lanes": Peer(function="benchmarks.lanes.contestants:threads", needs=("boto3",)),
    "boto3-threads": Peer(function="benchmarks.peers.threads:run", needs=("boto3",)),
    "aioboto3-gather": Peer(function="benchmarks.peers.gather:run", needs=("aioboto3",)),
    "aiolimiter-tenacity": Peer(
        function="benchmarks.peers.limited_gather:run", needs=("aioboto3", "aiolimiter", "tenacity")
    ),
    "botocove": Peer(function="benchmarks.peers.cove:run", needs=("boto3", "botocove")),
    "terraform": Peer(
        function="benchmarks.peers.terraform:run", missing="benchmarks.peers.terraform_parts:missing"
    ),
    "terraform-live": Peer(
        function="benchmarks.peers.terraform_live:run", missing="benchmarks.peers.terraform_parts:missing"
    ),
}


def why_not(name: str) -> str | None:
    """Why a program cannot run here; None if it can."""
    peer = PEERS[name]
    lacking = [package for package in peer.needs if find_spec(package) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed (scripts/setup bench)"
    if peer.missing is None:
        return None
    return cast("Callable[[], str | None]", _named(peer.missing))()


def load(name: str) -> Run:
    """The program's function."""
    return cast("Run", _named(PEERS[name].function))


def _named(name: str) -> object:
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)
