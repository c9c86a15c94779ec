"""An organisation in small, made and read with plain boto3: OUs, accounts with tags, an API in each region.

What it is like before, and what the policy makes of it, stands here by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.integration.emulator import REGIONS, VIRGINIA, Emulator, Keys
from tests.integration.permits import make_role

ROLE = "OrganizationBatchgw"
MANAGEMENT = "management"

Path = tuple[str, ...]
"""The names of OUs from the top."""

OUS: tuple[Path, ...] = (("Prod",), ("Prod", "Payments"), ("Prod", "Web/Shop"), ("Sandbox",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account: where it is, its tags, whether it is open, and whether it has the role."""

    ou: Path = ()
    tags: Mapping[str, str]
    open: bool = True
    role: bool = True


MEMBERS: Mapping[str, Member] = {
    "pay": Member(ou=("Prod", "Payments"), tags={"tier": "gold"}),
    "shop": Member(ou=("Prod", "Web/Shop"), tags={"tier": "silver"}),
    "new": Member(ou=("Prod",), tags={"tier": "silver"}, role=False),
    "play": Member(ou=("Sandbox",), tags={"tier": "gold"}),
    "old": Member(ou=("Sandbox",), tags={"tier": "gold"}, open=False),
}

BEFORE = {"THROTTLED"}
"""What each API has customised before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The organisation: ids of accounts by their names, of OUs, and of APIs by account and region."""

    emulator: Emulator
    ids: Mapping[str, str]
    ous: Mapping[Path, str]
    apis: Mapping[tuple[str, str], str]

    def name(self, account: str) -> str:
        """Give the name of an account."""
        return next(name for name, found in self.ids.items() if found == account)

    def in_prod(self, name: str) -> bool:
        """Tell whether an account is in Prod or below it."""
        return name in MEMBERS and MEMBERS[name].ou[:1] == ("Prod",)

    def accounts(self) -> dict[str, tuple[str, Path, Path, str]]:
        """Give each account's name, where it is by names and by ids, and its state."""
        told = self.emulator.client("organizations").describe_account(AccountId=self.emulator.account)
        found: dict[str, tuple[str, Path, Path, str]] = {
            self.emulator.account: (told["Account"]["Name"], (), self._way(()), "ACTIVE")
        }
        for name, member in MEMBERS.items():
            state = "ACTIVE" if member.open else "SUSPENDED"
            found[self.ids[name]] = (name, member.ou, self._way(member.ou), state)
        return found

    def _way(self, path: Path) -> Path:
        return tuple(self.ous[path[:n]] for n in range(len(path) + 1))

    def keys(self, name: str) -> Keys:
        """Give keys that may do everything in an account."""
        return self.emulator.inside(self.ids[name])

    def regions(self, name: str) -> dict[str, str]:
        """Give the regions of an account with their statuses. Moto has no ListRegions: there EC2 tells."""
        if self.emulator.name == "moto":
            ec2 = self.emulator.client("ec2", region=VIRGINIA, keys=self.keys(name))
            regions = ec2.describe_regions(AllRegions=True)["Regions"]
            return {each["RegionName"]: each["OptInStatus"] for each in regions}
        account = self.emulator.client("account", region=VIRGINIA, keys=self.keys(name))
        return {each["RegionName"]: each["RegionOptStatus"] for each in account.list_regions()["Regions"]}

    def customised(self) -> dict[tuple[str, str], set[str]]:
        """Give the types that each API has customised now, by account and region."""
        return {
            (name, region): {
                item["responseType"]
                for item in self._client(name, region).get_gateway_responses(restApiId=api)["items"]
                if not item["defaultResponse"]
            }
            for (name, region), api in self.apis.items()
        }

    def _client(self, name: str, region: str) -> Any:
        return self.emulator.client(region=region, keys=self.keys(name))


def found(emulator: Emulator) -> Company:
    """Make the organisation, with the emulator's own account as the one that manages it."""
    organizations = emulator.client("organizations")
    if emulator.name == "moto":  # on MiniStack there is one from the start
        organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    ous: dict[Path, str] = {(): root}
    for path in OUS:
        made = organizations.create_organizational_unit(ParentId=ous[path[:-1]], Name=path[-1])
        ous[path] = made["OrganizationalUnit"]["Id"]
    ids = {MANAGEMENT: emulator.account}
    for name, member in MEMBERS.items():
        tags = [{"Key": key, "Value": value} for key, value in member.tags.items()]
        made = organizations.create_account(Email=f"{name}@example.com", AccountName=name, Tags=tags)
        ids[name] = made["CreateAccountStatus"]["AccountId"]
        organizations.move_account(
            AccountId=ids[name], SourceParentId=root, DestinationParentId=ous[member.ou]
        )
        if member.role and emulator.name == "ministack":  # moto assumes any
            make_role(emulator, emulator.inside(ids[name]), ROLE)
    apis = {
        (name, region): _api(emulator, account, region) for name, account in ids.items() for region in REGIONS
    }
    for name, member in MEMBERS.items():
        if not member.open:
            organizations.close_account(AccountId=ids[name])
    return Company(emulator=emulator, ids=ids, ous=ous, apis=apis)


def _api(emulator: Emulator, account: str, region: str) -> str:
    client = emulator.client(region=region, keys=emulator.inside(account))
    api: str = client.create_rest_api(name="orders")["id"]
    client.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="503")
    return api
