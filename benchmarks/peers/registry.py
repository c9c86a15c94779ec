"""The contestants by name, and what each needs to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from benchmarks.peers.job import Job, Report

Contestant = Callable[[Job], Report]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Where a contestant is (`module:function`), and the packages it needs.

    `missing` is `module:function` too: asked before, it says what else is missing, or None.
    """

    place: str
    needs: tuple[str, ...] = ()
    missing: str | None = None


PEERS: Mapping[str, Peer] = {
    "batchgw-plan": Peer(place="benchmarks.peers.pipeline:plan"),
    "batchgw": Peer(place="benchmarks.peers.pipeline:apply"),
    "batchgw-lanes": Peer(place="benchmarks.lanes.contestants:ours"),
    "boto3-lanes": Peer(place="benchmarks.lanes.contestants:threads", needs=("boto3",)),
    "boto3-threads": Peer(place="benchmarks.peers.threads:run", needs=("boto3",)),
    "aioboto3-gather": Peer(place="benchmarks.peers.gather:run", needs=("aioboto3",)),
    "aiolimiter-tenacity": Peer(
        place="benchmarks.peers.limited_gather:run", needs=("aioboto3", "aiolimiter", "tenacity")
    ),
    "botocove": Peer(place="benchmarks.peers.cove:run", needs=("boto3", "botocove")),
    "terraform": Peer(
        place="benchmarks.peers.terraform:run", missing="benchmarks.peers.terraform_parts:missing"
    ),
}


def why_not(name: str) -> str | None:
    """Say why a contestant cannot run here; None when it can."""
    peer = PEERS[name]
    lacking = [package for package in peer.needs if find_spec(package) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed (scripts/setup bench)"
    if peer.missing is None:
        return None
    return cast("Callable[[], str | None]", _named(peer.missing))()


def load(name: str) -> Contestant:
    """The contestant itself."""
    return cast("Contestant", _named(PEERS[name].place))


def _named(place: str) -> object:
    module, _, function = place.partition(":")
    return getattr(import_module(module), function)
