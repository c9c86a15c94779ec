"""GetCallerIdentity: whether a region knows an account's keys. That needs no permission."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.interface import Operation, Reading, Request, Wire
from batchgw.control_plane.operations.checks import is_account
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.model import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCallerIdentity(Request[AccountId]):
    """Ask the STS of the scope's region whose the keys of its account are. Raises RegionOff where it is off.

    batchgw asks STS for its own sake, too, but then in a region that is on (`aws.sts`).
    """

    operation = Operation(name="GetCallerIdentity", method="get_caller_identity", service="sts")

    def params(self) -> Wire:
        """Give the parameters of boto3's method: there are none."""
        return {}

    def read(self, answer: Wire, reading: Reading) -> AccountId:
        """Read the account."""
        del reading
        account = answer.get("Account")
        if not is_account(account):
            raise unreadable_answer("it does not say whose the keys are")
        return AccountId(account)
