"""Data types of audits, and the comparison of the ledger with its sources. Pure functions."""

from stratiform.services.audit.model.findings import Finding, FindingKind
from stratiform.services.audit.model.proposals import CorrectionProposal
from stratiform.services.audit.model.results import (
    AuditEvent,
    AuditProgress,
    AuditRequest,
    AuditSummary,
    CloudAudit,
    ProposedCorrection,
    ResourceFindings,
    SourceCoverage,
)

__all__ = [
    "AuditEvent",
    "AuditProgress",
    "AuditRequest",
    "AuditSummary",
    "CloudAudit",
    "CorrectionProposal",
    "Finding",
    "FindingKind",
    "ProposedCorrection",
    "ResourceFindings",
    "SourceCoverage",
]
