"""Replacing Almanach: its configuration file, its queues in RabbitMQ, and its API on a port of its own."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from stratiform.app import settings
from stratiform.interfaces.amqp.priorities import PRIORITIES
from support.bus import URL, BusNames, amqp, connect_amqp, oslo_messaging, parse_with_oslo, wait_for
from support.ports import free_port
from support.processes import PROGRAM, WAIT_S, running
from support.programs import Cli

LAUNCHED = "2026-01-01T10:00:00.000000"


def server_payload(state: str, **more: Any) -> dict[str, Any]:
    """Return the payload of a server's notification."""
    return {
        "instance_id": "i-1", "tenant_id": "p", "display_name": "web", "state": state, "launched_at": LAUNCHED,
        "terminated_at": "", "deleted_at": "", "instance_type": "m1.small", "metadata": {}, **more,
    }  # fmt: skip


def encode_notification(volume_id: str, event_type: str, publisher: str, **context: Any) -> bytes:
    """Return an envelope as the oslo.messaging of Almanach's time encodes it; the request was at 09:00."""
    volume = {
        "volume_id": volume_id, "tenant_id": "p", "status": "available", "size": 1, "display_name": "data",
        "launched_at": "2026-01-01T08:00:00",
    }  # fmt: skip
    context |= {"timestamp": "2026-01-01T09:00:00.000000"}
    message = {
        "event_type": event_type, "publisher_id": publisher, "message_id": str(uuid4()), "payload": volume,
        "timestamp": "2026-01-01 11:12:00.000000",
    }  # fmt: skip
    message |= {f"_context_{key}": value for key, value in context.items()}
    return json.dumps({"oslo.version": "2.0", "oslo.message": json.dumps(message)}).encode()


@pytest.fixture
def config(tmp_path: Path, names: BusNames) -> Path:
    """The configuration file of an Almanach."""
    file = tmp_path / "almanach.cfg"
    file.write_text(
        f"[DEFAULT]\ncontrol_exchange = {names.exchange}\n"
        f"[collector]\ntransport_url = {URL}\ntopic = {names.topic}\n"
        f"[api]\nbind_port = {free_port()}\n[auth]\nprivate_key = a key\n"
    )
    return file


@pytest.fixture
def cli(home: Path, names: BusNames) -> Iterator[Cli]:
    """A home without settings."""
    cli = Cli(home)
    yield cli
    cli.stop()
    names.delete(*(f"{names.topic}.{priority}" for priority in PRIORITIES))


@pytest.fixture
def imported(cli: Cli, config: Path) -> Cli:
    """A home with the imported configuration file of an Almanach."""
    cli("import", config)
    return cli


@contextmanager
def oslo_notifier(names: BusNames, publisher: str) -> Iterator[Any]:
    transport = oslo_messaging.get_notification_transport(parse_with_oslo(URL).conf, parse_with_oslo(URL))
    oslo_messaging.set_transport_defaults(names.exchange)
    yield oslo_messaging.Notifier(transport, publisher, driver="messagingv2", topics=[names.topic])
    transport.cleanup()
    oslo_messaging.set_transport_defaults("openstack")


def test_queue_of_almanach_is_consumed_after_the_import(imported: Cli, names: BusNames) -> None:
    """Notifications that Nova published before the start are consumed, too, from the queue that Almanach declared."""
    with oslo_notifier(names, "compute.here") as notifier:
        notifier.info({}, "compute.instance.create.end", server_payload("active"))
        wait_for(lambda: names.count_messages(f"{names.topic}.info") == 1)
        imported("up", "--detach", "--port", free_port())
        loaded = settings.load_settings(imported.home)
        url = f"http://127.0.0.1:{loaded.almanach_port}"
        with httpx.Client(base_url=url, headers={"X-Auth-Token": "a key"}) as http:
            wait_for(lambda: http.get("/v1/entity/i-1").status_code == 200)
            notifier.error(
                {}, "compute.instance.delete.end", server_payload("deleted", terminated_at="2026-01-01T12:00:00.000000")
            )
            wait_for(lambda: http.get("/entity/i-1").json()[0]["end"] == "2026-01-01 12:00:00+00:00")
            assert http.get("/info", headers={}).json()["info"] == {"version": "4.1.0"}


