"""SQL queries of proofs."""

from stratiform.services.proof.repository import checkpoints

__all__ = ["checkpoints"]
