"""What policy files mean together: which APIs are meant, and what each of them shall be."""

from __future__ import annotations

from collections.abc import Sequence

from batchgw.model import Policy
from batchgw.policy.meaning.rulebook import LayeredRulebook
from batchgw.policy.meaning.source import Source, chief_of, layers_of
from batchgw.policy.meaning.targets import targets_of


def policy_of(sources: Sequence[Source]) -> Policy:
    """Give what files mean, the first of which is the weakest."""
    rulebook = LayeredRulebook(layers_of(sources))
    chief = sources[chief_of(sources)]
    return Policy(
        desired=rulebook.desired,
        targets=targets_of(chief.file, chief.where),
        source=", ".join(source.name for source in sources),
        rulebook=rulebook,
    )
