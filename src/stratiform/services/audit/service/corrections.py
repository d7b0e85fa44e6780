"""Corrections that audits propose and apply."""

from collections.abc import Sequence
from dataclasses import replace

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.outbox import Event
from stratiform.kit.policy import Caller
from stratiform.services.audit.model import CorrectionProposal, ProposedCorrection, ResourceFindings
from stratiform.services.audit.service.audited_resources import AuditedResource
from stratiform.services.ingest.service import IngestService, build_correction_event, derive_message_id, format_author
from stratiform.services.ledger.model import Correction, Resource
from stratiform.services.ledger.service import LedgerService


def propose_correction(audited: AuditedResource, proposal: CorrectionProposal, audit_name: str) -> ProposedCorrection:
    """Return a proposed correction.

    Its id depends on the number of events of the resource: the same proposal for the same events is a duplicate.
    """
    message_id = derive_message_id(audited.resource, proposal, audited.events)
    return ProposedCorrection(message_id, replace(proposal, reason=f"audit {audit_name}: {proposal.reason}"))


def apply_corrections(
    db: Connection,
    ledger: LedgerService,
    ingest: IngestService,
    caller: Caller,
    results: Sequence[tuple[AuditedResource, ResourceFindings]],
    now: Micros,
) -> list[ResourceFindings]:
    """Create the proposed corrections, except for resources with new events since they were compared."""
    ledger.writer.lock_ledger(db)
    ids = ledger.resources.find_ids(db, [audited.resource for audited, _ in results])
    rows = ledger.resources.list_rows(db, sorted(ids.values()))
    events: list[Event] = []
    applied = []
    for audited, result in results:
        resource_id = ids.get(audited.resource)
        if (0 if resource_id is None else rows[resource_id].progress.count) != audited.events:
            applied.append(result)
            continue
        events += [_correction_event(audited.resource, proposed, caller) for proposed in result.proposed]
        applied.append(replace(result, proposed=[replace(each, is_applied=True) for each in result.proposed]))
    ingest.own_events.ingest(db, events, now)
    return applied


def _correction_event(resource: Resource, proposed: ProposedCorrection, caller: Caller) -> Event:
    proposal = proposed.proposal
    correction = Correction(format_author(caller), proposal.reason, reopened=proposal.reopened, has_observation=True)
    return build_correction_event(resource, proposed.message_id, proposal.at, correction, proposal.observation)
