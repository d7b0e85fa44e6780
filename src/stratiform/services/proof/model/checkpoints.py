"""Signed checkpoints of the ledger's log."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A signed note on the log of `size` events."""

    size: int
    made_at: Micros
    note: str
