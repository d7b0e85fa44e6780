"""Discrepancies between the ledger and its sources."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.services.audit.model.intervals import Interval, Window, clip, intersect, merge, subtract
from stratiform.services.audit.model.ledger_states import LedgerState
from stratiform.services.audit.model.source_reports import Absence, Sighting
from stratiform.services.ledger.model import Segment

#: Services truncate times to whole seconds, so shorter gaps are not reported.
_MIN_GAP_US = SECOND_US


class FindingKind(StrEnum):
    """Kinds of discrepancies.

    `MISSING`: a source reports use that is not in the ledger. `SURPLUS`: the ledger has use of a resource that a source
    does not have any more. `DIFFERENT`: ledger and source have another project, state or attribute. `OVERLAP`: the
    ledger has the same use in two clouds.
    """

    MISSING = "missing"
    SURPLUS = "surplus"
    DIFFERENT = "differs"
    OVERLAP = "overlap"


class PropertyDifference(NamedTuple):
    """The values of a property in the ledger and in a source."""

    ledger: object
    source: object


@dataclass(frozen=True, slots=True)
class Finding:
    """A discrepancy in the interval `[start, end)`; if it is not `exact`, in an unknown part of the interval.

    `evidence`: the sources. `differences`: by property.
    """

    kind: FindingKind
    start: Micros
    end: Micros
    exact: bool
    evidence: tuple[str, ...]
    differences: dict[str, PropertyDifference] = field(default_factory=dict)


def find_missing_usage(ledger: LedgerState, sightings: Sequence[Sighting], window: Window) -> list[Finding]:
    """Return use that sightings report and the ledger does not have, each interval once.

    Sightings of use that continues take precedence, then the latest.
    """
    findings: list[Finding] = []
    covered, excluded = ledger.intervals, ledger.excluded_intervals
    for sighting in sorted(sightings, key=lambda each: (each.until is not None, -each.at, each.source)):
        gaps = _find_coverage_gaps(ledger, sighting, covered)
        is_exact = sighting.since is not None or bool(ledger.segments)
        findings += [
            Finding(FindingKind.MISSING, start, end, is_exact, (sighting.source,))
            for start, end in clip(subtract(gaps, excluded), window)
        ]
        covered += gaps
    return findings


def find_surplus_usage(
    ledger: LedgerState, absences: Sequence[Absence], last_active_at: Micros, window: Window
) -> list[Finding]:
    """Return use after `last_active_at` of a resource that was absent later."""
    absent_at = min(absence.at for absence in absences)
    if ledger.find_segment(absent_at) is None or any(each.end is not None for each in ledger.corrections):
        return []
    is_conclusive = any(absence.is_conclusive for absence in absences)
    until = max(absence.at for absence in absences) if is_conclusive else window[1]
    used = [intersect(Interval(last_active_at, until), each) for each in ledger.intervals]
    evidence = tuple(absence.source for absence in sorted(absences, key=lambda absence: absence.at))
    surplus = clip(merge(interval for interval in used if interval is not None), window)
    return [Finding(FindingKind.SURPLUS, start, end, False, evidence) for start, end in surplus]


def find_property_differences(ledger: LedgerState, sighting: Sighting, window: Window) -> list[Finding]:
    """Return the properties that differ from those of a sighting, at some time since the last message."""
    segment, differences = ledger.find_segment(sighting.at), _find_differences(ledger, sighting)
    if segment is None or not differences:
        return []
    interval = Interval(max(segment.start, ledger.last_message_at or 0), sighting.at)
    return [
        Finding(FindingKind.DIFFERENT, start, end, False, (sighting.source,), differences)
        for start, end in clip([interval], window)
    ]


def find_overlaps(first: Sequence[Segment], second: Sequence[Segment], window: Window) -> list[Window]:
    """Return the parts of `window` in which two resources are in use at the same time."""
    overlaps = [
        intersect(Interval(segment.start, segment.end), Interval(other.start, other.end))
        for segment in first
        for other in second
    ]
    return clip(merge(overlap for overlap in overlaps if overlap is not None), window)


def _find_coverage_gaps(ledger: LedgerState, sighting: Sighting, covered: Sequence[Interval]) -> list[Interval]:
    """Return the parts of the use in a sighting that are not covered."""
    start = _start_of_use(ledger, sighting)
    if start is None or start >= sighting.used_until:
        return []
    gaps = subtract([Interval(start, sighting.used_until)], covered)
    return [gap for gap in gaps if gap.end is not None and gap.end - gap.start >= _MIN_GAP_US]


def _start_of_use(ledger: LedgerState, sighting: Sighting) -> Micros | None:
    """Return the earliest possible start; None if the notification is of a resource that was never in use."""
    if sighting.since is not None:
        return sighting.since
    if ledger.segments:
        return ledger.segments[0].start
    return None if sighting.observation is None else 0


def _find_differences(ledger: LedgerState, sighting: Sighting) -> dict[str, PropertyDifference]:
    """Return the properties that differ, unless a later message or a correction determines them."""
    segment, observation = ledger.find_segment(sighting.at), sighting.observation
    if segment is None or observation is None or ledger.is_corrected_at(sighting.at):
        return {}
    if ledger.last_message_at is not None and ledger.last_message_at >= sighting.at - sighting.grace_us:
        return {}
    differences = {
        name: PropertyDifference(segment.attributes[name], value)
        for name, value in sorted(observation.attributes.items())
        if name in segment.attributes and segment.attributes[name] != value
    }
    if observation.state is not None and observation.state != segment.state:
        differences["state"] = PropertyDifference(segment.state, observation.state)
    if observation.project_id is not None and observation.project_id != segment.project_id:
        differences["project_id"] = PropertyDifference(segment.project_id, observation.project_id)
    return differences
