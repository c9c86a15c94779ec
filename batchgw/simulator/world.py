"""A simulated world: accounts x regions, and the REST APIs in them."""

from __future__ import annotations

from batchgw.simulator.keys import KeyRing


class World:
    """SKELETON, signatures final. Attributes: accounts, regions, seed, keys."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    seed: int
    keys: KeyRing

    @classmethod
    def generate(cls, *, apis: int = 600, accounts: int = 3, regions: int = 2, seed: int = 7) -> World:
        """Make a seeded world of `apis` REST APIs in all, spread evenly over accounts x regions."""
        raise NotImplementedError

    @classmethod
    def empty(
        cls,
        *,
        accounts: tuple[str, ...] = ("111111111111",),
        regions: tuple[str, ...] = ("eu-west-1",),
        seed: int = 7,
    ) -> World:
        """Make a world without APIs."""
        raise NotImplementedError
