"""Rejected messages, and the result of an ingest."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class IngestResult:
    """Counts of statements that were new or already stored, and of messages that were ignored or rejected."""

    ingested: int = 0
    duplicates: int = 0
    ignored: int = 0
    rejected: int = 0

    def __add__(self, other: "IngestResult") -> "IngestResult":
        return IngestResult(
            self.ingested + other.ingested,
            self.duplicates + other.duplicates,
            self.ignored + other.ignored,
            self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that was not ingested, as it was received.

    `id` is the SHA-256 of cloud and body, so that the same message is stored once.
    """

    id: str
    cloud: str
    reason: str
    received_at: Micros
    body: bytes