@pytest.mark.parametrize("option", ["--dead-letters", "--no-dead-letters"])
def test_dead_letters_are_consumed_if_the_operator_decides_so(
    cli: Cli, config: Path, names: BusNames, option: str
) -> None:
    """A deletion of 09:00 that Almanach gave up on, published as it does, ends the volume at 09:00."""
    queue = f"{names.topic}.critical"
    with connect_amqp() as connection:
        channel = connection.channel()
        channel.exchange_declare(names.exchange, "topic", durable=False, auto_delete=False)
        channel.queue_declare(queue, durable=False, auto_delete=False)
        channel.queue_bind(queue, names.exchange, queue)
    names.publish([encode_notification("v-1", "volume.delete.end", "almanach.collector", retry_count=6)], "critical")
    cli("import", config, option)
    cli("up", "--detach", "--port", free_port())
    wait_for(lambda: names.count_consumers(f"{names.topic}.info") == 1)
    names.publish([encode_notification("v-2", "volume.create.end", "volume.here")])
    loaded = settings.load_settings(cli.home)
    with httpx.Client(base_url=f"http://127.0.0.1:{loaded.almanach_port}", headers={"X-Auth-Token": "a key"}) as http:
        wait_for(lambda: http.get("/entity/v-2").status_code == 200)
        if option == "--dead-letters":
            wait_for(lambda: http.get("/entity/v-1").status_code == 200)
            assert http.get("/entity/v-1").json()[0]["end"] == "2026-01-01 09:00:00+00:00"
        else:
            assert http.get("/entity/v-1").status_code == 404
            assert names.count_messages(queue) == 1


def test_queues_of_almanach_3_are_consumed(cli: Cli, tmp_path: Path, names: BusNames) -> None:
    """Releases before 4.0 bind their queues to direct exchanges, and give messages up in the queue `dead.queue`."""
    main, dead = f"{names.topic}.info", f"{names.topic}.dead"
    with connect_amqp() as connection:
        channel = connection.channel()
        for exchange, queue in ((names.exchange, main), (dead, dead)):
            channel.exchange_declare(exchange, "direct", durable=True, auto_delete=False)
            channel.queue_declare(queue, durable=queue == dead, auto_delete=False)
            channel.queue_bind(queue, exchange, main)
            volume_id = "v-1" if queue == dead else "v-2"
            notification = encode_notification(volume_id, "volume.delete.end", "volume.here")
            channel.basic_publish(amqp.Message(notification), exchange, main)
    config = tmp_path / "almanach.cfg"
    config.write_text(
        f"[ALMANACH]\nauth_token=a key\n[RABBITMQ]\nurl={URL.replace('rabbit:', 'amqp:')}\nqueue={main}\n"
        f"routing.key={main}\ndead.queue={dead}\ndead.exchange={dead}\n"
    )
    cli("import", config, "--dead-letters")
    port, toml = free_port(), cli.home / "stratiform.toml"
    toml.write_text(toml.read_text().replace("almanach_port = 8000", f"almanach_port = {port}"))
    cli("up", "--detach", "--port", free_port())
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Auth-Token": "a key"}) as http:
        for volume_id in ("v-1", "v-2"):
            wait_for(lambda id_=volume_id: http.get(f"/entity/{id_}").status_code == 200)  # type: ignore[misc]
    assert (names.count_messages(main), names.count_messages(dead)) == (0, 0)
    with connect_amqp() as connection:
        connection.channel().queue_delete(dead)
        connection.channel().exchange_delete(dead)


def test_port_in_use_is_refused(home: Path) -> None:
    cli = Cli(home)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        home.mkdir()
        for text, reason in (
            (f"almanach_port = {port}\n", f"Cannot listen on 127.0.0.1 port {port}"),
            (f"almanach_port = {port}\nport = {port}\n", "are both"),
            ('almanach_auth = "private_key"\n', "almanach_private_key is not set"),
        ):
            (home / "stratiform.toml").write_text(text)
            line = ("api",) if "port = " in text.partition("\n")[2] else ("api", "--port", free_port())
            assert reason in cli(*line, exit_code=1)


@pytest.mark.parametrize(("auth", "warnings"), [("keystone", 1), ("private_key", 0), ("token,keystone", 0)])
def test_unused_private_key_is_logged(home: Path, auth: str, warnings: int) -> None:
    home.mkdir()
    (home / "stratiform.toml").write_text(f'almanach_private_key = "a key"\nalmanach_auth = "{auth}"\n')
    cli = Cli(home)
    try:
        cli("up", "--detach", "--port", free_port())
    finally:
        cli.stop()
    log = (home / "stratiform.log").read_text()
    assert log.count("almanach_private_key is ignored because almanach_auth is keystone") == warnings
    assert "a key" not in log


def test_second_listener_stops_with_the_program(home: Path) -> None:
    port = free_port()
    home.mkdir()
    (home / "stratiform.toml").write_text(f"almanach_port = {port}\n")
    command = [*PROGRAM, "--home", str(home), "api", "--port", str(free_port())]
    with running(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Stratiform is ready")
        assert httpx.get(f"http://127.0.0.1:{port}/info").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0
