"""Events of clouds and a price plan, for tests of rating and billing."""

from typing import Any

from stratiform.kit.clock import format_iso_naive, parse_iso
from stratiform.kit.outbox import Event

PLAN = """
name = "standard"
currency = "EUR"

[[version]]
valid_from = 2026-01-01

[[version.price]]
meter = "vcpu"
price = "0.01"
per = "hour"
granularity = "second"
states = ["active"]

[[version.price]]
meter = "disk"
price = "0.0001"
per = "hour"
label = "Root disk"

[[version.price]]
meter = "volume"
volume_type = "fast"
price = "0.0002"
per = "hour"
"""


def machine(server_id: str, project_id: str, launched: str, **changes: Any) -> Event:
    """Return an update of an active server with two vCPUs and 20 GiB; `at` (default: `launched`) is its timestamp."""
    at = parse_iso(changes.pop("at", launched))
    payload = {
        "tenant_id": project_id,
        "instance_id": server_id,
        "display_name": f"name of {server_id}",
        "instance_type": "m1.small",
        "instance_flavor_id": "2",
        "memory_mb": 2048,
        "vcpus": 2,
        "root_gb": 20,
        "ephemeral_gb": 0,
        "state": "active",
        "launched_at": format_iso_naive(parse_iso(launched)),
        **changes,
    }
    return Event(f"{server_id}-{at}", "compute.instance.update", "compute.test", at, "dc-1", payload)


def address(floating_ip_id: str, project_id: str, created: str) -> Event:
    """Return the creation of a floating IP."""
    at = parse_iso(created)
    floating_ip = {
        "id": floating_ip_id,
        "project_id": project_id,
        "floating_ip_address": "192.0.2.1",
        "floating_network_id": "public",
        "port_id": None,
        "created_at": format_iso_naive(at),
    }
    return Event(
        f"{floating_ip_id}-{at}", "floatingip.create.end", "network.test", at, "dc-1", {"floatingip": floating_ip}
    )


def counter(server_id: str, project_id: str, at: str, sent_bytes: int) -> Event:
    """Return a sample of the counter of bytes that a server has sent, from Ceilometer."""
    sample = {
        "counter_name": "network.outgoing.bytes",
        "counter_type": "cumulative",
        "counter_unit": "B",
        "counter_volume": sent_bytes,
        "project_id": project_id,
        "resource_id": f"{server_id}-tap0",
        "resource_metadata": {"instance_id": server_id},
        "timestamp": at,
    }
    return Event(
        f"{server_id}-{at}-counter",
        "telemetry.polling",
        "ceilometer.test",
        parse_iso(at),
        "dc-1",
        {"samples": [sample]},
    )


def request(account: str, at: str) -> Event:
    """Return a request to the object store of the project `account`."""
    payload = {"target": {"id": account}, "eventTime": at, "measurements": []}
    return Event(f"{account}-{at}", "objectstore.http.request", "swift.test", parse_iso(at), "dc-1", payload)


def disk(volume_id: str, project_id: str, launched: str, **changes: Any) -> Event:
    """Return an update of a volume of 100 GiB and the type `fast`."""
    at = parse_iso(changes.pop("at", launched))
    payload = {
        "tenant_id": project_id,
        "volume_id": volume_id,
        "display_name": f"name of {volume_id}",
        "volume_type": "8e92e9ee-879e-4c28-b238-a3467aa0b039",
        "volume_type_name": "fast",
        "size": 100,
        "status": "available",
        "launched_at": format_iso_naive(parse_iso(launched)),
        **changes,
    }
    return Event(f"{volume_id}-{at}", "volume.update.end", "volume.test", at, "dc-1", payload)
