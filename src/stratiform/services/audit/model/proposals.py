"""Proposed corrections, which make the ledger agree with its sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from stratiform.kit.clock import Micros
from stratiform.services.audit.model.findings import PropertyDifference
from stratiform.services.audit.model.intervals import contains
from stratiform.services.audit.model.ledger_states import LedgerState
from stratiform.services.audit.model.source_reports import Absence, Sighting
from stratiform.services.ingest.model.correction_observations import Observation


@dataclass(frozen=True, slots=True)
class CorrectionProposal:
    """A proposed correction: what was observed at the instant `at`. `reopened`: its use had not ended by then."""

    at: Micros
    reason: str
    reopened: bool = False
    observation: Observation = field(default_factory=Observation)


def propose_usage(ledger: LedgerState, active: Sequence[Sighting]) -> list[CorrectionProposal]:
    """Propose that a resource is in use, with the observation of the latest sighting.

    Nothing is proposed if the ledger lacks the resource and its start or its project is unknown.
    """
    latest = max(active, key=lambda sighting: sighting.at)
    observation = replace(latest.observation or Observation(), launched=_find_earlier_start(ledger, active))
    if not ledger.segments:
        has_project = ledger.last_message_at is not None or observation.project_id is not None
        if observation.launched is None or not has_project:
            return []
    reopened = ledger.last_message_at is not None and _is_unused_at_end(ledger, latest, observation.launched)
    if not reopened and observation.launched is None:
        return []
    return [CorrectionProposal(latest.at, f"in {latest.source}", reopened, observation)]


def propose_deletion(absences: Sequence[Absence]) -> CorrectionProposal:
    """Propose that a resource was deleted by the time of the first absence."""
    absences = sorted(absences, key=lambda absence: absence.at)
    reason = " and ".join(f"not in {absence.source}" for absence in absences)
    return CorrectionProposal(absences[0].at, reason, observation=Observation(is_deleted=True))


def propose_property_change(sighting: Sighting, differences: Mapping[str, PropertyDifference]) -> CorrectionProposal:
    """Propose the properties of a sighting that differ."""
    observation = sighting.observation or Observation()
    change = Observation(
        project_id=observation.project_id if "project_id" in differences else None,
        state=observation.state if "state" in differences else None,
        attributes={name: value for name, value in observation.attributes.items() if name in differences},
    )
    return CorrectionProposal(sighting.at, f"different in {sighting.source}", observation=change)


def _find_earlier_start(ledger: LedgerState, active: Sequence[Sighting]) -> Micros | None:
    """Return the start of use if it is before the first segment."""
    start = min((sighting.since for sighting in active if sighting.since is not None), default=None)
    is_earlier = start is not None and (not ledger.segments or start < ledger.segments[0].start)
    return start if is_earlier else None


def _is_unused_at_end(ledger: LedgerState, sighting: Sighting, launched_at: Micros | None) -> bool:
    """Return True if the ledger lacks the last use in a sighting, and no correction excludes it."""
    start = ledger.segments[0].start if ledger.segments else launched_at
    if (start or 0) >= sighting.used_until:
        return False
    return not contains([*ledger.intervals, *ledger.excluded_intervals], sighting.used_until - 1)
