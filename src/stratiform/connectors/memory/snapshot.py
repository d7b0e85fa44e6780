"""Snapshot capability of the simulated cloud. Of the data, it stores only where it was written first."""

from collections.abc import Iterator, Sequence

import msgspec

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.client import Client, Row, SimulatedRequest
from stratiform.connectors.memory.volume_attachments import SELECT_VOLUMES
from stratiform.contract.errors import RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotSpec
from stratiform.kit.clock import Micros

_PAGE_SIZE = 500
_GIB = 1024**3


class MemorySnapshotDriver:
    """Implements contract.snapshot.SnapshotDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, spec: SnapshotSpec) -> NativeSnapshot:
        with self._client.open_request(writes=True) as request:
            return _to_snapshot(_find_by_token(request, spec.token) or _create(request, spec), request.now)

    def create_consistent(self, specs: Sequence[SnapshotSpec]) -> Sequence[NativeSnapshot]:
        """One request is one transaction, so that all snapshots have the same time."""
        with self._client.open_request(writes=True) as request:
            rows = [_find_by_token(request, spec.token) or _create(request, spec) for spec in specs]
            return [_to_snapshot(row, request.now) for row in rows]

    def find(self, token: str) -> NativeSnapshot | None:
        with self._client.open_request() as request:
            row = _find_by_token(request, token)
            return None if row is None else _to_snapshot(row, request.now)

    def get(self, snapshot_id: str) -> NativeSnapshot:
        with self._client.open_request() as request:
            return _to_snapshot(_get_row(request, snapshot_id), request.now)

    def list(self) -> Iterator[NativeSnapshot]:
        last = 0
        while True:
            with self._client.open_request() as request:
                rows = request.list_rows(
                    "SELECT * FROM snapshots WHERE installation = ? AND seq > ?"
                    " AND (deleted_at IS NULL OR deleted_at > ?) ORDER BY seq LIMIT ?",
                    *(request.installation_id, last, request.now, _PAGE_SIZE),
                )
                page = [_to_snapshot(row, request.now) for row in rows]
            yield from page
            if len(rows) < _PAGE_SIZE:
                return
            last = rows[-1]["seq"]

    def delete(self, snapshot_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            request.db.execute(
                "UPDATE snapshots SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
                (request.completes_at, snapshot_id),
            )

    def restore(self, snapshot_id: str, volume_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            snapshot = _get_row(request, snapshot_id)
            volume = _get_volume(request, volume_id)
            if volume["attached_to"]:
                raise RequestRejected(f"volume '{volume_id}' is attached to server '{volume['attached_to']}'")
            if volume["size_gib"] < snapshot["size_gib"]:
                raise RequestRejected(f"snapshot '{snapshot_id}' needs a volume of at least {snapshot['size_gib']} GiB")
            request.db.execute("UPDATE volumes SET content = ? WHERE id = ?", (snapshot["content"], volume_id))

    def create_image(self, snapshot_id: str, token: str, name: str) -> NativeImage:
        with self._client.open_request(writes=True) as request:
            image = _find_image(request, token)
            if image is None:
                snapshot = _get_row(request, snapshot_id)
                image = _create_image(request, snapshot, token, name)
            return NativeImage(image["id"], image["name"], image["token"], image["min_disk_gib"])


def _find_by_token(request: SimulatedRequest, token: str) -> Row | None:
    return request.find_row(
        "SELECT * FROM snapshots WHERE installation = ? AND token = ? AND (deleted_at IS NULL OR deleted_at > ?)"
        " ORDER BY seq DESC",
        *(request.installation_id, token, request.now),
    )


def _get_row(request: SimulatedRequest, snapshot_id: str) -> Row:
    query = "SELECT * FROM snapshots WHERE id = ? AND (deleted_at IS NULL OR deleted_at > ?)"
    row = request.find_row(query, snapshot_id, request.now)
    if row is None:
        raise errors.not_found("snapshot", snapshot_id)
    return row


def _get_volume(request: SimulatedRequest, volume_id: str) -> Row:
    query = f"{SELECT_VOLUMES} WHERE volumes.id = :id AND volumes.deleted_at IS NULL"
    row: Row | None = request.db.execute(query, {"now": request.now, "id": volume_id}).fetchone()
    if row is None:
        raise RequestRejected(f"volume '{volume_id}' not found")
    return row


def _create(request: SimulatedRequest, spec: SnapshotSpec) -> Row:
    source = _get_row(request, spec.snapshot_id) if spec.snapshot_id else _get_volume(request, spec.volume_id)
    if request.now < source["ready_at"]:
        raise errors.invalid_state("resource", source["id"], "creating", "copy")
    cursor = request.db.execute(
        "INSERT INTO snapshots (token, installation, name, size_gib, content, metadata, created_at, ready_at,"
        " volume_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            spec.token,
            request.installation_id,
            spec.name,
            source["size_gib"],
            source["content"],
            msgspec.json.encode(spec.metadata).decode(),
            request.now,
            request.completes_at,
            source["volume_id"] if spec.snapshot_id else source["id"],
        ),
    )
    row: Row = request.db.execute("SELECT * FROM snapshots WHERE seq = ?", (cursor.lastrowid,)).fetchone()
    return row


def _find_image(request: SimulatedRequest, token: str) -> Row | None:
    query = "SELECT * FROM images WHERE installation = ? AND token = ? AND deleted_at IS NULL"
    return request.find_row(query, request.installation_id, token)


def _create_image(request: SimulatedRequest, snapshot: Row, token: str, name: str) -> Row:
    (number,) = request.db.execute("SELECT count(*) FROM images").fetchone()
    values = (
        f"i-{number:08d}",
        token,
        request.installation_id,
        name,
        "raw",
        snapshot["size_gib"] * _GIB,
        "",
        snapshot["size_gib"],
        snapshot["content"],
    )
    request.db.execute(
        "INSERT INTO images (id, token, installation, name, disk_format, size_bytes, sha256, min_disk_gib, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    row: Row = request.db.execute("SELECT * FROM images WHERE id = ?", (values[0],)).fetchone()
    return row


def _to_snapshot(row: Row, now: Micros) -> NativeSnapshot:
    if row["deleted_at"] is not None:
        state = NativeSnapshotState.DELETING
    else:
        state = NativeSnapshotState.CREATING if now < row["ready_at"] else NativeSnapshotState.AVAILABLE
    return NativeSnapshot(row["id"], row["token"], state, row["size_gib"], row["created_at"])
