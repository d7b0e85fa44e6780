"""Usage and prices for tests of rating and billing: told as events, as clouds tell them."""

from typing import Any

from stratiform.kit.clock import iso_naive, parse_iso
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
    """A machine with two vCPUs and 20 GiB that runs since `launched`, told at that instant unless `at` says when."""
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
        "launched_at": iso_naive(parse_iso(launched)),
        **changes,
    }
    return Event(f"{server_id}-{at}", "compute.instance.update", "compute.test", at, "dc-1", payload)


def disk(volume_id: str, project_id: str, launched: str, **changes: Any) -> Event:
    """A volume of 100 GiB of the type `fast`."""
    at = parse_iso(changes.pop("at", launched))
    payload = {
        "tenant_id": project_id,
        "volume_id": volume_id,
        "display_name": f"name of {volume_id}",
        "volume_type": "8e92e9ee-879e-4c28-b238-a3467aa0b039",
        "volume_type_name": "fast",
        "size": 100,
        "status": "available",
        "launched_at": iso_naive(parse_iso(launched)),
        **changes,
    }
    return Event(f"{volume_id}-{at}", "volume.update.end", "volume.test", at, "dc-1", payload)
