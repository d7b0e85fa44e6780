"""The result of an ingest."""

from dataclasses import dataclass


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
