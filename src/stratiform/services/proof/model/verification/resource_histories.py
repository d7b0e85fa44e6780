"""Verification of the history of one resource: its events are complete, and its segments follow from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stratiform.services.ledger.model import EventRecord, Resource
from stratiform.services.ledger.model.fold import find_parent
from stratiform.services.ledger.model.incremental_fold import fold_all_statements
from stratiform.services.ledger.model.segments import select_overlapping
from stratiform.services.proof.model.export_lines import ResourceLine, SegmentLine
from stratiform.services.proof.model.verification.headers import ExportScope
from stratiform.services.proof.model.verification.parent_ends import ParentEnds
from stratiform.services.proof.model.verification.reports import VerificationReport, format_resource


@dataclass(slots=True)
class ResourceHistory:
    """The lines of one resource. `malformed`: the number of events whose record cannot be decoded."""

    line: ResourceLine
    records: list[EventRecord] = field(default_factory=list)
    malformed: int = 0
    withheld: int = 0
    segments: list[SegmentLine] = field(default_factory=list)

    @property
    def resource(self) -> Resource:
        return self.line.resource

    @property
    def event_count(self) -> int:
        """The number of events."""
        return len(self.records) + self.malformed + self.withheld


@dataclass(slots=True)
class HistoryVerifier:
    """Verifies the histories of resources.

    `segment_failures` are reported last: wrong segments may be due to wrong events.
    """

    scope: ExportScope
    report: VerificationReport
    ancestry: ParentEnds
    segment_failures: list[str] = field(default_factory=list)

    def verify(self, history: ResourceHistory) -> None:
        """Verify the events and segments of a resource."""
        self._verify_events(history)
        resource = history.resource
        self.ancestry.ends[resource] = None
        if history.withheld:
            self.ancestry.incomputable.add(resource)
            self.report.notes.append(
                f"the segments of {format_resource(resource)} cannot be computed: {history.withheld} of its"
                f" {history.line.events} events belong to another project"
            )
            return
        segments = self._fold(history)
        if segments is not None:
            self._verify_segments(history, segments)

    def _verify_events(self, history: ResourceHistory) -> None:
        """Verify number and order of the events by their `nth`, so that a removed event leaves a gap."""
        name, expected = format_resource(history.resource), history.line.events
        numbers = [record.nth for record in history.records]
        failures = self.report.failures
        if not history.withheld and not history.malformed:
            missing = set(range(1, min(expected, self.scope.log.size) + 1)) - set(numbers)
            failures += [f"event {nth} of {expected} of {name} is missing" for nth in sorted(missing)]
        if history.event_count != expected:
            failures.append(f"{name} has {history.event_count} events instead of {expected}")
        failures += [f"{name} has an event {nth}, but only {expected} events" for nth in numbers if nth > expected]
        if numbers != sorted(numbers):
            failures.append(f"the events of {name} are not in the order of the log")

    def _fold(self, history: ResourceHistory) -> Sequence[SegmentLine] | None:
        """Compute the segments of a resource from its events; None if that is not possible."""
        resource, ancestry, scope = history.resource, self.ancestry, self.scope
        if not history.records:
            return []
        try:
            statements = [record.statement for record in history.records]
            parent = find_parent(resource, statements)
            if parent is not None and parent in ancestry.incomputable:
                ancestry.mark_incomputable(resource, parent)
                return None
            parent_end = None if parent is None else ancestry.find_parent_end(resource, parent)
            progress, usage = fold_all_statements(resource, statements, parent_end)
            ancestry.ends[resource] = progress.end
            selected = select_overlapping(usage.segments, scope.since, scope.until, scope.project_id)
            return [SegmentLine.from_segment(segment) for segment in selected]
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.report.failures.append(f"invalid events of {format_resource(resource)}: {type(error).__name__}")
            return None

    def _verify_segments(self, history: ResourceHistory, expected: Sequence[SegmentLine]) -> None:
        if history.segments == expected:
            return
        name = format_resource(history.resource)
        missing = [segment for segment in expected if segment not in history.segments]
        self.segment_failures += [f"a segment of {name} is missing: {segment}" for segment in missing]
        for number, segment in enumerate(history.segments):
            if segment not in expected or segment in history.segments[:number]:
                self.segment_failures.append(f"a segment of {name} does not follow from its events: {segment}")
