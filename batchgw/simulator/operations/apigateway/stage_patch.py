"""One patch operation on a stage. Paths and refusals are as recorded from the service, with its typos."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from batchgw.simulator.operations.apigateway.deployments import existing
from batchgw.simulator.operations.apigateway.patch import PatchOperation, decode, invalid_path
from batchgw.simulator.operations.params import finite
from batchgw.simulator.reply import bad_request
from batchgw.simulator.world.api_state import Canary, Detail, Stage

_PATHS = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, "
    "/accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, "
    "/{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, "
    "/{resourcePath}/{httpMethod}/logging/loglevel, "
    "/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit"
    "/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, "
    "/{resourcePath}/{httpMethod}/caching/dataEncrypted, "
    "/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, "
    "/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, "
    "/*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit "
    "/*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, "
    "/*/*/caching/requireAuthorizationForCacheControl, "
    "/*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled"
)
_COPY_PATHS = ("/deploymentId", "/variables")
_COPY_SOURCES = ("/canarySettings/deploymentId", "/canarySettings/stageVariableOverrides")

_METHOD_DEFAULTS: Mapping[str, object] = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}


def _truth(value: str) -> bool:
    return value.lower() == "true"


_METHOD_SETTINGS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "metrics/enabled": ("metricsEnabled", _truth),
    "logging/dataTrace": ("dataTraceEnabled", _truth),
    "logging/loglevel": ("loggingLevel", str),
    "throttling/burstLimit": ("throttlingBurstLimit", int),
    "throttling/rateLimit": ("throttlingRateLimit", finite),
    "caching/ttlInSeconds": ("cacheTtlInSeconds", int),
    "caching/enabled": ("cachingEnabled", _truth),
    "caching/dataEncrypted": ("cacheDataEncrypted", _truth),
    "caching/requireAuthorizationForCacheControl": ("requireAuthorizationForCacheControl", _truth),
    "caching/unauthorizedCacheControlHeaderStrategy": ("unauthorizedCacheControlHeaderStrategy", str),
}

_FIELDS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "description": ("description", str),
    "cacheClusterEnabled": ("cache_cluster_enabled", _truth),
    "cacheClusterSize": ("cache_cluster_size", str),
    "clientCertificateId": ("client_certificate", str),
    "tracingEnabled": ("tracing", _truth),
    "documentationVersion": ("documentation_version", str),
}


def apply(detail: Detail, stage: Stage, operation: PatchOperation) -> None:
    """Change the stage, or refuse the operation."""
    path = operation.path
    if path is None:
        raise invalid_path(operation)
    if operation.op == "copy":
        _copy(stage, path, operation.source)
    elif operation.op == "remove":
        _remove(stage, path)
    elif operation.op in ("add", "replace"):
        _set(detail, stage, path, operation)
    else:
        raise bad_request("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")


def _copy(stage: Stage, path: str, source: str | None) -> None:
    """Promote the canary: the stage gets its deployment, or its variables. It stays, without traffic."""
    if path not in _COPY_PATHS or source not in _COPY_SOURCES:
        raise bad_request(
            f"Invalid copy operation with path: {path} and from {source}. "
            f"Valid copy:path are [{', '.join(_COPY_PATHS)}] "
            f"and valid copy:from are [{', '.join(_COPY_SOURCES)}]"
        )
    if stage.canary is None:
        raise bad_request("Promotion not available. Canary does not exist.")
    if path == "/deploymentId":
        stage.deployment, stage.canary.percent = stage.canary.deployment, 0.0
    else:
        stage.variables = {**stage.variables, **stage.canary.overrides}


def _remove(stage: Stage, path: str) -> None:
    where = path.removeprefix("/")
    member, _, name = where.partition("/")
    if path == "/canarySettings" and stage.canary is not None:
        stage.canary = None
    elif path == "/accessLogSettings":
        stage.access_log = {}
    elif member == "variables" and name in stage.variables:
        del stage.variables[name]
    elif where in stage.method_settings:
        del stage.method_settings[where]
    else:
        raise bad_request(
            f"Cannot remove method setting {where} because there is no method setting for this method "
        )


def _set(detail: Detail, stage: Stage, path: str, operation: PatchOperation) -> None:
    member, _, rest = path.removeprefix("/").partition("/")
    value = operation.value or ""
    if path == "/deploymentId":
        stage.deployment = existing(detail, value)
    elif member == "canarySettings":
        _set_canary(detail, stage, rest, operation)
    elif member == "accessLogSettings":
        _set_access_log(stage, rest, value)
    elif member == "variables" and rest:
        stage.variables[decode(rest)] = value
    elif not rest and member in _FIELDS:
        name, read = _FIELDS[member]
        setattr(stage, name, _read(read, value, path))
    else:
        _set_method(stage, path, value)


def _set_canary(detail: Detail, stage: Stage, rest: str, operation: PatchOperation) -> None:
    """Set a canary setting. If there is no canary, one is made on the stage's own deployment."""
    known = rest in ("deploymentId", "percentTraffic", "useStageCache")
    override = rest.removeprefix("stageVariableOverrides/")
    if not known and (override == rest or not override):
        raise _invalid_path(str(operation.path))
    if operation.op != "replace":
        raise bad_request(f"Invalid {operation.op} operation with path: {operation.path}")
    canary = stage.canary or Canary(deployment=stage.deployment)
    value = operation.value or ""
    if rest == "deploymentId":
        canary.deployment = existing(detail, value)
    elif rest == "percentTraffic":
        canary.percent = float(str(_read(finite, value, str(operation.path))))
    elif rest == "useStageCache":
        canary.use_stage_cache = _truth(value)
    else:
        canary.overrides[decode(override)] = value
    stage.canary = canary


def _set_access_log(stage: Stage, rest: str, value: str) -> None:
    if rest not in ("destinationArn", "format"):
        raise bad_request(
            "Invalid accessLogSettings path. Must be one of : "
            "[/accessLogSettings/destinationArn, /accessLogSettings/format]"
        )
    if not value:
        raise bad_request("Access Log value must not be empty")
    stage.access_log[rest] = value


def _set_method(stage: Stage, path: str, value: str) -> None:
    """Change /{resource path, "/" as "~1"}/{method}/{group}/{name}. New methods start from */*."""
    resource, _, rest = path.removeprefix("/").partition("/")
    verb, _, setting = rest.partition("/")
    if setting not in _METHOD_SETTINGS:
        raise _invalid_path(path)
    name, read = _METHOD_SETTINGS[setting]
    wildcard = stage.method_settings.get("*/*", dict(_METHOD_DEFAULTS))
    key = f"{resource.removeprefix('~1')}/{verb}"
    stage.method_settings.setdefault(key, dict(wildcard))[name] = _read(read, value, path)


def _read(read: Callable[[str], object], value: str, path: str) -> object:
    try:
        return read(value)
    except ValueError:
        raise bad_request(f"Invalid value '{value}' for path {path}") from None


def _invalid_path(path: str) -> Exception:
    return bad_request(f"Invalid method setting path: {path}. Must be one of: [{_PATHS}]")
