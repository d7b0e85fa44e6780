"""Errors of the ledger."""

from stratiform.kit.errors import Fault


class OverlappingSegments(Fault):
    """Segments of a resource overlap or end before they start. This is a bug in the fold; nothing is written."""

    def __init__(self, resource: object) -> None:
        super().__init__(f"The segments of {resource} overlap or are not in order.")
