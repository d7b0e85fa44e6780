"""Proof: signed checkpoints of the Merkle log of events, inclusion proofs, and exports that verify offline."""
