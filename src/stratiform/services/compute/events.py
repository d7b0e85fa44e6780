"""What compute tells the ledger: Nova's unversioned notifications, each a statement of the row at its time.

Source: recorded notifications of Nova 34; nova/notifications/base.py for the payload's keys.
"""

from typing import Any

from stratiform.kit import outbox
from stratiform.kit.clock import Micros, iso_naive, to_datetime
from stratiform.kit.db import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.work import enqueue
from stratiform.services.compute.model.server import DELETED, Server
from stratiform.services.network.model import Port

UPDATE = "compute.instance.update"
CREATE_START, CREATE_END, CREATE_ERROR = (f"compute.instance.create.{step}" for step in ("start", "end", "error"))
DELETE_START, DELETE_END = "compute.instance.delete.start", "compute.instance.delete.end"
POWER_OFF_START, POWER_OFF_END = "compute.instance.power_off.start", "compute.instance.power_off.end"
POWER_ON_START, POWER_ON_END = "compute.instance.power_on.start", "compute.instance.power_on.end"
REBOOT_START, REBOOT_END = "compute.instance.reboot.start", "compute.instance.reboot.end"
RESIZE_START, RESIZE_END = "compute.instance.resize.start", "compute.instance.finish_resize.end"
CONFIRM_END = "compute.instance.resize.confirm.end"
REVERT_START, REVERT_END = "compute.instance.resize.revert.start", "compute.instance.resize.revert.end"
REBUILD_START, REBUILD_END = "compute.instance.rebuild.start", "compute.instance.rebuild.end"


def post(db: Connection, ids: Ids, event_type: str, server: Server, at: Micros, **more: Any) -> None:
    """Write the event with the change that it tells of, and ask that it is read."""
    outbox.append(
        db,
        outbox.Event(
            message_id=ids.uuid(),
            event_type=event_type,
            publisher_id=f"compute.{server.cloud_name}",
            at=at,
            cloud=server.cloud_name,
            payload={**payload(server), **more},
        ),
    )
    enqueue(db, "metering.outbox", "all", at)


def payload(server: Server) -> dict[str, Any]:
    """Nova's payload. A machine that the cloud has lost is told as deleted, although its row is still shown."""
    flavor = server.flavor
    return {
        "tenant_id": server.project_id,
        "user_id": server.user_id,
        "instance_id": server.id,
        "display_name": server.name,
        "reservation_id": server.reservation_id,
        "hostname": server.hostname,
        "instance_type": flavor["name"],
        "instance_flavor_id": flavor["id"],
        "architecture": server.image.get("architecture"),
        "memory_mb": flavor["ram"],
        "disk_gb": flavor["disk"] + flavor["ephemeral"],
        "vcpus": flavor["vcpus"],
        "root_gb": flavor["disk"],
        "ephemeral_gb": flavor["ephemeral"],
        "host": server.cloud_name if server.native_id else None,
        "node": server.cloud_name if server.native_id else None,
        "availability_zone": server.zone,
        "cell_name": "",
        "created_at": str(to_datetime(server.created_at).replace(microsecond=0)),
        "terminated_at": _time(server.terminated_at),
        "deleted_at": _time(server.deleted_at),
        "launched_at": _time(server.launched_at),
        "image_ref_url": f"/images/{server.image_id}",
        "os_type": server.image.get("os_type"),
        "kernel_id": "",
        "ramdisk_id": "",
        "state": DELETED if server.terminated_at is not None else server.vm_state,
        "state_description": server.task_state,
        "progress": "",
        "access_ip_v4": server.access_ip_v4 or None,
        "access_ip_v6": server.access_ip_v6 or None,
        "image_meta": {**server.image, "base_image_ref": server.image_id},
        "metadata": server.metadata,
    }


def fixed_ips(ports: list[Port]) -> list[dict[str, Any]]:
    """The addresses, as `compute.instance.create.end` tells them."""
    return [
        {
            "address": ip["ip_address"],
            "type": "fixed",
            "version": 6 if ":" in ip["ip_address"] else 4,
            "meta": {},
            "floating_ips": [],
            "vif_mac": port.mac_address,
        }
        for port in ports
        for ip in port.fixed_ips
    ]


def changed(before: Server) -> dict[str, Any]:
    """What `compute.instance.update` adds: the states before."""
    return {"old_state": before.vm_state, "old_task_state": before.task_state or None}


def _time(us: Micros | None) -> str:
    return "" if us is None else iso_naive(us)
