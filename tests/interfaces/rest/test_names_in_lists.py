"""Names in lists of segments and in sums: of projects, volume types, images and flavors."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import format_iso_naive, parse_iso
from stratiform.kit.outbox import Event
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import ServiceHarness

PROJECT = "8782449b8ab1452ba506264c4923f734"
TYPE = "8e92e9ee-879e-4c28-b238-a3467aa0b039"
IMAGE = "183b8f65-c689-4ae0-a193-a4ffaa29833d"


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A ledger with a server and two volumes, whose type and project were renamed."""
    service_harness.clock.at = parse_iso("2026-11-10T00:00:00")
    server = {"image_meta": {"base_image_ref": IMAGE}, "instance_type": "", "instance_flavor_id": "f1"}
    receive(
        service_harness,
        (typed("2026-11-01T00:00:00", "fast"), "acme"),
        (typed("2026-11-05T00:00:00", "fast-old", "update"), "acme"),
        (image("2026-11-01T00:00:00", "debian"), None),
        (machine("m1", PROJECT, "2026-11-02T00:00:00", **server), "acme"),
        (volume("v1", "2026-11-02T00:00:00"), "acme"),
        (volume("v1", "2026-11-02T00:00:00", at="2026-11-04T00:00:00", status="deleted"), "acme"),
        (volume("v2", "2026-11-02T00:00:00"), "acme"),
        (volume("v2", "2026-11-02T00:00:00", at="2026-11-07T00:00:00"), "acme-eu"),
    )
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        body = {"resource_type": "flavor", "resource_id": "f1", "name": "m1.small"}
        assert api("POST", "usage/names", body).status_code == 201
        yield api


def volume(volume_id: str, launched: str, **changes: Any) -> Event:
    return disk(volume_id, PROJECT, launched, volume_type=TYPE, volume_type_name=None, **changes)


def typed(at: str, name: str, action: str = "create") -> Event:
    payload = {"volume_types": {"id": TYPE, "name": name}}
    return Event(f"type-{at}", f"volume_type.{action}", "volumeType.lab", parse_iso(at), "dc-1", payload)


def image(at: str, name: str) -> Event:
    payload = {"id": IMAGE, "owner": "p9", "name": name, "status": "queued"}
    return Event(f"image-{at}", "image.create", "image.lab", parse_iso(at), "dc-1", payload)


def receive(harness: ServiceHarness, *messages: tuple[Event, str | None]) -> None:
    envelopes = [
        {
            "message_id": event.message_id,
            "publisher_id": event.publisher_id,
            "event_type": event.event_type,
            "timestamp": format_iso_naive(event.at),
            "payload": event.payload,
            "_context_project_id": PROJECT,
            "_context_project_name": project,
        }
        for event, project in messages
    ]
    with harness.services.database.transaction() as db:
        bodies = [json.dumps(envelope).encode() for envelope in envelopes]
        harness.services.ingest.messages.ingest(db, "dc-1", bodies, harness.clock.now())


def list_names(api: Rest, query: str = "") -> dict[str, dict[str, str]]:
    segments = api("GET", f"usage/segments?{query}").json()["segments"]
    return {segment["resource_id"]: segment.get("names", {}) for segment in segments}


def test_segments_have_the_names_at_their_end(api: Rest) -> None:
    assert list_names(api) == {
        "m1": {"project": "acme-eu", "image": "debian", "flavor": "m1.small"},
        "v1": {"project": "acme", "volume_type": "fast"},
        "v2": {"project": "acme-eu", "volume_type": "fast-old"},
    }


def test_clipped_segments_have_the_names_at_the_end_of_the_period(api: Rest) -> None:
    names = list_names(api, "from=2026-11-03T00:00:00Z&to=2026-11-05T00:00:00Z&clip=true")
    assert names["v2"] == {"project": "acme", "volume_type": "fast"}


def test_earlier_position_has_the_names_that_were_known_there(api: Rest) -> None:
    assert "flavor" not in list_names(api, "as_of=1")["m1"]


def test_tables_have_names(api: Rest) -> None:
    text = api.http.get("/api/v1/usage/segments?format=csv", headers={"X-Auth-Token": api.admin}).text
    rows = {row["resource_id"]: json.loads(row["names"]) for row in csv.DictReader(io.StringIO(text))}
    assert rows == list_names(api)


def test_customer_sees_the_names_of_the_own_project(api: Rest, service_harness: ServiceHarness) -> None:
    with service_harness.services.database.transaction() as db:
        event = machine("m9", api.demo_project, "2026-11-02T00:00:00")
        service_harness.services.ingest.own_events.ingest_outbox(db, service_harness.clock.now(), 100)
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    segments = api("GET", "usage/segments", token=api.demo).json()["segments"]
    assert [(segment["resource_id"], segment["names"]) for segment in segments] == [("m9", {"project": "demo"})]


def test_sums_have_the_names_of_their_groups(api: Rest) -> None:
    period = "from=2026-11-01T00:00:00Z&to=2026-11-08T00:00:00Z"
    (total,) = api("GET", f"usage/sums?{period}&group_by=project_id").json()["sums"]
    assert (total["group"], total["names"]) == ({"project_id": PROJECT}, {"project_id": "acme-eu"})
    sums = api("GET", f"usage/sums?{period}&group_by=attributes.volume_type&resource_type=volume").json()["sums"]
    assert [total["names"] for total in sums] == [{"attributes.volume_type": "fast-old"}]


def test_sums_can_be_grouped_by_names(api: Rest) -> None:
    for end, name in (("05", "fast"), ("08", "fast-old")):
        period = f"from=2026-11-01T00:00:00Z&to=2026-11-{end}T00:00:00Z"
        query = f"usage/sums?{period}&group_by=attributes.volume_type_name&resource_type=volume"
        (total,) = api("GET", query).json()["sums"]
        assert total["group"] == {"attributes.volume_type_name": name}


def test_texts_of_the_command_line(api: Rest, service_harness: ServiceHarness) -> None:
    with service_harness.services.database.transaction() as db:
        event = machine("m9", "p9", "2026-11-02T00:00:00")
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    lines = [" ".join(line.split()) for line in run("list").splitlines()]
    own = f"dc-1 acme-eu ({PROJECT})"
    assert any(own in line and line.endswith(" 100 GiB fast-old") for line in lines)
    assert any(own in line and " m1.small 2 vCPU 2 GiB" in line for line in lines)
    assert any(" dc-1 p9 2026-11-02T" in line for line in lines)
    rows = [line.split() for line in run("sums", "--group-by", "project_id").splitlines()]
    assert rows[0][:2] == ["project_id", "project_name"]
    assert rows[1][:2] == [PROJECT, "acme-eu"]


def run(*args: str) -> str:
    result = CliRunner().invoke(usage.app, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output
