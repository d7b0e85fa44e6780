"""Data types of proofs, and the verification of exports. Pure functions."""

from stratiform.services.proof.model.checkpoints import SignedCheckpoint

__all__ = ["SignedCheckpoint"]
