"""The offline verification of exports: without the ledger, its database or its server. Pure functions."""

from stratiform.services.proof.model.verification.exports import verify_export
from stratiform.services.proof.model.verification.headers import read_checkpoint
from stratiform.services.proof.model.verification.reports import VerificationReport

__all__ = ["VerificationReport", "read_checkpoint", "verify_export"]
