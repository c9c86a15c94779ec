"""Quotas and the pace: what is documented, and which settings are refused."""

from __future__ import annotations

from math import inf, nan

import pytest

from batchgw.control_plane.stack import Pace
from batchgw.throttle.quota import OPERATIONS, TOTAL, Quota, Quotas, Scoping, Trust


@pytest.mark.parametrize(
    ("rate", "burst"), [(0, 40), (-1, 40), (10, 0.5), (10, 0), (nan, 40), (inf, 40), (10, nan), (10, inf)]
)
def test_a_quota_needs_a_rate_and_room_for_one_call(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="a rate above 0 and a burst of at least 1"):
        Quota(rate, burst)


@pytest.mark.parametrize("share", [0, -0.1, 1.01, nan, inf])
def test_a_share_is_a_part(share: float) -> None:
    with pytest.raises(ValueError, match="a share is above 0 and at most 1"):
        Quotas(share=share)


@pytest.mark.parametrize(("share", "trust"), [(0.5, Trust.TRUSTED), (1, Trust.STRICT)])
def test_an_unknown_quota_has_no_share(share: float, trust: Trust) -> None:
    with pytest.raises(ValueError, match="unknown quota"):
        Quotas(total=None, share=share, trust=trust)


def test_the_documented_quotas() -> None:
    """Developer guide, API Gateway quotas."""
    assert Quota(10, 40) == TOTAL
    assert OPERATIONS["CreateDeployment"] == Quota(1 / 5, 1)
    assert OPERATIONS["GetResources"] == Quota(2.5, 5)
    assert OPERATIONS["PutRestApi"] == Quota(1, 1)
    assert OPERATIONS["DeleteRestApi"] == Quota(1 / 30, 1)
    assert "PutGatewayResponse" not in OPERATIONS


@pytest.mark.parametrize(
    ("pace", "trust"),
    [(Pace(), Trust.TRUSTED), (Pace(strict=True), Trust.STRICT), (Pace(probe=True), Trust.GUESS)],
)
def test_settings_become_trust(pace: Pace, trust: Trust) -> None:
    assert pace.quotas.trust is trust
    assert pace.quotas.total == TOTAL
    assert pace.quotas.scoping is Scoping.ACCOUNT_REGION


def test_settings_are_passed_on() -> None:
    own = {"PutGatewayResponse": Quota(3, 3)}
    pace = Pace(rate=20, burst=80, share=0.5, quota_scope=Scoping.ACCOUNT, operations=own)
    assert pace.quotas == Quotas(
        total=Quota(20, 80), operations=own, scoping=Scoping.ACCOUNT, share=0.5, trust=Trust.TRUSTED
    )
    assert Pace(rate=None).quotas.total is None


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="strict or probed"):
        _ = Pace(strict=True, probe=True).quotas
    with pytest.raises(ValueError, match="unknown quota"):
        _ = Pace(rate=None, share=0.5).quotas
    with pytest.raises(ValueError, match="unknown quota"):
        _ = Pace(rate=None, strict=True).quotas
    with pytest.raises(ValueError, match="a rate above 0"):
        _ = Pace(rate=0).quotas


@pytest.mark.parametrize(
    ("pace", "supposed"), [(Pace(), 10), (Pace(share=0.3), 3), (Pace(rate=None), 10), (Pace(rate=25), 25)]
)
def test_a_rate_to_reckon_with(pace: Pace, supposed: float) -> None:
    assert pace.supposed == pytest.approx(supposed)
