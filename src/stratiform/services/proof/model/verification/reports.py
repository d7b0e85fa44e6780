"""Results of verifications."""

from dataclasses import dataclass, field

from stratiform.kit.signed_notes import Checkpoint
from stratiform.services.ledger.model import Resource


@dataclass(slots=True)
class VerificationReport:
    """The result of a verification: the checkpoint of the export, and counts of its lines.

    `withheld`: events of other projects. `failures`: empty if the export is as it was signed. `notes`: limits of the
    verification.
    """

    checkpoint: Checkpoint | None = None
    resources: int = 0
    events: int = 0
    segments: int = 0
    withheld: int = 0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_complete_log(self) -> bool:
        """True if the export is valid and has every event of the log."""
        events = self.events + self.withheld
        return not self.failures and self.checkpoint is not None and events == self.checkpoint.size


def format_resource(resource: Resource) -> str:
    """Return a resource for messages."""
    return f"{resource.resource_type} {resource.resource_id} of {resource.cloud}"
