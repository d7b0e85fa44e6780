"""Images of the simulated cloud: some of its own, and those that are uploaded, of which it keeps size and hash."""

import hashlib
from collections.abc import Iterator

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.client import Client, Request, Row
from stratiform.contract.errors import RequestRejected
from stratiform.contract.image import NativeImage

_FORMATS = ("raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso")
_GIB = 1024**3


class MemoryImages:
    """contract.image.Images."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def show(self, image_id: str) -> NativeImage:
        with self._client.request() as request:
            row = request.first("SELECT * FROM images WHERE id = ? AND deleted_at IS NULL", image_id)
            if row is None:
                raise errors.gone("image", image_id)
            return _image(row)

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        """The bytes go through and are counted; none is kept. Raises Refused where there are more or fewer."""
        with self._client.request() as request:
            there = _by_token(request, token)
        if there is not None:
            return _image(there)
        if disk_format not in _FORMATS:
            raise RequestRejected(
                f"no machine can start from format '{disk_format}': {', '.join(_FORMATS)} can be used"
            )
        digest, read = hashlib.sha256(), 0
        for piece in data:
            digest.update(piece)
            read += len(piece)
        if read != size_bytes:
            raise RequestRejected(f"image '{name}' has {read} bytes where {size_bytes} were announced")
        with self._client.request(writes=True) as request:
            row = _by_token(request, token) or _make(request, token, name, disk_format, read, digest.hexdigest())
            return _image(row)

    def delete(self, image_id: str) -> None:
        with self._client.request(writes=True) as request:
            row = request.first("SELECT * FROM images WHERE id = ? AND deleted_at IS NULL", image_id)
            if row is not None and not row["token"]:
                raise RequestRejected(f"image '{image_id}' is the cloud's own")
            request.db.execute("UPDATE images SET deleted_at = ? WHERE id = ? AND token <> ''", (request.now, image_id))


def _by_token(request: Request, token: str) -> Row | None:
    return request.first(
        "SELECT * FROM images WHERE installation = ? AND token = ? AND deleted_at IS NULL", request.installation, token
    )


def _make(request: Request, token: str, name: str, disk_format: str, size_bytes: int, sha256: str) -> Row:
    (number,) = request.db.execute("SELECT count(*) FROM images").fetchone()
    image_id = f"i-{number:08d}"
    least = -(-size_bytes // _GIB) if disk_format == "raw" else 0
    request.db.execute(
        "INSERT INTO images (id, token, installation, name, disk_format, size_bytes, sha256, min_disk_gib)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (image_id, token, request.installation, name, disk_format, size_bytes, sha256, least),
    )
    row: Row = request.db.execute("SELECT * FROM images WHERE id = ?", (image_id,)).fetchone()
    return row


def _image(row: Row) -> NativeImage:
    return NativeImage(id=row["id"], name=row["name"], token=row["token"], min_disk_gib=row["min_disk_gib"])
