"""What an API consists of beside its gateway responses: attributes, resources, deployments, stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.simulator.world.customisation import Customisation

MethodBody = dict[str, object]
"""A method as the wire has it, its integration and responses inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What CreateRestApi and UpdateRestApi set. `created` is seconds since the epoch."""

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
    endpoint_access_mode: str | None = None
    policy: str | None = None


@dataclass(slots=True, kw_only=True)
class Resource:
    """A path of the API, and the methods on it by HTTP method."""

    id: str
    path: str
    parent: str | None = None
    part: str | None = None
    methods: dict[str, MethodBody] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedMethod:
    """What a deployment remembers of a method.

    Attributes:
        authorization: its type, such as NONE, AWS_IAM or CUSTOM.
        api_key_required: whether callers need an API key.
        authorizer: the id of its authorizer, when it has one.
        mock: the body that a MOCK integration answers, a template; None for all that need a backend.
    """

    authorization: str = "NONE"
    api_key_required: bool = False
    authorizer: str | None = None
    mock: str | None = None

    @classmethod
    def of(cls, method: MethodBody) -> DeployedMethod:
        """Take it from a method as it is now."""
        authorizer = method.get("authorizerId")
        return cls(
            authorization=str(method.get("authorizationType") or "NONE"),
            api_key_required=bool(method.get("apiKeyRequired")),
            authorizer=None if authorizer is None else str(authorizer),
            mock=_mock_answer(method.get("methodIntegration")),
        )


def _mock_answer(integration: object) -> str | None:
    """Give the template that a MOCK integration answers with 200; an empty one counts as none."""
    match integration:
        case {
            "type": "MOCK",
            "integrationResponses": {"200": {"responseTemplates": {"application/json": str(template)}}},
        }:
            return template or None
        case _:
            return None


DeployedPaths = Mapping[str, Mapping[str, DeployedMethod]]
"""Methods of a deployed API, by path and HTTP method; both are sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A snapshot of the whole API: what a stage on it serves, whatever is edited later."""

    id: str
    created: float
    gateway_responses: Customisation
    paths: DeployedPaths
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

    Attributes:
        endpoint_disabled: the default endpoint answers nothing. It follows what the API says of it at the
            next change of a stage: "when you update any setting on any stage" (API Gateway API reference).
        numbered: counts the ids given out inside this API.
    """

    attributes: Attributes
    root: str
    resources: dict[str, Resource]
    deployments: dict[str, Deployment] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    endpoint_disabled: bool = False
    numbered: int = 0

    def stage_changed(self) -> None:
        """Let what waits for the change of a stage take effect."""
        self.endpoint_disabled = self.attributes.disable_execute_api_endpoint

    @property
    def paths(self) -> DeployedPaths:
        """What a deployment made now would contain."""
        return {
            resource.path: {
                verb: DeployedMethod.of(method) for verb, method in sorted(resource.methods.items())
            }
            for resource in sorted(self.resources.values(), key=lambda each: each.path)
            if resource.methods
        }
