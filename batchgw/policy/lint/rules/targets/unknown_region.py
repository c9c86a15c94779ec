"""An unknown region may be misspelt, or newer than this version of batchgw. So it is doubted, not refused."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Path, Remark, Rule
from batchgw.policy.grammar.regions import REGIONS
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.quoting import did_you_mean
from batchgw.policy.schema.targets import EnabledRegionsSpec


@checks(
    Rule(
        name="unknown-region",
        severity="warning",
        summary="a region code that AWS had not announced when this version was made",
    )
)
def unknown_region(policy: PolicyView) -> Iterator[Remark]:
    """Look for regions that are not in the list of this version."""
    regions = policy.file.targets.regions
    listed: list[tuple[Path, list[str]]] = []
    if isinstance(regions, list):
        listed = [(("targets", "regions"), regions)]
    elif isinstance(regions, EnabledRegionsSpec):
        listed = [
            (("targets", "regions", "exclude"), regions.exclude),
            (("targets", "regions", "order"), regions.order),
        ]
    for path, codes in listed:
        for index, region in enumerate(codes):
            if region not in REGIONS:
                message = (
                    f"{region} is not among the regions known to this version{did_you_mean(region, REGIONS)}"
                )
                yield Remark(path=(*path, index), message=message)
