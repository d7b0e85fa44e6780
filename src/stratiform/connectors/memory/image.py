"""Image capability of the simulated cloud: built-in images, and uploaded ones of which it stores size and hash."""

import hashlib
from collections.abc import Iterator

import msgspec

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.client import Client, Row, SimulatedRequest
from stratiform.contract.compute import ServerSize
from stratiform.contract.errors import RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.kit.clock import Micros

_FORMATS = ("raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso")
_GIB = 1024**3


class MemoryImageDriver:
    """Implements contract.image.ImageDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, image_id: str) -> NativeImage:
        with self._client.open_request() as request:
            row = request.find_row("SELECT * FROM images WHERE id = ? AND deleted_at IS NULL", image_id)
            if row is None:
                raise errors.not_found("image", image_id)
            return _to_image(row, request.now)

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        """Count and hash the data; it is not stored. Raises: RequestRejected if the format or size is wrong."""
        with self._client.open_request() as request:
            existing = _find_by_token(request, token)
            if existing is not None:
                return _to_image(existing, request.now)
        if disk_format not in _FORMATS:
            raise RequestRejected(f"disk format '{disk_format}' is not supported; formats: {', '.join(_FORMATS)}")
        digest, received = hashlib.sha256(), 0
        for chunk in data:
            digest.update(chunk)
            received += len(chunk)
        if received != size_bytes:
            raise RequestRejected(f"image '{name}' has {received} bytes, expected {size_bytes}")
        with self._client.open_request(writes=True) as request:
            row = _find_by_token(request, token) or _create(
                request, token, name, disk_format, received, digest.hexdigest()
            )
            return _to_image(row, request.now)

    def delete(self, image_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = request.find_row("SELECT * FROM images WHERE id = ? AND deleted_at IS NULL", image_id)
            if row is not None and not row["token"]:
                raise RequestRejected(f"image '{image_id}' is a built-in image and cannot be deleted")
            request.db.execute("UPDATE images SET deleted_at = ? WHERE id = ? AND token <> ''", (request.now, image_id))
            if row is not None:  # an image of a volume includes its snapshot
                delete_snapshot = "UPDATE snapshots SET deleted_at = ? WHERE token = ? AND deleted_at IS NULL"
                request.db.execute(delete_snapshot, (request.now, row["token"]))


def _find_by_token(request: SimulatedRequest, token: str) -> Row | None:
    return request.find_row(
        "SELECT * FROM images WHERE installation = ? AND token = ? AND deleted_at IS NULL",
        request.installation_id,
        token,
    )


def _create(request: SimulatedRequest, token: str, name: str, disk_format: str, size_bytes: int, sha256: str) -> Row:
    (number,) = request.db.execute("SELECT count(*) FROM images").fetchone()
    image_id = f"i-{number:08d}"
    min_disk_gib = -(-size_bytes // _GIB) if disk_format == "raw" else 0
    request.db.execute(
        "INSERT INTO images (id, token, installation, name, disk_format, size_bytes, sha256, min_disk_gib)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (image_id, token, request.installation_id, name, disk_format, size_bytes, sha256, min_disk_gib),
    )
    row: Row = request.db.execute("SELECT * FROM images WHERE id = ?", (image_id,)).fetchone()
    return row


def ensure_server_image(request: SimulatedRequest, server: Row, token: str, name: str) -> NativeImage:
    """Return the image of a server with this token; it is created on the first request, and ready later."""
    row = _find_by_token(request, token)
    if row is None:
        disk_gib = msgspec.json.decode(server["size"], type=ServerSize).disk_gib
        row = _create(request, token, name, "qcow2", disk_gib * _GIB, "")
        request.db.execute(
            "UPDATE images SET ready_at = ?, min_disk_gib = ? WHERE id = ?", (request.completes_at, disk_gib, row["id"])
        )
        row = _find_by_token(request, token)
    assert row is not None, "the image was created"
    return _to_image(row, request.now)


def _to_image(row: Row, now: Micros) -> NativeImage:
    return NativeImage(
        id=row["id"],
        name=row["name"],
        token=row["token"],
        min_disk_gib=row["min_disk_gib"],
        size_bytes=row["size_bytes"],
        is_ready=now >= row["ready_at"],
    )
