"""Volume capability of the simulated cloud."""

from collections.abc import Iterator

import msgspec

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.availability_zones import resolve_zone
from stratiform.connectors.memory.client import Client, Row, SimulatedRequest
from stratiform.connectors.memory.volume_attachments import SELECT_VOLUMES
from stratiform.contract.errors import RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec
from stratiform.kit.clock import Micros

#: The volume types of this cloud; the first is the default.
TYPES = ("standard", "fast")

_PAGE_SIZE = 500

_EXISTS = "(volumes.deleted_at IS NULL OR volumes.deleted_at > :now)"


class MemoryVolumeDriver:
    """Implements contract.volume.VolumeDriver and ReimageDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, spec: VolumeSpec) -> NativeVolume:
        with self._client.open_request(writes=True) as request:
            return _to_volume(_find_by_token(request, spec.token) or _create(request, spec), request.now)

    def find(self, token: str) -> NativeVolume | None:
        with self._client.open_request() as request:
            row = _find_by_token(request, token)
            return None if row is None else _to_volume(row, request.now)

    def get(self, volume_id: str) -> NativeVolume:
        with self._client.open_request() as request:
            return _to_volume(_get_row(request, volume_id), request.now)

    def list(self) -> Iterator[NativeVolume]:
        last = 0
        while True:
            with self._client.open_request() as request:
                rows = _select(
                    request,
                    "volumes.installation = :installation AND volumes.seq > :last ORDER BY volumes.seq LIMIT :limit",
                    last=last,
                    limit=_PAGE_SIZE,
                )
                page = [_to_volume(row, request.now) for row in rows]
            yield from page
            if len(rows) < _PAGE_SIZE:
                return
            last = rows[-1]["seq"]

    def extend(self, volume_id: str, size_gib: int) -> None:
        with self._client.open_request(writes=True) as request:
            volume = _to_volume(_get_row(request, volume_id), request.now)
            if volume.state not in (NativeVolumeState.AVAILABLE, NativeVolumeState.IN_USE):
                raise errors.invalid_state("volume", volume_id, volume.state.value, "extend")
            if size_gib < volume.size_gib:
                raise RequestRejected(
                    f"cannot shrink volume '{volume_id}' from {volume.size_gib} GiB to {size_gib} GiB"
                )
            request.db.execute("UPDATE volumes SET size_gib = ? WHERE id = ?", (size_gib, volume_id))

    def set_multiattach(self, volume_id: str, *, multiattach: bool) -> None:
        with self._client.open_request(writes=True) as request:
            row = _get_row(request, volume_id)
            if row["attached_to"]:
                raise RequestRejected(f"volume '{volume_id}' is attached to server '{row['attached_to']}'")
            request.db.execute("UPDATE volumes SET multiattach = ? WHERE id = ?", (multiattach, volume_id))

    def reimage(self, volume_id: str, image_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            volume = _to_volume(_get_row(request, volume_id), request.now)
            if volume.state is not NativeVolumeState.AVAILABLE:
                raise errors.invalid_state("volume", volume_id, volume.state.value, "write an image to")
            _check_image(request, image_id, volume.size_gib)
            values = (image_id, image_id, request.completes_at, volume_id)
            request.db.execute("UPDATE volumes SET image = ?, content = ?, ready_at = ? WHERE id = ?", values)

    def delete(self, volume_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            rows = _select(request, "volumes.id = :id", id=volume_id)
            if not rows or rows[0]["deleted_at"] is not None:
                return
            if rows[0]["attached_to"]:
                raise RequestRejected(f"volume '{volume_id}' is attached to server '{rows[0]['attached_to']}'")
            request.db.execute("UPDATE volumes SET deleted_at = ? WHERE id = ?", (request.completes_at, volume_id))


def _select(request: SimulatedRequest, where: str, **values: object) -> list[Row]:
    params = {"now": request.now, "installation": request.installation_id, **values}
    return request.db.execute(f"{SELECT_VOLUMES} WHERE {_EXISTS} AND {where}", params).fetchall()


def _find_by_token(request: SimulatedRequest, token: str) -> Row | None:
    rows = _select(
        request,
        "volumes.installation = :installation AND volumes.token = :token ORDER BY volumes.seq DESC",
        token=token,
    )
    return rows[0] if rows else None


def _get_row(request: SimulatedRequest, volume_id: str) -> Row:
    rows = _select(request, "volumes.id = :id", id=volume_id)
    if not rows:
        raise errors.not_found("volume", volume_id)
    return rows[0]


def _create(request: SimulatedRequest, spec: VolumeSpec) -> Row:
    if spec.size_gib < 1:
        raise RequestRejected(f"volume size {spec.size_gib} GiB is too small; at least 1 GiB")
    if spec.native_type and spec.native_type not in TYPES:
        raise RequestRejected(f"volume type '{spec.native_type}' not found; types: {', '.join(TYPES)}")
    content = ""
    if spec.image_id:
        _check_image(request, spec.image_id, spec.size_gib)
        content = spec.image_id
    elif spec.snapshot_id:
        content = _get_snapshot_content(request, spec)
    cursor = request.db.execute(
        "INSERT INTO volumes (token, installation, name, size_gib, native_type, image, metadata, zone, created_at,"
        " ready_at, content, multiattach) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            spec.token,
            request.installation_id,
            spec.name,
            spec.size_gib,
            spec.native_type or TYPES[0],
            spec.image_id,
            msgspec.json.encode(spec.metadata).decode(),
            resolve_zone(request, spec.availability_zone),
            request.now,
            request.completes_at,
            content,
            spec.multiattach,
        ),
    )
    request.db.execute("UPDATE volumes SET content = id WHERE seq = ? AND content = ''", (cursor.lastrowid,))
    return _select(request, "volumes.seq = :seq", seq=cursor.lastrowid)[0]


def _check_image(request: SimulatedRequest, image_id: str, size_gib: int) -> None:
    image = request.find_row("SELECT min_disk_gib FROM images WHERE id = ? AND deleted_at IS NULL", image_id)
    if image is None:
        raise RequestRejected(f"image '{image_id}' not found")
    if size_gib < image["min_disk_gib"]:
        raise RequestRejected(f"image '{image_id}' needs a volume of at least {image['min_disk_gib']} GiB")


def _get_snapshot_content(request: SimulatedRequest, spec: VolumeSpec) -> str:
    """Return what the snapshot contains. Raises: RequestRejected."""
    snapshot = request.find_row("SELECT * FROM snapshots WHERE id = ? AND deleted_at IS NULL", spec.snapshot_id)
    if snapshot is None:
        raise RequestRejected(f"snapshot '{spec.snapshot_id}' not found")
    if request.now < snapshot["ready_at"]:
        raise errors.invalid_state("snapshot", spec.snapshot_id, "creating", "copy")
    if spec.size_gib < snapshot["size_gib"]:
        raise RequestRejected(f"snapshot '{spec.snapshot_id}' needs a volume of at least {snapshot['size_gib']} GiB")
    return str(snapshot["content"])


def _state_of(row: Row, now: Micros) -> NativeVolumeState:
    if row["deleted_at"] is not None:
        return NativeVolumeState.DELETING
    if now < row["ready_at"]:
        return NativeVolumeState.CREATING
    return NativeVolumeState.IN_USE if row["attached_to"] else NativeVolumeState.AVAILABLE


def _to_volume(row: Row, now: Micros) -> NativeVolume:
    return NativeVolume(
        id=row["id"],
        token=row["token"],
        state=_state_of(row, now),
        size_gib=row["size_gib"],
        native_type=row["native_type"],
        server_id=row["attached_to"],
        created_at=row["created_at"],
    )
