"""Glance's notifications: their order and content, and that nothing is metered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.interfaces.amqp.publisher import build_envelope, get_exchange
from stratiform.kit import outbox
from stratiform.kit.errors import Fault
from stratiform.kit.outbox import Event
from stratiform.kit.work_queue import Worker
from stratiform.services.image.errors import (
    ImageNotFound,
    InvalidImageStatus,
    StorageFull,
    StorageWriteDenied,
    StoreUnavailable,
)
from stratiform.services.image.model import StoreSettings
from stratiform.services.image.service import ImageDataUpload
from stratiform.services.image.stores.files import FileStore
from stratiform.services.image.tasks import build_handlers as build_image_handlers
from stratiform.services.ingest.tasks import build_handlers as build_ingest_handlers
from support.callers import Callers, open_callers
from support.recorded_notifications import load_payloads
from support.stacks import ServiceHarness, build_harness

IMAGES = "/image/v2/images"
OCTETS = {"content-type": "application/octet-stream"}
STORES = (StoreSettings("fast", folder="fast"),)
Document = dict[str, Any]


@pytest.fixture
def api(home: Path) -> Iterator[Callers]:
    """The API of an installation that publishes notifications, with the stores local and fast."""
    harness = build_harness(home, notification_url="rabbit://guest:guest@127.0.0.1:1/", image_stores=STORES)
    with open_callers(harness) as api:
        take_events(api.harness)
        yield api


def take_events(harness: ServiceHarness) -> list[Event]:
    """Return the notifications of images that wait for publication, and delete all that wait."""
    with harness.services.database.transaction() as db:
        events = outbox.list_ingested_events(db, 1000)
        outbox.remove_events(db, events)
    return [event for event in events if event.event_type.startswith("image.")]


def take_types(api: Callers) -> list[str]:
    return [event.event_type for event in take_events(api.harness)]


def create(api: Callers, **attributes: Any) -> Document:
    return dict(api.ok("POST", IMAGES, json={"disk_format": "raw", "container_format": "bare", **attributes}))


def upload(api: Callers, image: Document, target: str = "file") -> None:
    path = f"{IMAGES}/{image['id']}/{target}"
    assert api.request("PUT", path, content=b"data", headers=OCTETS).status_code == 204


def run_worker(api: Callers) -> None:
    services = api.harness.services
    handlers = build_image_handlers(services.image) | build_ingest_handlers(services.ingest, services.clouds)
    Worker(services.database, handlers, name="w", clock=api.harness.clock).run_until_idle()


def test_payloads_have_the_keys_and_types_of_glance(api: Callers) -> None:
    image = create(api, name="a", os_distro="debian", tags=["x"])
    upload(api, image)
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").content == b"data"
    api.request("DELETE", f"{IMAGES}/{image['id']}")
    events = take_events(api.harness)
    assert [event.event_type for event in events] == [
        "image.create",
        "image.update",
        "image.prepare",
        "image.upload",
        "image.activate",
        "image.update",
        "image.send",
        "image.delete",
    ]
    for event in events:
        expected = load_payloads(event.event_type)[0]
        assert set(event.payload) == set(expected), event.event_type
        stated = [name for name, value in expected.items() if None not in (value, event.payload[name])]
        assert [type(event.payload[name]) for name in stated] == [type(expected[name]) for name in stated]
        assert (event.publisher_id.partition(".")[0], get_exchange(event.publisher_id)) == ("image", "glance")
    statuses = [event.payload.get("status") for event in events]
    assert statuses == ["queued", "saving", "saving", "active", "active", "active", None, "deleted"]
    created, sent, deleted = events[0].payload, events[6].payload, events[7].payload
    assert (created["properties"], created["tags"], created["owner"]) == (
        {"os_distro": "debian"},
        ["x"],
        image["owner"],
    )
    assert (created["created_at"], created["deleted"]) == (image["created_at"], False)
    assert (sent["bytes_sent"], sent["image_id"], sent["owner_id"]) == (4, image["id"], image["owner"])
    assert (deleted["deleted"], deleted["deleted_at"]) == (True, "2026-01-01T00:00:00Z")
    assert events[2].payload["backend"] == "local"
    assert events[0].context["user_id"] == sent["receiver_user_id"]


def test_changes_of_an_image(api: Callers) -> None:
    image = create(api)
    path = f"{IMAGES}/{image['id']}"
    upload(api, image)
    take_events(api.harness)
    headers = {"content-type": "application/openstack-images-v2.1-json-patch"}
    api.ok("PATCH", path, json=[{"op": "replace", "path": "/name", "value": "b"}], headers=headers)
    api.ok("PUT", f"{path}/tags/x")
    api.ok("DELETE", f"{path}/tags/x")
    api.ok("POST", f"{path}/actions/deactivate")
    api.ok("POST", f"{path}/actions/reactivate")
    assert take_types(api) == ["image.update"] * 5
    assert api.request("DELETE", path, "blue").status_code == 404
    assert api.request("PUT", f"{path}/tags/{'x' * 300}").status_code == 400
    assert take_types(api) == []


def test_members(api: Callers) -> None:
    image = create(api)
    members, blue = f"{IMAGES}/{image['id']}/members", api.projects["blue"]
    take_events(api.harness)
    api.ok("POST", members, json={"member": blue})
    api.ok("PUT", f"{members}/{blue}", "blue", json={"status": "accepted"})
    api.ok("DELETE", f"{members}/{blue}")
    events = take_events(api.harness)
    assert [event.event_type for event in events] == [
        "image.member.create",
        "image.member.update",
        "image.member.delete",
    ]
    assert [event.payload["status"] for event in events] == ["pending", "accepted", "accepted"]
    assert [event.payload["deleted"] for event in events] == [False, False, True]
    assert {event.payload["member_id"] for event in events} == {blue}


def test_import_to_several_stores(api: Callers) -> None:
    image = create(api)
    upload(api, image, "stage")
    assert take_types(api) == ["image.create", "image.update", "image.update"]
    method = {"method": {"name": "glance-direct"}, "all_stores": True, "all_stores_must_succeed": False}
    api.ok("POST", f"{IMAGES}/{image['id']}/import", json=method)
    run_worker(api)
    events = [event for event in take_events(api.harness) if event.event_type != "image.update"]
    stores = [(event.event_type, event.payload.get("backend")) for event in events]
    assert stores == [
        ("image.prepare", "local"),
        ("image.upload", None),
        ("image.activate", None),
        ("image.prepare", "fast"),
        ("image.upload", None),
    ]
    assert events[1].payload["os_glance_importing_to_stores"] == ["fast"]


def test_failed_uploads_are_reported_as_errors(api: Callers) -> None:
    image = create(api, disk_format="qcow2")
    take_events(api.harness)
    path = f"{IMAGES}/{image['id']}/file"
    response = api.request("PUT", path, content=b"data", headers=OCTETS)
    assert response.status_code == 400
    events = take_events(api.harness)
    expected = [("image.update", ""), ("image.prepare", ""), ("image.update", ""), ("image.upload", "error")]
    assert [(event.event_type, event.priority) for event in events] == expected
    start = f"Failed to upload image data for image {image['id']} due to internal error: "
    assert events[-1].payload.startswith(start)
    assert events[-1].payload.removeprefix(start) in response.text
    envelope = json.loads(build_envelope(events[-1], "error")["oslo.message"])
    assert (envelope["priority"], envelope["payload"]) == ("ERROR", events[-1].payload)
    with api.harness.services.database.transaction() as db:
        message = json.dumps(build_envelope(events[-1], "error")).encode()
        result = api.harness.services.ingest.messages.ingest(db, "other", [message], api.harness.clock.now())
    assert (result.ignored, result.rejected) == (1, 0)


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (StorageFull(), 413, "Image storage media is full: There is not enough disk space"),
        (StorageWriteDenied("local", "?"), 503, "Insufficient permissions on image storage media: store 'local'"),
        (ImageNotFound("i"), 404, "could not be found after upload. The image may have been deleted during the"),
        (InvalidImageStatus("again"), 409, "Unable to upload duplicate image data for image {id}: again"),
    ],
)
def test_texts_of_failed_uploads(
    api: Callers, monkeypatch: pytest.MonkeyPatch, error: Fault, status: int, text: str
) -> None:
    def fail(*_values: object) -> None:
        raise error

    image = create(api)
    monkeypatch.setattr(ImageDataUpload, "finish", fail)
    path = f"{IMAGES}/{image['id']}/file"
    assert api.request("PUT", path, content=b"data", headers=OCTETS).status_code == status
    assert text.format(id=image["id"]) in take_events(api.harness)[-1].payload


def test_operations_without_an_upload_report_no_error(api: Callers) -> None:
    image = create(api)
    take_events(api.harness)
    assert api.request("GET", f"{IMAGES}/{image['id']}/file").status_code == 204
    body = b"incomplete"
    headers = {**OCTETS, "content-length": "20"}
    assert api.request("PUT", f"{IMAGES}/{image['id']}/stage", content=body, headers=headers).status_code == 400
    assert set(take_types(api)) == {"image.update"}


def test_stores_that_fail_in_an_import_are_reported(api: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    image = create(api)
    upload(api, image, "stage")
    take_events(api.harness)

    open_writer = FileStore.open_writer

    def fail(store: FileStore, name: str) -> object:
        if store.id == "fast":
            raise StoreUnavailable("fast", "?")
        return open_writer(store, name)

    monkeypatch.setattr(FileStore, "open_writer", fail)
    method = {"method": {"name": "glance-direct"}, "all_stores": True, "all_stores_must_succeed": False}
    api.ok("POST", f"{IMAGES}/{image['id']}/import", json=method)
    run_worker(api)
    [error] = [event for event in take_events(api.harness) if event.priority == "error"]
    assert (error.event_type, "Image store 'fast' is not available." in error.payload) == ("image.upload", True)


def test_nothing_is_metered(api: Callers) -> None:
    """Images have no usage here. An installation that collects the published messages meters them once."""
    image = create(api, name="a")
    upload(api, image)
    harness = api.harness
    with harness.services.database.read_transaction() as db:
        pending = [event.event_type for event in outbox.list_pending_events(db, 1000)]
        published = [event for event in outbox.list_ingested_events(db, 1000) if event.event_type.startswith("image")]
    assert set(pending) <= {outbox.NAMED}
    run_worker(api)
    with harness.services.database.read_transaction() as db:
        assert list(harness.services.ledger.segments.iterate(db)) == []
        assert outbox.list_pending_events(db, 1000) == []
    messages = [json.dumps(build_envelope(event, "info")).encode() for event in published]
    with harness.services.database.transaction() as db:
        for _ in range(2):
            harness.services.ingest.messages.ingest(db, "other", messages, harness.clock.now())
    with harness.services.database.read_transaction() as db:
        [segment] = harness.services.ledger.segments.iterate(db)
    assert (segment.resource.resource_type, segment.resource.resource_id) == ("image", image["id"])


def test_without_a_bus_nothing_is_written(service_harness: ServiceHarness) -> None:
    with open_callers(service_harness) as api:
        image = create(api)
        upload(api, image)
        assert api.request("GET", f"{IMAGES}/{image['id']}/file").content == b"data"
        assert take_types(api) == []
