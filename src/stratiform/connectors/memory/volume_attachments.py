"""Attachments of simulated volumes to servers."""

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.client import Row, SimulatedRequest
from stratiform.contract.errors import RequestRejected

_ROOT_DEVICE = "/dev/vda"


def get_volume_row(request: SimulatedRequest, volume_id: str) -> Row:
    """Return a volume that is not deleted. Raises: NativeNotFound."""
    volume = request.find_row("SELECT * FROM volumes WHERE id = ? AND deleted_at IS NULL", volume_id)
    if volume is None:
        raise errors.not_found("volume", volume_id)
    return volume


def attached_server(request: SimulatedRequest, volume: Row) -> str:
    """Return the id of the existing server that `volume` is attached to, or ""."""
    row = request.find_row(
        "SELECT id FROM servers WHERE id = ? AND (deleted_at IS NULL OR deleted_at > ?)",
        volume["server_id"],
        request.now,
    )
    return "" if row is None else str(row["id"])


def check_attachable(request: SimulatedRequest, volume: Row, zone: str) -> None:
    """Raises: RequestRejected unless the volume is free, ready and in the zone."""
    attached_to = attached_server(request, volume)
    if attached_to:
        raise RequestRejected(f"volume '{volume['id']}' is attached to server '{attached_to}'")
    if volume["ready_at"] > request.now:
        raise errors.invalid_state("volume", volume["id"], "creating", "attach")
    if volume["zone"] != zone:
        raise RequestRejected(
            f"volume '{volume['id']}' is in availability zone '{volume['zone']}', the server in '{zone}'"
        )


def check_boot_volume(request: SimulatedRequest, volume_id: str, zone: str) -> None:
    """Raises: RequestRejected unless a new server in the zone can boot from the volume."""
    volume = request.find_row("SELECT * FROM volumes WHERE id = ? AND deleted_at IS NULL", volume_id)
    if volume is None:
        raise RequestRejected(f"volume '{volume_id}' not found")
    check_attachable(request, volume, zone)


def attach(request: SimulatedRequest, server_id: str, volume_id: str, device: str) -> None:
    request.db.execute("UPDATE volumes SET server_id = ?, device = ? WHERE id = ?", (server_id, device, volume_id))


def swap(request: SimulatedRequest, server_id: str, old: Row, new: Row) -> None:
    """Copy the data of `old` to `new`, which takes its place in the server."""
    request.db.execute("UPDATE volumes SET server_id = '', device = '' WHERE id = ?", (old["id"],))
    request.db.execute(
        "UPDATE volumes SET server_id = ?, device = ?, content = ? WHERE id = ?",
        (server_id, old["device"], old["content"], new["id"]),
    )
    request.db.execute(
        "UPDATE servers SET boot_volume_id = ? WHERE id = ? AND boot_volume_id = ?", (new["id"], server_id, old["id"])
    )


def resolve_device(request: SimulatedRequest, server_id: str, device: str) -> str:
    """Return `device`, or the first free device name. Raises: RequestRejected if it is in use."""
    used = {row["device"] for row in request.list_rows("SELECT device FROM volumes WHERE server_id = ?", server_id)}
    if device in used or device == _ROOT_DEVICE:
        raise RequestRejected(f"device {device} of server '{server_id}' is in use")
    candidates = (f"/dev/vd{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
    device = device or next((name for name in candidates if name not in used), "")
    if not device:
        raise RequestRejected(f"server '{server_id}' has no free device name")
    return device
