"""Data types of audits, and the comparison of the ledger with its sources. Pure functions."""

from stratiform.services.audit.model.comparison import Finding, Proposal
from stratiform.services.audit.model.results import (
    AuditEvent,
    AuditRequest,
    AuditSummary,
    Progress,
    ProposedCorrection,
    ResourceResult,
)

__all__ = [
    "AuditEvent",
    "AuditRequest",
    "AuditSummary",
    "Finding",
    "Progress",
    "Proposal",
    "ProposedCorrection",
    "ResourceResult",
]
