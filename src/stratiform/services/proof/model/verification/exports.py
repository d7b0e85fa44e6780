"""Verification of an export, line by line."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stratiform.kit import merkle_tree
from stratiform.kit.errors import Invalid
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.signed_notes import Checkpoint, Verifier, verify_note
from stratiform.services.ledger.model import EventRecord
from stratiform.services.proof.model.export_digests import parse_digest
from stratiform.services.proof.model.export_lines import (
    EndLine,
    EventLine,
    ExportLine,
    HeaderLine,
    ResourceLine,
    SegmentLine,
    WithheldEventLine,
    decode_line,
)
from stratiform.services.proof.model.verification.headers import ExportScope, verify_header
from stratiform.services.proof.model.verification.inclusion import InclusionVerifier
from stratiform.services.proof.model.verification.parent_ends import ParentEnds
from stratiform.services.proof.model.verification.reports import VerificationReport, format_resource
from stratiform.services.proof.model.verification.resource_histories import HistoryVerifier, ResourceHistory

_TRUNCATED = "the end line is missing: the export is truncated"

_record_decoder = msgspec.json.Decoder(EventRecord)


def verify_export(
    lines: Iterable[bytes], trusted: Sequence[Verifier], earlier: Checkpoint | None = None
) -> VerificationReport:
    """Verify the lines of an export, each with its newline, with the public keys that the reader trusts.

    Failures name events by their number in the log, and by their message id if it is known. If the reader has an
    `earlier` checkpoint, the log must be consistent with it.
    """
    report = VerificationReport()
    iterator = iter(lines)
    first_line = next(iterator, None)
    if first_line is None:
        report.failures.append(_TRUNCATED)
        return report
    header = _decode(1, first_line, report)
    if header is not None and not isinstance(header, HeaderLine):
        report.failures.append("not an export")
    elif header is not None:
        scope = verify_header(header, trusted, earlier, report)
        if scope is not None:
            _ExportVerifier(scope, report).verify(first_line, iterator)
    return report


class _ExportVerifier:
    """Verifies the lines after the header."""

    def __init__(self, scope: ExportScope, report: VerificationReport) -> None:
        self._scope = scope
        self._report = report
        self._inclusion = InclusionVerifier(scope.log, report.failures)
        self._ancestry = ParentEnds(report)
        self._histories = HistoryVerifier(scope, report, self._ancestry)
        self._history: ResourceHistory | None = None

    def verify(self, first_line: bytes, lines: Iterator[bytes]) -> None:
        digest = hashlib.sha256(first_line)
        end = None
        for number, text in enumerate(lines, 2):
            line = _decode(number, text, self._report)
            if isinstance(line, HeaderLine):
                self._report.failures.append(f"line {number} is the header of another export")
                return
            if isinstance(line, EndLine):
                end = line
                if next(lines, None) is not None:
                    self._report.failures.append(f"line {number + 1} is after the end of the export")
                break
            digest.update(text)
            if line is not None:
                self._read_line(number, line)
        self._finish_history()
        self._ancestry.verify_unresolved()
        self._verify_end(end, digest.hexdigest())
        self._report.failures += self._histories.segment_failures

    def _read_line(self, number: int, line: ExportLine) -> None:
        history = self._history
        if isinstance(line, ResourceLine):
            self._start_history(line)
        elif history is None:
            self._report.failures.append(f"line {number} belongs to no resource")
        elif isinstance(line, EventLine):
            self._read_event(history, line)
        elif isinstance(line, WithheldEventLine):
            self._read_withheld_event(history, line)
        elif isinstance(line, SegmentLine):
            self._report.segments += 1
            history.segments.append(line)

    def _start_history(self, line: ResourceLine) -> None:
        self._finish_history()
        self._history = ResourceHistory(line)
        self._report.resources += 1
        if line.resource in self._ancestry.ends:
            self._report.failures.append(f"{format_resource(line.resource)} occurs twice")

    def _finish_history(self) -> None:
        history, self._history = self._history, None
        if history is not None:
            self._histories.verify(history)

    def _read_event(self, history: ResourceHistory, line: EventLine) -> None:
        self._report.events += 1
        try:
            record = _record_decoder.decode(line.record)
        except NOT_JSON:
            record = None
        description = f"event {line.index} of {format_resource(history.resource)}"
        if record is not None:
            description += f" (message {record.message_id})"
        self._inclusion.verify(line.index, merkle_tree.compute_leaf_hash(line.record.encode()), line.proof, description)
        if record is None:
            history.malformed += 1
        elif record.resource != history.resource:
            self._report.failures.append(
                f"{description} belongs to another resource: {format_resource(record.resource)}"
            )
        else:
            history.records.append(record)

    def _read_withheld_event(self, history: ResourceHistory, line: WithheldEventLine) -> None:
        self._report.withheld += 1
        history.withheld += 1
        description = f"event {line.index} of {format_resource(history.resource)} (withheld)"
        self._inclusion.verify(line.index, line.leaf, line.proof, description)

    def _verify_end(self, end: EndLine | None, digest: str) -> None:
        """Verify the signed digest of the export."""
        failures, log = self._report.failures, self._scope.log
        if end is None:
            failures.append(_TRUNCATED)
            self._inclusion.report_unproven()
            return
        try:
            text = verify_note(end.note, self._scope.verifiers)[0]
            signed_indexes, signed_digest = parse_digest(text, log.origin, log.size)
        except Invalid as error:
            failures.append(f"invalid end line: {error.message}")
            self._inclusion.report_unproven()
            return
        self._inclusion.verify_signed(signed_indexes, is_unfiltered=self._scope.is_unfiltered)
        if digest != signed_digest:
            failures.append("the export does not match its signature")


def _decode(number: int, text: bytes, report: VerificationReport) -> ExportLine | None:
    """Decode a line; report a failure and return None if it is malformed."""
    try:
        return decode_line(text)
    except Invalid as error:
        report.failures.append(f"line {number} is malformed: {error.message}")
        return None
