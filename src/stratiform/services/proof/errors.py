"""Errors of proofs."""

from stratiform.kit.errors import Fault


class LogRewritten(Fault):
    """The log contradicts a checkpoint that was signed earlier; no further checkpoint is signed."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"The ledger's log contradicts the signed checkpoint of {size} events.",
            hint="the database was modified outside of Stratiform or is an older copy;"
            " see docs/howto/rotate-the-ledger-key.md",
        )
