"""The codes of AWS regions, to catch misspellings. A code that is not here is a warning, never an error."""

from __future__ import annotations

import re

REGIONS: frozenset[str] = frozenset(
    """
    af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2
    ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6
    ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2
    eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1
    us-east-1 us-east-2 us-west-1 us-west-2
    cn-north-1 cn-northwest-1
    us-gov-east-1 us-gov-west-1
    us-iso-east-1 us-iso-west-1 us-isob-east-1 us-isob-west-1 eu-isoe-west-1 us-isof-east-1 us-isof-south-1
    eusc-de-east-1
    """.split()  # noqa: SIM905 - by partition it reads better than as forty lines
)
"""As botocore's endpoint data knows them, partition by partition."""

REGION_FORM = re.compile(
    r"[a-z]{2,4}(-[a-z]{2,4})?-(north|south|east|west|central)?(east|west)?-\d{1,2}", re.ASCII
)
"""Continent or country, a part of it, a direction, a number: the form of every region so far."""
