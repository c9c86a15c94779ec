"""A layer of a policy: the top of a file, or one of its rules. Later layers win over earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from batchgw.model import (
    Account,
    AccountSelection,
    Mode,
    ResponseType,
    RestApi,
    Selection,
    Selector,
    Unlisted,
)
from batchgw.model.shape import JSON
from batchgw.policy.findings import Path
from batchgw.policy.meaning.folding.locks import Lock, Locked
from batchgw.policy.presets.contribution import PresetSpec
from batchgw.policy.schema.deploy import DeploySpec
from batchgw.policy.schema.responses import CustomisedSpec, ResponseSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The part of the APIs to which a file is narrowed, other than the first."""

    apis: Selection
    accounts: AccountSelection | None = None

    def matches(self, api: RestApi, account: Account | None) -> bool:
        """Tell whether the file is about an API."""
        if self.accounts is not None:
            of = Account(id=api.scope.account) if account is None else account
            if not self.accounts.matches(of):
                return False
        return self.apis.matches(api, account)

    @property
    def needs_account(self) -> bool:
        """Whether the organisation must be asked about the accounts of APIs."""
        selectors = () if self.accounts is None else (*self.accounts.include, *self.accounts.exclude)
        return self.apis.needs_account or any(each.ou or each.name for each in selectors)

    def to_json(self) -> dict[str, JSON]:
        """Render for the digest."""
        return {
            "include": [each.to_json() for each in self.apis.include],
            "exclude": [each.to_json() for each in self.apis.exclude],
            "accounts": None if self.accounts is None else self.accounts.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """A layer as it is written.

    Attributes:
        number: its place among all layers of the policy, from 0.
        file: the number of its file, from 0.
        path: where it stands there: nothing for the top, or ("rules", n).
        name: the rule's name, or that of the file whose top it is.
        where: the same with line and column, for messages.
        match: which APIs a rule is about.
        within: to which APIs its file is narrowed.
        locked: what of it later layers may not set otherwise.
        mode: None where the layer leaves that to those before it. `unlisted` and `deploy` likewise.
    """

    number: int
    file: int = 0
    path: Path = ()
    name: str = ""
    where: str = ""
    match: Selector | None = None
    within: Within | None = None
    locked: Locked = field(default_factory=Locked)
    mode: Mode | None = None
    unlisted: Unlisted | None = None
    responses: Mapping[ResponseType, ResponseSpec | str] = field(default_factory=dict)
    wherever_customised: CustomisedSpec | None = None
    use: Sequence[PresetSpec] = ()
    deploy: DeploySpec | str | None = None

    @property
    def for_all(self) -> bool:
        """Whether it is about every API."""
        return self.match is None and self.within is None

    def matches(self, api: RestApi, account: Account | None) -> bool:
        """Tell whether it is about an API."""
        return (self.within is None or self.within.matches(api, account)) and (
            self.match is None or self.match.matches(api, account)
        )

    def lock(self, path: Path | None, *, merges: bool = True) -> Lock | None:
        """Give a lock of this layer; none where no path says that there is one."""
        if path is None:
            return None
        return Lock(layer=self.number, file=self.file, path=path, merges=merges)

    def response(self, type_: ResponseType) -> ResponseSpec | None:
        """Give what the layer sets on a type by its name, other than `default`."""
        spec = self.responses.get(type_)
        return spec if isinstance(spec, ResponseSpec) else None

    def resets(self, type_: ResponseType) -> bool:
        """Tell whether it says that a type shall be `default`."""
        return self.responses.get(type_) == "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What set a value: a layer by its number, and the path in its file."""

    layer: int
    path: Path
