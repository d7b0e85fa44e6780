"""Attachments of simulated volumes to servers."""

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.client import Row, SimulatedRequest
from stratiform.contract.errors import RequestRejected

_ROOT_DEVICE = "/dev/vda"

#: A query of volumes with the column `attached_to`: the id of an existing server that has the volume, or "".
SELECT_VOLUMES = (
    "SELECT volumes.*, coalesce((SELECT servers.id FROM attachments JOIN servers ON servers.id = attachments.server_id"
    " WHERE attachments.volume_id = volumes.id AND (servers.deleted_at IS NULL OR servers.deleted_at > :now)"
    " ORDER BY attachments.rowid LIMIT 1), '') AS attached_to FROM volumes"
)


def get_volume_row(request: SimulatedRequest, volume_id: str) -> Row:
    """Return a volume that is not deleted. Raises: NativeNotFound."""
    volume = request.find_row("SELECT * FROM volumes WHERE id = ? AND deleted_at IS NULL", volume_id)
    if volume is None:
        raise errors.not_found("volume", volume_id)
    return volume


def list_attached_servers(request: SimulatedRequest, volume_id: str) -> list[str]:
    """Return the ids of the existing servers that a volume is attached to."""
    rows = request.list_rows(
        "SELECT servers.id FROM attachments JOIN servers ON servers.id = attachments.server_id"
        " WHERE attachments.volume_id = ? AND (servers.deleted_at IS NULL OR servers.deleted_at > ?)"
        " ORDER BY attachments.rowid",
        volume_id,
        request.now,
    )
    return [str(row["id"]) for row in rows]


def check_attachable(request: SimulatedRequest, volume: Row, zone: str) -> None:
    """Raises: RequestRejected unless the volume is free or multiattach, ready and in the zone."""
    attached_to = list_attached_servers(request, volume["id"])
    if attached_to and not volume["multiattach"]:
        raise RequestRejected(f"volume '{volume['id']}' is attached to server '{attached_to[0]}'")
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
    """Attach a volume, and forget the deleted servers that it was attached to."""
    request.db.execute(
        "DELETE FROM attachments WHERE volume_id = ? AND server_id NOT IN"
        " (SELECT id FROM servers WHERE deleted_at IS NULL OR deleted_at > ?)",
        (volume_id, request.now),
    )
    request.db.execute(
        "INSERT INTO attachments (volume_id, server_id, device) VALUES (?, ?, ?)", (volume_id, server_id, device)
    )


def detach(request: SimulatedRequest, server_id: str, volume_id: str) -> None:
    request.db.execute("DELETE FROM attachments WHERE volume_id = ? AND server_id = ?", (volume_id, server_id))


def swap(request: SimulatedRequest, server_id: str, old: Row, new: Row) -> None:
    """Copy the data of `old` to `new`, which takes its place in the server."""
    request.db.execute(
        "UPDATE attachments SET volume_id = ? WHERE volume_id = ? AND server_id = ?", (new["id"], old["id"], server_id)
    )
    request.db.execute("UPDATE volumes SET content = ? WHERE id = ?", (old["content"], new["id"]))
    request.db.execute(
        "UPDATE servers SET boot_volume_id = ? WHERE id = ? AND boot_volume_id = ?", (new["id"], server_id, old["id"])
    )


def resolve_device(request: SimulatedRequest, server_id: str, device: str) -> str:
    """Return `device`, or the first free device name. Raises: RequestRejected if it is in use."""
    used = {row["device"] for row in request.list_rows("SELECT device FROM attachments WHERE server_id = ?", server_id)}
    if device in used or device == _ROOT_DEVICE:
        raise RequestRejected(f"device {device} of server '{server_id}' is in use")
    candidates = (f"/dev/vd{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
    device = device or next((name for name in candidates if name not in used), "")
    if not device:
        raise RequestRejected(f"server '{server_id}' has no free device name")
    return device
