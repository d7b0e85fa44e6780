"""Exports: what is changed, removed, put in or moved, wherever it is, is found."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.signed_notes import Signer, Verifier
from stratiform.services.proof.model.verification import read_checkpoint, verify
from support.exports import changed, export, ingest, keys, places
from support.ledger import recorded
from support.profiles import examples
from support.stacks import bench

STRANGER = Signer.generate("stratiform/another").verifier


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[bytes], list[Verifier]]:
    """An export of all recorded notifications, and the keys of its ledger."""
    made = bench(tmp_path_factory.mktemp("home"))
    ingest(made, *recorded())
    lines = export(made)
    made.services.database.close()
    return lines, keys(made)


def test_an_altered_event_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    for place in places(lines, "event")[::60]:
        said, record = json.loads(lines[place]), json.loads(json.loads(lines[place])["record"])
        tampered: list[dict[str, Any]] = [
            {"record__at": record["at"] + 1},
            {"record__cloud": "x"},
            {"record__fact": {}},
        ]
        for changes in tampered:
            wrong = verify([*lines[:place], changed(lines[place], **changes), *lines[place + 1 :]], known).failures
            assert any(
                f"event {said['index']} of" in line and f"(message {record['message_id']}) was altered" in line
                for line in wrong
            ), wrong
            assert "the export isn't as it was signed" in wrong


def test_a_removed_event_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    for place in places(lines, "event")[::60]:
        index, record = json.loads(lines[place])["index"], json.loads(json.loads(lines[place])["record"])
        wrong = verify([*lines[:place], *lines[place + 1 :]], known).failures
        assert f"event {index} was removed from the export" in wrong
        assert any(line.startswith(f"the {record['nth']}. of the") and "is missing" in line for line in wrong)


def test_a_removed_event_is_named_however_it_is_covered_up(exported: tuple[list[bytes], list[Verifier]]) -> None:
    """The last event of a resource goes, and the resource is said to have one less."""
    lines, known = exported
    for heading in places(lines, "resource")[::40]:
        events = json.loads(lines[heading])["events"]
        last = heading + events
        index = json.loads(lines[last])["index"]
        cut = [*lines[:heading], changed(lines[heading], events=events - 1), *lines[heading + 1 : last]]
        wrong = verify([*cut, *lines[last + 1 :]], known).failures
        assert f"event {index} was removed from the export" in wrong


def test_a_removed_resource_is_missed(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    first, second = places(lines, "resource")[3:5]
    gone = {json.loads(line)["index"] for line in lines[first:second] if b'"kind":"event"' in line}
    wrong = verify([*lines[:first], *lines[second:]], known).failures
    assert {f"event {index} was removed from the export" for index in gone} <= set(wrong)


def test_what_was_put_in_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    place = places(lines, "event")[40]
    size = read_checkpoint(lines[0], known).size
    invented = changed(lines[place], index=size - 1 if json.loads(lines[place])["index"] != size - 1 else 0)
    wrong = verify([*lines[: place + 1], invented, *lines[place + 1 :]], known).failures
    assert any("is there twice" in line or "was altered" in line for line in wrong)
    invented = changed(lines[place], index=size, record__message_id="made-up")
    wrong = verify([*lines[: place + 1], invented, *lines[place + 1 :]], known).failures
    assert any(f"event {size} of" in line and "(message made-up) was put in" in line for line in wrong)
    twice = verify([*lines[: place + 1], lines[place], *lines[place + 1 :]], known).failures
    assert any("is there twice" in line for line in twice)


def test_another_order_is_told(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    heading = next(place for place in places(lines, "resource") if json.loads(lines[place])["events"] > 2)
    swapped = [*lines[: heading + 1], lines[heading + 2], lines[heading + 1], *lines[heading + 3 :]]
    wrong = verify(swapped, known).failures
    assert any("stand in another order" in line for line in wrong)
    assert not any("altered" in line or "removed" in line for line in wrong)


def test_a_segment_that_does_not_follow_is_named(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    place = places(lines, "segment")[7]
    said = json.loads(lines[place])
    for changes in ({"end": "2027-01-01T00:00:00.000000Z"}, {"state": "free"}, {"project_id": "other"}):
        wrong = verify([*lines[:place], changed(lines[place], **changes), *lines[place + 1 :]], known).failures
        assert sum("doesn't follow from its events" in line for line in wrong) == 1
        assert any("is missing that follows" in line and said["start"] in line for line in wrong)
    assert any(
        "is missing that follows" in line for line in verify([*lines[:place], *lines[place + 1 :]], known).failures
    )
    doubled = verify([*lines[:place], lines[place], *lines[place:]], known).failures
    assert sum("doesn't follow from its events" in line for line in doubled) == 1


def test_an_export_that_is_cut_off_is_no_export(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    for until in (1, 2, len(lines) // 2, len(lines) - 1):
        assert "the end is missing: the export is cut off" in verify(lines[:until], known).failures
    assert any("can't be understood" in line for line in verify([*lines[:9], lines[9][:50]], known).failures)
    assert verify([], known).failures == ["the end is missing: the export is cut off"]
    assert any("stands after the end" in line for line in verify([*lines, lines[1]], known).failures)


def test_only_a_known_key_counts(exported: tuple[list[bytes], list[Verifier]]) -> None:
    lines, known = exported
    refused = verify(lines, [STRANGER])
    assert len(refused.failures) == 1
    assert "not signed by a trusted key" in refused.failures[0]
    assert str(known[0].id.hex()) in refused.failures[0]
    assert verify(lines, [STRANGER, *known]).failures == []
    assert verify(lines, []).failures


@given(place=st.integers(0, 10**9), change=st.integers(1, 255))
@settings(max_examples=examples(150))
def test_whatever_byte_is_changed_it_is_noticed(
    exported: tuple[list[bytes], list[Verifier]], place: int, change: int
) -> None:
    lines, known = exported
    whole = bytearray(b"".join(lines))
    whole[place % len(whole)] ^= change
    assert verify(io.BytesIO(whole), known).failures
