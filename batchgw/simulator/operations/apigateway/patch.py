"""Patch operations, as every Update* operation takes them: parses them and checks them against the model."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.simulator.operations.params import one_of, optional_text, structures
from batchgw.simulator.reply import Params, bad_request

OPERATIONS = ("add", "remove", "move", "test", "replace", "copy")
"""The model's operations, in the order the service lists them; most resources support three of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOperation:
    """One operation. `path` is None when it was left out; `source` is its member "from"."""

    op: str
    path: str | None
    value: str | None = None
    source: str | None = None

    @property
    def steps(self) -> list[str]:
        """The steps of the path, with "~1" and "~0" decoded. Raises BadRequest for a malformed path."""
        if self.path is None or not self.path.startswith("/"):
            raise invalid_path(self)
        return [decode(step) for step in self.path[1:].split("/")]


def decode(step: str) -> str:
    """Decode one step of a path (RFC 6901)."""
    return step.replace("~1", "/").replace("~0", "~")


def invalid_path(operation: PatchOperation) -> Exception:
    """Make the refusal of a path that the resource does not have, or does not have for this operation."""
    return bad_request(f"Invalid patch path {'null' if operation.path is None else operation.path}")


def parse(params: Params, shape: str) -> tuple[list[PatchOperation], list[str]]:
    """Read `patchOperations`, and how they violate the model. `shape` names the input in the model."""
    operations: list[PatchOperation] = []
    violations: list[str] = []
    for number, entry in enumerate(structures(params, "patchOperations"), start=1):
        op = optional_text(entry, "op") or ""
        violations += one_of(op, f"{shape}.patchOperations.{number}.member.op", OPERATIONS)
        operations.append(
            PatchOperation(
                op=op,
                path=optional_text(entry, "path"),
                value=optional_text(entry, "value"),
                source=optional_text(entry, "from"),
            )
        )
    return operations, violations
