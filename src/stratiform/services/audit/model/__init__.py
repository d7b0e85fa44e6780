"""Data types of audits, and the comparison of the ledger with its sources. Pure functions."""

from stratiform.services.audit.model.findings import Finding, FindingKind
from stratiform.services.audit.model.proposals import Proposal
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
    "FindingKind",
    "Progress",
    "Proposal",
    "ProposedCorrection",
    "ResourceResult",
]
