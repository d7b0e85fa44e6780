"""Checkpoints, proofs and exports of the ledger's log."""

from dataclasses import dataclass

from stratiform.kit.signing_keys import SigningKeys
from stratiform.services.ledger.service import LedgerService
from stratiform.services.proof.service.checkpoints import Checkpoints
from stratiform.services.proof.service.exports import Export, Exports
from stratiform.services.proof.service.proofs import ConsistencyProofs, InclusionProof, InclusionProofs, Tiles

__all__ = ["Export", "InclusionProof", "ProofService"]


@dataclass(frozen=True, slots=True)
class ProofService:
    """Checkpoints, proofs and exports of the ledger's log. `keys` sign checkpoints and exports."""

    keys: SigningKeys
    checkpoints: Checkpoints
    consistency_proofs: ConsistencyProofs
    exports: Exports
    inclusion_proofs: InclusionProofs
    tiles: Tiles

    @classmethod
    def build(cls, ledger: LedgerService, keys: SigningKeys) -> "ProofService":
        """Build the service from its dependencies."""
        checkpoints = Checkpoints(ledger, keys)
        return cls(
            keys=keys,
            checkpoints=checkpoints,
            consistency_proofs=ConsistencyProofs(ledger),
            exports=Exports(ledger, checkpoints, keys),
            inclusion_proofs=InclusionProofs(ledger),
            tiles=Tiles(ledger),
        )
