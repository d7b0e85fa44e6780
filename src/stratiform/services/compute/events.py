"""Notifications of compute in Nova's unversioned format; each states the server's row at its time.

Source: recorded notifications of Nova 34; nova/notifications/base.py for the keys of the payload.
"""

from collections.abc import Sequence

from stratiform.kit import outbox
from stratiform.kit.clock import Micros, format_iso_naive, to_datetime
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.services.compute.model import vm_states
from stratiform.services.compute.model.servers import Server
from stratiform.services.network.model import Port

UPDATE = "compute.instance.update"
CREATE_START = "compute.instance.create.start"
CREATE_END = "compute.instance.create.end"
CREATE_ERROR = "compute.instance.create.error"
DELETE_START = "compute.instance.delete.start"
DELETE_END = "compute.instance.delete.end"
POWER_OFF_START = "compute.instance.power_off.start"
POWER_OFF_END = "compute.instance.power_off.end"
POWER_ON_START = "compute.instance.power_on.start"
POWER_ON_END = "compute.instance.power_on.end"
REBOOT_START = "compute.instance.reboot.start"
REBOOT_END = "compute.instance.reboot.end"
RESIZE_START = "compute.instance.resize.start"
RESIZE_END = "compute.instance.finish_resize.end"
RESIZE_CONFIRM_END = "compute.instance.resize.confirm.end"
RESIZE_REVERT_START = "compute.instance.resize.revert.start"
RESIZE_REVERT_END = "compute.instance.resize.revert.end"
REBUILD_START = "compute.instance.rebuild.start"
REBUILD_END = "compute.instance.rebuild.end"
PAUSE_START = "compute.instance.pause.start"
PAUSE_END = "compute.instance.pause.end"
UNPAUSE_START = "compute.instance.unpause.start"
UNPAUSE_END = "compute.instance.unpause.end"
SUSPEND_START = "compute.instance.suspend.start"
SUSPEND_END = "compute.instance.suspend.end"
RESUME_START = "compute.instance.resume.start"
RESUME_END = "compute.instance.resume.end"
RESCUE_START = "compute.instance.rescue.start"
RESCUE_END = "compute.instance.rescue.end"
UNRESCUE_START = "compute.instance.unrescue.start"
UNRESCUE_END = "compute.instance.unrescue.end"
SHELVE_START = "compute.instance.shelve.start"
SHELVE_END = "compute.instance.shelve.end"
SHELVE_OFFLOAD_START = "compute.instance.shelve_offload.start"
SHELVE_OFFLOAD_END = "compute.instance.shelve_offload.end"
UNSHELVE_START = "compute.instance.unshelve.start"
UNSHELVE_END = "compute.instance.unshelve.end"
SNAPSHOT_START = "compute.instance.snapshot.start"
SNAPSHOT_END = "compute.instance.snapshot.end"
SOFT_DELETE_START = "compute.instance.soft_delete.start"
SOFT_DELETE_END = "compute.instance.soft_delete.end"
RESTORE_START = "compute.instance.restore.start"
RESTORE_END = "compute.instance.restore.end"

#: The types of all events that the service appends.
EVENT_TYPES = tuple(value for name, value in globals().items() if name.isupper() and isinstance(value, str))


def append_notification(
    db: Connection,
    ids: Ids,
    event_type: str,
    server: Server,
    at: Micros,
    *,
    previous: Server | None = None,
    **extra: object,
) -> None:
    """Write a notification of `server` to the outbox, in the transaction of the change, and enqueue its ingestion.

    `previous` is the server before the change; its states become part of the payload.
    """
    states: dict[str, object] = {}
    if previous is not None:
        states = {"old_state": previous.vm_state, "old_task_state": previous.task_state or None}
    payload = {**build_server_payload(server), **states, **extra}
    outbox.append_event(db, _build_event(ids, event_type, server, at, payload))


def append_create_starts(db: Connection, ids: Ids, servers: Sequence[Server], at: Micros) -> None:
    """Write the first notification of new servers to the outbox."""
    outbox.append_events(
        db, [_build_event(ids, CREATE_START, server, at, build_server_payload(server)) for server in servers]
    )


def _build_event(ids: Ids, event_type: str, server: Server, at: Micros, payload: dict[str, object]) -> outbox.Event:
    return outbox.Event(
        message_id=ids.uuid(),
        event_type=event_type,
        publisher_id=f"compute.{server.cloud_name}",
        at=at,
        cloud=server.cloud_name,
        payload=payload,
    )


def build_server_payload(server: Server) -> dict[str, object]:
    """Return Nova's payload. A server that is lost in its cloud has the state `deleted`."""
    flavor = server.flavor
    root_gib = 0 if server.is_volume_backed else flavor["disk"]  # a root volume has its own notifications
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
        "disk_gb": root_gib + flavor["ephemeral"],
        "vcpus": flavor["vcpus"],
        "root_gb": root_gib,
        "ephemeral_gb": flavor["ephemeral"],
        "host": server.cloud_name if server.native_id else None,
        "node": server.cloud_name if server.native_id else None,
        "availability_zone": server.zone,
        "cell_name": "",
        "created_at": str(to_datetime(server.created_at).replace(microsecond=0)),
        "terminated_at": _format_time(server.terminated_at),
        "deleted_at": _format_time(server.deleted_at),
        "launched_at": _format_time(server.launched_at),
        "image_ref_url": f"/images/{server.image_id}",
        "os_type": server.image.get("os_type"),
        "kernel_id": "",
        "ramdisk_id": "",
        "state": vm_states.DELETED if server.terminated_at is not None else server.vm_state,
        "state_description": server.task_state,
        "progress": "",
        "access_ip_v4": server.access_ip_v4 or None,
        "access_ip_v6": server.access_ip_v6 or None,
        "image_meta": {**server.image, "base_image_ref": server.image_id},
        "metadata": server.metadata,
    }


def build_fixed_ips_payload(ports: Sequence[Port]) -> list[dict[str, object]]:
    """Return the addresses in the format of `compute.instance.create.end`."""
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


def _format_time(at: Micros | None) -> str:
    return "" if at is None else format_iso_naive(at)
