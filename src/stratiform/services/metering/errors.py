"""What metering says no to."""

from stratiform.kit.errors import Fault, Invalid


class Malformed(Invalid):
    """A message that can't be taken as an event. `message` says why; it is kept aside under that reason."""


class Overlapping(Fault):
    """Segments of one resource that overlap, or end before they start: a fault of the fold, and nothing is written."""

    def __init__(self, resource: object) -> None:
        super().__init__(f"the segments of {resource} don't follow each other")


class Rewritten(Fault):
    """The log isn't what was signed: somebody changed it behind the ledger's back, and nothing more is signed."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"the ledger's log contradicts the checkpoint of {size} events that was signed before",
            hint="the database was changed by others or is an older copy; see docs/howto/rotate-the-ledger-key.md",
        )
