"""Where a stage is: on AWS by the API's own host, elsewhere by a template that the user gives. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from string import Formatter
from typing import Final
from urllib.parse import quote

from botocore.loaders import Loader

from batchgw.control_plane.aws.addresses import check_endpoint_url
from batchgw.control_plane.data_plane.probe import ProbeRequest
from batchgw.errors import UsageError
from batchgw.model import AccountId, Region, RestApi, RestApiId, Scope

SOURCE: Final = "--data-plane-url / BATCHGW_DATA_PLANE_URL"
"""Where a template comes from."""

AWS: Final = "https://{api}.execute-api.{region}.{suffix}/{stage}{path}"
"""The default endpoint of a stage (API Gateway developer guide, "Invoke REST APIs")."""

FIELDS: Final = ("api", "stage", "path", "region", "account", "suffix")
"""What a template may name. `path` begins with a slash, `suffix` is the partition's: amazonaws.com."""

_NEEDED = ("api", "stage", "path")
_EXAMPLE = "http://127.0.0.1:4599/restapis/{api}/{stage}/_user_request_{path}"
_SOMEWHERE = ProbeRequest(
    api=RestApi(
        scope=Scope(account=AccountId("111111111111"), region=Region("eu-west-1")), id=RestApiId("a1b2c3d4e5")
    ),
    stage="prod",
)


def checked(template: str) -> str:
    """Give the template back. Raises UsageError for one that leads nowhere."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise _wrong(template, f"{error}") from None
    names = [name for _, name, form, conversion in parts if name is not None]
    plain = all(not form and not conversion for _, name, form, conversion in parts if name is not None)
    unknown = [name for name in names if name not in FIELDS]
    if unknown or not plain:
        raise _wrong(template, f"it can name {_braced(FIELDS)}, each as it is")
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise _wrong(template, f"it does not name {_braced(missing)}")
    check_endpoint_url(url_of(template, _SOMEWHERE), SOURCE)
    return template


def url_of(template: str, request: ProbeRequest) -> str:
    """Give the address of a probe."""
    region = request.api.scope.region
    return template.format(
        api=quote(request.api.id, safe=""),
        stage=quote(request.stage, safe=""),
        path=request.path,
        region=region,
        account=request.api.scope.account,
        suffix=dns_suffix(region),
    )


@cache
def dns_suffix(region: Region) -> str:
    """Give the end of the names of a region's hosts, by its partition (botocore, partitions.json)."""
    partitions = Loader().load_data("partitions")["partitions"]
    return next(
        (str(each["outputs"]["dnsSuffix"]) for each in partitions if re.match(each["regionRegex"], region)),
        "amazonaws.com",
    )


def _braced(names: Iterable[str]) -> str:
    return ", ".join("{" + name + "}" for name in names)


def _wrong(template: str, why: str) -> UsageError:
    shown = "it is not shown, for there may be a password in it" if "@" in template else repr(template)
    return UsageError(f"{SOURCE} cannot be used: {shown}: {why}. Write one such as {_EXAMPLE}")
