"""What selectors mean: the words of the file made values."""

from __future__ import annotations

from batchgw.model import AccountId, AccountSelector, Created, OuPattern, RestApiId, Selector
from batchgw.policy.schema.selectors import AccountSelectorSpec, CreatedSpec, SelectorSpec
from batchgw.policy.schema.words import seconds


def selector_of(spec: SelectorSpec, where: str) -> Selector:
    """Give what a selector of APIs means. `where` it stands is for messages."""
    return Selector(
        id=None if spec.id is None else RestApiId(spec.id),
        name=spec.name,
        tags=dict(spec.tags),
        account=spec.account,
        region=spec.region,
        ou=None if spec.ou is None else OuPattern.parse(spec.ou),
        endpoint=spec.endpoint,
        created=None if spec.created is None else _created(spec.created),
        owner=spec.owner,
        expression=spec.expression,
        where=where,
    )


def _created(spec: CreatedSpec) -> Created:
    return Created(
        after=None if spec.after is None else seconds(spec.after),
        before=None if spec.before is None else seconds(spec.before),
    )


def account_selector_of(item: str | AccountSelectorSpec, where: str) -> AccountSelector:
    """Give what a word for accounts means: an id, an OU, or a selector. `where` is for messages."""
    if isinstance(item, str):
        if item.startswith(("/", "ou-", "r-")):
            return AccountSelector(ou=OuPattern.parse(item), where=where)
        return AccountSelector(id=AccountId(item), where=where)
    return AccountSelector(
        id=None if item.id is None else AccountId(item.id),
        ou=None if item.ou is None else OuPattern.parse(item.ou),
        name=item.name,
        tags=dict(item.tags),
        where=where,
    )
