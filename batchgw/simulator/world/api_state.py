"""What an API consists of beside its gateway responses: attributes, resources, deployments, stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.simulator.world.customisation import Customisation

MethodBody = dict[str, object]
"""A method as the wire has it, its integration and responses inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What CreateRestApi sets. `created` is seconds since the epoch."""

    name: str
    created: float
    description: str | None = None
    version: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    endpoint_type: str = "EDGE"
    ip_address_type: str = "ipv4"
    vpc_endpoint_ids: tuple[str, ...] = ()
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    api_key_source: str = "HEADER"
    disable_execute_api_endpoint: bool = False
    policy: str | None = None


@dataclass(slots=True, kw_only=True)
class Resource:
    """A path of the API, and the methods on it by HTTP method."""

    id: str
    path: str
    parent: str | None = None
    part: str | None = None
    methods: dict[str, MethodBody] = field(default_factory=dict)


Paths = tuple[tuple[str, tuple[str, ...]], ...]
"""(path, HTTP methods) of a deployed API, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A snapshot of the whole API: what a stage on it serves, whatever is edited later."""

    id: str
    created: float
    gateway_responses: Customisation
    paths: Paths
    attributes: Attributes
    description: str | None = None


@dataclass(slots=True, kw_only=True)
class Canary:
    """A stage's canary. Percent of traffic in 0..100."""

    deployment: str
    percent: float = 0.0
    overrides: dict[str, str] = field(default_factory=dict)
    use_stage_cache: bool = False


@dataclass(slots=True, kw_only=True)
class Stage:
    """A name under which a deployment is served. Times are seconds since the epoch."""

    name: str
    deployment: str
    created: float
    updated: float
    description: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    canary: Canary | None = None
    documentation_version: str | None = None
    tracing: bool = False
    cache_cluster_enabled: bool = False
    cache_cluster_size: str | None = None
    client_certificate: str | None = None
    access_log: dict[str, str] = field(default_factory=dict)
    method_settings: dict[str, dict[str, object]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Detail:
    """All of an API but its customisation. Computed while nobody changed it, stored from the first change.

    `numbered` counts the ids given out inside this API.
    """

    attributes: Attributes
    root: str
    resources: dict[str, Resource]
    deployments: dict[str, Deployment] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    numbered: int = 0

    @property
    def paths(self) -> Paths:
        """What a deployment made now would contain."""
        return tuple(sorted((r.path, tuple(sorted(r.methods))) for r in self.resources.values() if r.methods))
