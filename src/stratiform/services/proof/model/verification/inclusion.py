"""Verification of events: their inclusion in the log, and in the export as it was signed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stratiform.kit import merkle_tree
from stratiform.kit.signed_notes import Checkpoint
from stratiform.services.proof.model.export_digests import format_missing_indexes


@dataclass(slots=True)
class InclusionVerifier:
    """Verifies that the events of an export are in the log.

    `indexes`: numbers of the events; `unproven`: those without valid inclusion proof, with their descriptions. Only the
    signed digest shows whether they were altered or added.
    """

    log: Checkpoint
    failures: list[str]
    indexes: set[int] = field(default_factory=set)
    unproven: list[tuple[int, str]] = field(default_factory=list)

    def verify(self, index: int, leaf: bytes, proof: Sequence[bytes], description: str) -> None:
        """Verify the inclusion proof of an event."""
        if index in self.indexes:
            self.failures.append(f"{description} occurs twice")
        self.indexes.add(index)
        if not merkle_tree.verify_inclusion(leaf, index, self.log.size, proof, self.log.root):
            self.unproven.append((index, description))

    def report_unproven(self) -> None:
        """Report the events without a valid proof, for an export without a valid digest."""
        for _, description in self.unproven:
            self.failures.append(f"{description} is not in the log: it was altered or added")

    def verify_signed(self, signed: set[int], *, is_unfiltered: bool) -> None:
        """Verify that the export has the events with the numbers in its signed digest."""
        for index, description in self.unproven:
            change = "altered" if index in signed else "added to the export"
            self.failures.append(f"{description} was {change}")
        self.failures += [f"event {index} was removed from the export" for index in sorted(signed - self.indexes)]
        added = self.indexes - signed - {index for index, _ in self.unproven}
        self.failures += [f"event {index} was added to the export" for index in sorted(added)]
        missing = format_missing_indexes(signed | self.indexes, self.log.size) if is_unfiltered else ""
        if missing:
            self.failures.append(f"the export covers the whole ledger, but lacks events of the log: {missing}")
