"""Keys and roles are valid in one partition of AWS. A policy for two of them fails in one."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import Region
from batchgw.model.fleet.partitions import named_partition, partition
from batchgw.policy.findings import Path, Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.schema.targets import links


@checks(Rule(name="partitions", severity="warning", summary="regions or roles of several partitions"))
def partitions(policy: PolicyView) -> Iterator[Remark]:
    """Compare each listed region and each role with the first region that is listed."""
    targets = policy.file.targets
    if not isinstance(targets.regions, list) or not targets.regions:
        return
    first = Region(targets.regions[0])
    others: list[tuple[Path, str, str | None]] = [
        (("targets", "regions", index), region, partition(Region(region)))
        for index, region in enumerate(targets.regions)
    ]
    for index, link in enumerate(links(targets.role)):
        place = (index,) if isinstance(targets.role, list) else ()
        others.append((("targets", "role", *place), link.role, named_partition(link.role)))
    for path, name, its_own in others:
        if its_own not in (None, partition(first)):
            message = (
                f"{name} is of partition {its_own}, and {first} of {partition(first)}: no keys and no role "
                "are valid in both. Write a policy for each partition"
            )
            yield Remark(path=path, message=message)
