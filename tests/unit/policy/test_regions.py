"""The table of regions is botocore's, and its form fits every one of them."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest

from batchgw.policy.grammar.regions import REGION_FORM, REGIONS


def test_the_table_is_botocores() -> None:
    """A region that botocore has learnt since only costs a warning, so ours may be fewer but never others."""
    data = Path(botocore.__file__).parent / "data" / "endpoints.json"
    partitions = json.loads(data.read_text(encoding="utf-8"))["partitions"]
    known = {region for partition in partitions for region in partition["regions"]}
    assert known >= REGIONS
    assert len(REGIONS) == 46  # 34 of aws, 2 of China, 2 of GovCloud, 7 isolated, 1 of the sovereign cloud


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_every_region_has_the_form(region: str) -> None:
    assert REGION_FORM.fullmatch(region)


@pytest.mark.parametrize(
    "text", ["", "eu", "eu-west", "eu-wset-1", "EU-WEST-1", "eu_west_1", "eu-west-1a", "all"]
)
def test_other_texts_have_not(text: str) -> None:
    assert not REGION_FORM.fullmatch(text)
