"""The comparison of one resource in the ledger with its sources. Pure functions."""

from collections.abc import Sequence

from stratiform.services.audit.model.findings import (
    Finding,
    find_missing_usage,
    find_property_differences,
    find_surplus_usage,
)
from stratiform.services.audit.model.intervals import Window
from stratiform.services.audit.model.ledger_states import LedgerState
from stratiform.services.audit.model.proposals import (
    CorrectionProposal,
    propose_deletion,
    propose_property_change,
    propose_usage,
)
from stratiform.services.audit.model.source_reports import Absence, Sighting


def compare_resource(
    ledger: LedgerState, sightings: Sequence[Sighting], absences: Sequence[Absence], window: Window
) -> tuple[list[Finding], list[CorrectionProposal]]:
    """Return the discrepancies within `window`, and the corrections that resolve them as far as the sources allow."""
    active = [sighting for sighting in sightings if sighting.until is None]
    findings = find_missing_usage(ledger, sightings, window)
    proposals = propose_usage(ledger, active) if find_missing_usage(ledger, active, window) else []
    last_active_at = max([ledger.last_message_at or 0, *(sighting.at for sighting in active)])
    later_absences = [absence for absence in absences if last_active_at < absence.at - absence.grace_us]
    if later_absences:
        surplus = find_surplus_usage(ledger, later_absences, last_active_at, window)
        findings += surplus
        is_used = bool(surplus) or any(proposal.reopened for proposal in proposals)
        if is_used and any(absence.is_conclusive for absence in later_absences):
            proposals.append(propose_deletion(later_absences))
    elif active:
        latest = max(active, key=lambda sighting: sighting.at)
        different = find_property_differences(ledger, latest, window)
        findings += different
        if not proposals:
            proposals += [propose_property_change(latest, finding.differences) for finding in different]
    return sorted(findings, key=lambda finding: (finding.start, finding.end, finding.kind)), proposals
