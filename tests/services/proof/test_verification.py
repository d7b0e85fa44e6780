"""Verification of exports: every change of a line is detected."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.signed_notes import Signer, Verifier
from stratiform.services.proof.model.verification import VerificationReport, read_checkpoint, verify_export
from support.exports import change_line, change_record, export, find_lines, ingest, keys, replace_line
from support.ledger import recorded
from support.profiles import examples
from support.stacks import build_harness

Exported = tuple[list[bytes], list[Verifier]]

OTHER_KEY = Signer.generate("stratiform/another").verifier
TRUNCATED = "the end line is missing: the export is truncated"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """An export of all recorded notifications, and the keys of its ledger."""
    stack = build_harness(tmp_path_factory.mktemp("home"))
    ingest(stack, *recorded())
    lines = export(stack)
    stack.services.database.close()
    return lines, keys(stack)


def test_an_altered_event_is_named(exported: Exported) -> None:
    lines, trusted = exported
    for index in find_lines(lines, "event")[::60]:
        line = lines[index]
        event, record = json.loads(line), json.loads(json.loads(line)["record"])
        for altered in (
            change_record(line, at=record["at"] + 1),
            change_record(line, cloud="x"),
            change_record(line, fact={}),
        ):
            failures = verify_export(replace_line(lines, index, altered), trusted).failures
            assert any(
                failure.startswith(f"event {event['index']} of ")
                and failure.endswith(f"(message {record['message_id']}) was altered")
                for failure in failures
            ), failures
            assert "the export does not match its signature" in failures


def test_a_removed_event_is_named(exported: Exported) -> None:
    lines, trusted = exported
    for index in find_lines(lines, "event")[::60]:
        event = json.loads(lines[index])
        nth = json.loads(event["record"])["nth"]
        failures = verify_export(replace_line(lines, index), trusted).failures
        assert f"event {event['index']} was removed from the export" in failures
        assert any(each.startswith(f"event {nth} of ") and each.endswith(" is missing") for each in failures)


def test_a_removed_event_is_named_if_the_number_of_events_is_changed_too(exported: Exported) -> None:
    lines, trusted = exported
    for first in find_lines(lines, "resource")[::40]:
        events = json.loads(lines[first])["events"]
        last = first + events
        index = json.loads(lines[last])["index"]
        resource_line = change_line(lines[first], events=events - 1)
        failures = verify_export(replace_line(replace_line(lines, last), first, resource_line), trusted).failures
        assert f"event {index} was removed from the export" in failures


def test_all_events_of_a_removed_resource_are_named(exported: Exported) -> None:
    lines, trusted = exported
    first, second = find_lines(lines, "resource")[3:5]
    removed = {json.loads(line)["index"] for line in lines[first:second] if b'"kind":"event"' in line}
    failures = verify_export([*lines[:first], *lines[second:]], trusted).failures
    assert {f"event {index} was removed from the export" for index in removed} <= set(failures)


def test_an_added_event_is_named(exported: Exported) -> None:
    lines, trusted = exported
    index = find_lines(lines, "event")[40]
    line = lines[index]
    size = read_checkpoint(lines[0], trusted).size

    def verify_with(added: bytes) -> list[str]:
        return verify_export(replace_line(lines, index, line, added), trusted).failures

    used_number = size - 1 if json.loads(line)["index"] != size - 1 else 0
    failures = verify_with(change_line(line, index=used_number))
    assert any(failure.endswith((" occurs twice", " was altered")) for failure in failures)
    failures = verify_with(change_record(change_line(line, index=size), message_id="invented"))
    assert any(
        failure.startswith(f"event {size} of ") and failure.endswith("(message invented) was added to the export")
        for failure in failures
    )
    assert any(failure.endswith(" occurs twice") for failure in verify_with(line))


def test_events_in_another_order_are_reported(exported: Exported) -> None:
    lines, trusted = exported
    first = next(index for index in find_lines(lines, "resource") if json.loads(lines[index])["events"] > 2)
    swapped = [*lines[: first + 1], lines[first + 2], lines[first + 1], *lines[first + 3 :]]
    failures = verify_export(swapped, trusted).failures
    assert any("are not in the order of the log" in failure for failure in failures)
    assert not any("altered" in failure or "removed" in failure for failure in failures)


def test_a_segment_that_does_not_follow_from_the_events_is_named(exported: Exported) -> None:
    lines, trusted = exported
    index = find_lines(lines, "segment")[7]
    line = lines[index]
    start = json.loads(line)["start"]
    for altered in (
        change_line(line, end="2027-01-01T00:00:00.000000Z"),
        change_line(line, state="free"),
        change_line(line, project_id="other"),
    ):
        failures = verify_export(replace_line(lines, index, altered), trusted).failures
        assert sum("does not follow from its events" in failure for failure in failures) == 1
        assert any(f"is missing: {start} to " in failure for failure in failures)
    failures = verify_export(replace_line(lines, index), trusted).failures
    assert any(f"is missing: {start} to " in failure for failure in failures)
    failures = verify_export(replace_line(lines, index, line, line), trusted).failures
    assert sum("does not follow from its events" in failure for failure in failures) == 1


def test_a_truncated_or_malformed_export_is_invalid(exported: Exported) -> None:
    lines, trusted = exported
    for end in (1, 2, len(lines) // 2, len(lines) - 1):
        assert TRUNCATED in verify_export(lines[:end], trusted).failures
    assert verify_export([], trusted).failures == [TRUNCATED]
    failures = verify_export([*lines[:9], lines[9][:50]], trusted).failures
    assert failures[0].startswith("line 10 is malformed: ")
    number = len(lines) + 1
    assert f"line {number} is after the end of the export" in verify_export([*lines, lines[1]], trusted).failures
    assert verify_export([lines[0], lines[0]], trusted).failures == ["line 2 is the header of another export"]
    assert verify_export([lines[1]], trusted).failures == ["not an export"]
    assert "line 2 belongs to no resource" in verify_export([lines[0], *lines[2:]], trusted).failures


def test_an_export_of_another_format_is_not_supported(exported: Exported) -> None:
    lines, trusted = exported
    header = change_line(lines[0], format=2)
    assert verify_export([header, *lines[1:]], trusted).failures == ["unsupported format 2: this version supports 1"]


def test_only_trusted_keys_count(exported: Exported) -> None:
    lines, trusted = exported
    (failure,) = verify_export(lines, [OTHER_KEY]).failures
    assert "not signed by a trusted key" in failure
    assert trusted[0].id.hex() in failure
    assert verify_export(lines, [OTHER_KEY, *trusted]).failures == []
    assert verify_export(lines, []).failures


@given(position=st.integers(0, 10**9), change=st.integers(1, 255))
@settings(max_examples=examples(150))
def test_a_change_of_any_byte_is_detected(exported: Exported, position: int, change: int) -> None:
    lines, trusted = exported
    data = bytearray(b"".join(lines))
    data[position % len(data)] ^= change
    assert verify_export(io.BytesIO(data), trusted).failures


def test_an_empty_report_has_no_complete_log() -> None:
    assert not VerificationReport().is_complete_log
