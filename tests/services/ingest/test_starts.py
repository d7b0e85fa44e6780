"""Starts of usage without a time in the payload: the timestamp of the notification counts."""

from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ledger.model import Segment
from stratiform.services.ledger.model.fold import fold_statements

PARSER = MessageParser.load()
AT = parse_iso("2026-11-10T12:00:00.25Z")

CINDER = {"tenant_id": "p", "size": 5, "status": "available"}
NEUTRON = {"id": "x", "project_id": "p"}
GLANCE = {"id": "x", "owner": "p", "status": "active"}
OCTAVIA = {"id": "x", "project_id": "p", "provisioning_status": "ACTIVE"}
NOVA = {"tenant_id": "p", "state": "active"}

#: A payload without any time for each type of event that starts usage.
STARTS: dict[str, dict[str, Any]] = {
    "compute.instance.create.end": {"instance_id": "x", **NOVA},
    "instance.create.end": {"nova_object.data": {"uuid": "x", **NOVA}},
    "volume.create.end": {"volume_id": "x", **CINDER},
    "volume.manage_existing.end": {"volume_id": "x", **CINDER},
    "snapshot.create.end": {"snapshot_id": "x", "volume_id": "v", **CINDER},
    "snapshot.manage_existing_snapshot.end": {"snapshot_id": "x", "volume_id": "v", **CINDER},
    "backup.create.end": {"backup_id": "x", "volume_id": "v", **CINDER},
    "image.activate": GLANCE,
    "image.upload": GLANCE,
    "image.update": GLANCE,
    "image.deactivate": {**GLANCE, "status": "deactivated"},
    "image.reactivate": GLANCE,
    "network.create.end": {"network": NEUTRON},
    "subnet.create.end": {"subnet": {**NEUTRON, "network_id": "n"}},
    "port.create.end": {"port": {**NEUTRON, "network_id": "n"}},
    "router.create.end": {"router": NEUTRON},
    "floatingip.create.end": {"floatingip": NEUTRON},
    "octavia.loadbalancer.create.end": OCTAVIA,
    "octavia.loadbalancer.update.end": OCTAVIA,
}


def fold(event_type: str, payload: dict[str, Any]) -> tuple[Segment, ...]:
    (parsed,) = PARSER.parse_event(Event("m", event_type, "test", AT, "c", payload))
    return fold_statements(parsed.resource, [parsed.statement]).segments


@pytest.mark.parametrize("event_type", STARTS)
def test_usage_starts_at_the_timestamp(event_type: str) -> None:
    (segment,) = fold(event_type, STARTS[event_type])
    assert (segment.start, segment.end, segment.project_id) == (AT, None, "p")


def test_all_rules_that_start_usage_are_tested() -> None:
    rules = [rule for meter_file in PARSER.meter_files.values() for rule in meter_file.events]
    assert {event_type for rule in rules if rule.rule == "start" for event_type in rule.types} <= STARTS.keys()


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("volume.create.start", {"volume_id": "x", **CINDER, "status": "creating"}),
        ("volume.create.end", {"volume_id": "x", **CINDER, "status": "error"}),
        ("volume.update.end", {"volume_id": "x", **CINDER}),
        ("compute.instance.create.start", {"instance_id": "x", **NOVA, "state": "building"}),
        ("compute.instance.create.end", {"instance_id": "x", **NOVA, "state": "error"}),
        ("compute.instance.update", {"instance_id": "x", **NOVA}),
    ],
)
def test_other_events_start_nothing(event_type: str, payload: dict[str, Any]) -> None:
    assert fold(event_type, payload) == ()


def test_creation_that_the_usage_audit_repeats_starts_at_its_instant() -> None:
    created = "2026-11-01T10:00:00Z"
    payload = {"volume_id": "x", **CINDER, "audit_period_beginning": created, "audit_period_ending": created}
    (segment,) = fold("volume.create.end", payload)
    assert segment.start == parse_iso(created)
