"""Verification of resources that end with a parent: missing parents, wrong order and cycles."""

import pytest

from stratiform.kit.clock import HOUR_US, SECOND_US, parse_iso
from stratiform.kit.outbox import Event
from stratiform.kit.signed_notes import sign_note
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.proof.model.export_digests import ExportDigest
from stratiform.services.proof.model.export_lines import (
    EndLine,
    EventLine,
    HeaderLine,
    ResourceLine,
    decode_line,
    encode_line,
)
from stratiform.services.proof.model.verification import verify_export
from support.exports import checkpoint, export, ingest, keys
from support.stacks import ServiceHarness

T0 = parse_iso("2026-03-01T00:00:00Z")


@pytest.fixture
def stack(service_harness: ServiceHarness) -> ServiceHarness:
    """A stack with a fixed time."""
    service_harness.clock.at = T0 + HOUR_US
    return service_harness


def make_event(action: str, resource_id: str, seconds: int, parent: str = "") -> Event:
    """Return an event `usage.ACTION` about a box at `T0` plus `seconds`."""
    payload: dict[str, object] = {"resource_type": "box", "resource_id": resource_id, "project_id": "p1"}
    if parent:
        payload["parent"] = {"resource_type": "box", "resource_id": parent}
    message_id = f"{action}-{resource_id}-{seconds}"
    return Event(message_id, f"usage.{action}", "x", T0 + seconds * SECOND_US, "a", payload)


def export_by_resource(stack: ServiceHarness) -> tuple[bytes, dict[str, list[bytes]]]:
    """Return the header of an export, and the lines of each resource by its id."""
    header, *lines, _ = export(stack)
    groups: dict[str, list[bytes]] = {}
    for text in lines:
        line = decode_line(text)
        if isinstance(line, ResourceLine):
            group = groups[line.resource_id] = []
        group.append(text)
    return header, groups


def verify_signed(stack: ServiceHarness, header: bytes, groups: list[list[bytes]]) -> list[str]:
    """Sign an export with these lines with the key of the ledger; return the failures of its verification."""
    signer = stack.services.proof.keys.get_signer()
    digest = ExportDigest(signer.name, checkpoint(stack).size)
    lines = [digest.add(header)]
    for text in (text for group in groups for text in group):
        line = decode_line(text)
        lines.append(digest.add(text, line.index if isinstance(line, EventLine) else None))
    lines.append(encode_line(EndLine(sign_note(str(digest), signer))))
    return verify_export(lines, keys(stack)).failures


def list_ends(stack: ServiceHarness) -> dict[str, int | None]:
    """Return the ends of the segments in seconds after `T0`, by resource id."""
    with stack.services.database.read_transaction() as db:
        segments = list(stack.services.ledger.segments.iterate(db, UsageFilter()))
    return {each.resource_id: None if each.end is None else (each.end - T0) // SECOND_US for each in segments}


def test_a_child_before_its_parent_is_reported(stack: ServiceHarness) -> None:
    """Otherwise a forged segment of the child could stay open although the parent has ended."""
    ingest(stack, make_event("started", "child", 0, "parent"), make_event("started", "parent", 0))
    _, open_groups = export_by_resource(stack)
    ingest(stack, make_event("ended", "parent", 9))
    header, groups = export_by_resource(stack)
    parent, child = groups["parent"], groups["child"]
    assert verify_signed(stack, header, [parent, child]) == []
    still_open = [*child[:-1], open_groups["child"][-1]]
    assert still_open != child
    for forged in (child, still_open):
        failures = verify_signed(stack, header, [forged, parent])
        assert "box child of a precedes its parent box parent of a" in failures


def test_a_missing_parent_is_reported(stack: ServiceHarness) -> None:
    ingest(stack, make_event("started", "parent", 0), make_event("started", "child", 0, "parent"))
    header, groups = export_by_resource(stack)
    failures = verify_signed(stack, header, [groups["child"]])
    assert "box parent of a, the parent of box child of a, is missing" in failures


def test_a_cycle_is_valid_in_any_order_but_precedes_its_descendants(stack: ServiceHarness) -> None:
    ingest(
        stack,
        make_event("started", "one", 0, "three"),
        make_event("started", "two", 0, "one"),
        make_event("started", "three", 0, "two"),
        make_event("started", "child", 0, "two"),
        make_event("started", "grandchild", 0, "child"),
        make_event("ended", "two", 9),
    )
    assert list_ends(stack) == {"one": None, "two": 9, "three": None, "child": 9, "grandchild": 9}
    header, groups = export_by_resource(stack)
    assert isinstance(decode_line(header), HeaderLine)
    assert verify_signed(stack, header, list(groups.values())) == []
    descendants = [groups["child"], groups["grandchild"]]
    assert verify_signed(stack, header, [groups["three"], groups["one"], groups["two"], *descendants]) == []
    reverse = [groups[name] for name in ("grandchild", "child", "three", "one", "two")]
    failures = verify_signed(stack, header, reverse)
    assert "box grandchild of a precedes its parent box child of a" in failures
    assert "box child of a precedes its parent box two of a" in failures
