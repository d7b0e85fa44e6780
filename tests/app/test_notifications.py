"""Notifications of the installation are published on a message bus in their order, and none is lost."""

import gc
import json
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from stratiform.app import notifications
from stratiform.app.settings import Settings
from stratiform.interfaces.amqp.publisher import build_envelope, get_exchange
from stratiform.kit import outbox
from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.kit.work_queue import Worker
from stratiform.services.ingest import tasks
from support.bus import URL, BusNames, oslo_messaging, parse_with_oslo, wait_for
from support.callers import open_callers
from support.servers import with_servers
from support.stacks import ServiceHarness, build_harness

UNREACHABLE = "rabbit://guest:guest@127.0.0.1:1/"


@pytest.fixture(autouse=True)
def collect_garbage() -> Iterator[None]:
    """oslo.messaging does not close its sockets; the garbage collector would warn about them in another test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@dataclass
class Endpoint:
    """An endpoint of oslo.messaging, which records notifications."""

    notifications: list[tuple[dict[str, Any], str, str, Any]] = field(default_factory=list)

    def info(self, ctxt: Any, publisher: str, event_type: str, payload: Any, _metadata: Any) -> str:
        self.notifications.append((ctxt, publisher, event_type, payload))
        return str(oslo_messaging.NotificationResult.HANDLED)

    error = info

    @property
    def event_types(self) -> list[str]:
        return [event_type for _, _, event_type, _ in self.notifications]


@contextmanager
def listen(topic: str, *exchanges: str) -> Iterator[Endpoint]:
    """Consume with oslo.messaging, as Ceilometer and Almanach do."""
    url = parse_with_oslo(URL)
    endpoint, transport = Endpoint(), oslo_messaging.get_notification_transport(url.conf, url)
    targets = [oslo_messaging.Target(exchange=exchange, topic=topic) for exchange in exchanges]
    listener = oslo_messaging.get_notification_listener(transport, targets, [endpoint])
    listener.start()
    try:
        yield endpoint
    finally:
        listener.stop()
        listener.wait()
        transport.cleanup()


@pytest.fixture
def harness(home: Path) -> Iterator[ServiceHarness]:
    home.mkdir(parents=True)
    harness = build_harness(home, notification_url=URL)
    yield harness
    harness.services.database.close()


def work(harness: ServiceHarness, topic: str, url: str = URL) -> None:
    """Ingest and publish."""
    settings = Settings(home=Path(), notification_url=url, notification_topics=(topic,))
    services = harness.services
    handlers = tasks.build_handlers(services.ingest, services.clouds) | notifications.build_handlers(settings)
    worker = Worker(services.database, handlers, name="test", clock=harness.clock)
    harness.clock.advance(SECOND_US)
    worker.run_until_idle(rounds=5)


def list_waiting(harness: ServiceHarness) -> list[str]:
    """Return the types of the events that are ingested and not published."""
    with harness.services.database.read_transaction() as db:
        return [event.event_type for event in outbox.list_ingested_events(db, 1000)]


@pytest.mark.usefixtures("broker")
def test_oslo_messaging_receives_the_notifications_of_a_server_in_order(
    harness: ServiceHarness, names: BusNames
) -> None:
    servers = with_servers(harness)
    server = servers.create_active()
    expected = [event.event_type for event in servers.events(server.id)]
    with listen(names.topic, "nova") as endpoint:
        work(harness, names.topic)
        wait_for(lambda: endpoint.event_types[-1:] == ["compute.instance.create.end"])
    assert [name for name in endpoint.event_types if name.startswith("compute.")] == expected
    assert endpoint.notifications[-1][3]["instance_id"] == server.id
    assert list_waiting(harness) == []


def test_the_context_is_that_of_the_request(harness: ServiceHarness, names: BusNames) -> None:
    chain = "req-11111111-2222-3333-4444-555555555555"
    with open_callers(harness) as callers, listen(names.topic, "neutron") as endpoint:
        headers = {"X-OpenStack-Request-ID": chain}
        body = {"network": {"name": "n1"}}
        response = callers.request("POST", "/network/v2.0/networks", headers=headers, json=body)
        work(harness, names.topic)
        wait_for(lambda: "network.create.end" in endpoint.event_types)
    context, publisher, _, payload = endpoint.notifications[endpoint.event_types.index("network.create.end")]
    assert context["request_id"] == response.headers["x-openstack-request-id"]
    assert context["global_request_id"] == chain
    assert context["project_id"] == callers.projects["green"] == payload["network"]["project_id"]
    assert publisher.startswith("network.")


def test_images_and_users_are_published(harness: ServiceHarness, names: BusNames) -> None:
    with open_callers(harness) as callers, listen(names.topic, "glance", "keystone") as endpoint:
        work(harness, names.topic)
        body = {"disk_format": "raw", "container_format": "bare"}
        image = callers.ok("POST", "/image/v2/images", json=body)
        path, octets = f"/image/v2/images/{image['id']}/file", {"content-type": "application/octet-stream"}
        callers.ok("PUT", path, content=b"data", headers=octets)
        callers.ok("POST", "/identity/v3/users", "admin", json={"user": {"name": "u"}})
        endpoint.notifications.clear()
        work(harness, names.topic)
        wait_for(lambda: "identity.user.created" in endpoint.event_types)
    types = [event_type for event_type in endpoint.event_types if event_type.startswith("image.")]
    assert types == [f"image.{name}" for name in ("create", "update", "prepare", "upload", "activate", "update")]
    _, publisher, _, payload = endpoint.notifications[endpoint.event_types.index("image.activate")]
    assert (publisher, payload["id"], payload["size"]) == (f"image.{socket.gethostname()}", image["id"], 4)


def test_notifications_wait_for_the_broker(harness: ServiceHarness, names: BusNames) -> None:
    server = with_servers(harness).create_active()
    work(harness, names.topic, UNREACHABLE)
    waiting = list_waiting(harness)
    assert "network.create.end" in waiting
    assert "compute.instance.create.end" in waiting
    with harness.services.database.read_transaction() as db:
        segments = list(harness.services.ledger.segments.iterate(db))
    assert server.id in {segment.resource.resource_id for segment in segments}  # usage does not wait
    harness.clock.advance(60 * SECOND_US)
    with listen(names.topic, "nova", "neutron", "glance") as endpoint:
        work(harness, names.topic)
        wait_for(lambda: len(endpoint.notifications) == len(waiting))
    assert sorted(endpoint.event_types) == sorted(waiting)


def test_notifications_that_wait_are_deleted_when_publication_is_turned_off(
    harness: ServiceHarness, names: BusNames
) -> None:
    with_servers(harness).create_active()
    work(harness, names.topic, UNREACHABLE)
    assert list_waiting(harness)
    harness.clock.advance(60 * SECOND_US)
    work(harness, names.topic, "")
    assert list_waiting(harness) == []


def test_without_a_bus_nothing_remains_in_the_outbox(service_harness: ServiceHarness) -> None:
    with_servers(service_harness).create_active()
    work(service_harness, "notifications", "")
    assert list_waiting(service_harness) == []


def test_published_messages_state_the_same_usage(harness: ServiceHarness, home: Path, names: BusNames) -> None:
    """Another installation that collects them has the same segments."""
    with_servers(harness).create_active()
    with harness.services.database.read_transaction() as db:
        events = outbox.list_pending_events(db, 1000)
    messages = [
        json.dumps(build_envelope(event, "info")).encode() for event in events if event.event_type != outbox.NAMED
    ]
    work(harness, names.topic, UNREACHABLE)
    other = build_harness(home / "other")
    with other.services.database.transaction() as db:
        result = other.services.ingest.messages.ingest(db, "sim", messages, harness.clock.now())
    assert result.rejected == 0
    assert list_server_segments(other) == list_server_segments(harness) != []
    other.services.database.close()


def list_server_segments(harness: ServiceHarness) -> list[tuple[str, int, int | None]]:
    with harness.services.database.read_transaction() as db:
        segments = list(harness.services.ledger.segments.iterate(db))
    return [
        (segment.resource.resource_id, segment.start, segment.end)
        for segment in segments
        if segment.resource.resource_type == "instance"
    ]


def test_a_repeated_message_is_recognized_by_its_id() -> None:
    event = Event("0a0b-0c", "compute.instance.create.error", "compute.sim", 5, "sim", {"a": 1}, {"user_id": "u"})
    envelope = build_envelope(event, "error")
    assert envelope == build_envelope(event, "error")
    message = json.loads(envelope["oslo.message"])
    assert message["_unique_id"] == "0a0b0c"
    assert message["priority"] == "ERROR"
    assert message["timestamp"] == "1970-01-01 00:00:00.000005"
    assert message["_context_user_id"] == "u"


@pytest.mark.parametrize(
    ("publisher", "exchange"),
    [
        ("compute.a", "nova"),
        ("volume.a@b", "cinder"),
        ("network.a", "neutron"),
        ("image.a", "glance"),
        ("identity.a", "keystone"),
        ("other", "openstack"),
    ],
)
def test_exchanges_are_those_of_openstack(publisher: str, exchange: str) -> None:
    assert get_exchange(publisher) == exchange


def test_an_invalid_address_is_reported_with_its_setting() -> None:
    with pytest.raises(Invalid, match="notification_url"):
        notifications.parse_address(Settings(home=Path(), notification_url="rabbit://a:p@b@c:1/x@y"))
