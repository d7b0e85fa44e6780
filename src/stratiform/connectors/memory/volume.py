"""Disks of the simulated cloud."""

from collections.abc import Iterator

import msgspec

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.client import Client, Request, Row
from stratiform.connectors.memory.place import zone_of
from stratiform.contract.errors import RequestRejected
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec
from stratiform.kit.clock import Micros

#: The kinds of disk it sells; the first is its default.
TYPES = ("standard", "fast")

_PAGE = 500

#: A disk with the machine that has it; a machine that is gone has none.
_SELECT = (
    "SELECT disks.*, coalesce(machines.id, '') AS holder FROM disks LEFT JOIN machines"
    " ON machines.id = disks.machine AND (machines.deleted_at IS NULL OR machines.deleted_at > :now)"
)
_THERE = "(disks.deleted_at IS NULL OR disks.deleted_at > :now)"


class MemoryVolumes:
    """contract.volume.Volumes."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, spec: VolumeSpec) -> NativeVolume:
        with self._client.request(writes=True) as request:
            return _disk(_by_token(request, spec.token) or _make(request, spec), request.now)

    def find(self, token: str) -> NativeVolume | None:
        with self._client.request() as request:
            row = _by_token(request, token)
            return None if row is None else _disk(row, request.now)

    def show(self, disk_id: str) -> NativeVolume:
        with self._client.request() as request:
            return _disk(_row(request, disk_id), request.now)

    def list(self) -> Iterator[NativeVolume]:
        last = 0
        while True:
            with self._client.request() as request:
                rows = _all(
                    request,
                    "disks.installation = :installation AND disks.seq > :last ORDER BY disks.seq LIMIT :page",
                    last=last,
                    page=_PAGE,
                )
                page = [_disk(row, request.now) for row in rows]
            yield from page
            if len(rows) < _PAGE:
                return
            last = rows[-1]["seq"]

    def extend(self, disk_id: str, size_gib: int) -> None:
        with self._client.request(writes=True) as request:
            disk = _disk(_row(request, disk_id), request.now)
            if disk.state not in (NativeVolumeState.AVAILABLE, NativeVolumeState.IN_USE):
                raise errors.wrong_state("disk", disk_id, disk.state.value, "grow")
            if size_gib < disk.size_gib:
                raise RequestRejected(
                    f"disk '{disk_id}' has {disk.size_gib} GiB already: it can't shrink to {size_gib}"
                )
            request.db.execute("UPDATE disks SET size_gib = ? WHERE id = ?", (size_gib, disk_id))

    def delete(self, disk_id: str) -> None:
        with self._client.request(writes=True) as request:
            rows = _all(request, "disks.id = :id", id=disk_id)
            if not rows or rows[0]["deleted_at"] is not None:
                return
            if rows[0]["holder"]:
                raise RequestRejected(f"disk '{disk_id}' is attached to machine '{rows[0]['holder']}'")
            request.db.execute("UPDATE disks SET deleted_at = ? WHERE id = ?", (request.ready_at, disk_id))


def _all(request: Request, where: str, **values: object) -> list[Row]:
    given = {"now": request.now, "installation": request.installation, **values}
    return request.db.execute(f"{_SELECT} WHERE {_THERE} AND {where}", given).fetchall()


def _by_token(request: Request, token: str) -> Row | None:
    rows = _all(
        request, "disks.installation = :installation AND disks.token = :token ORDER BY disks.seq DESC", token=token
    )
    return rows[0] if rows else None


def _row(request: Request, disk_id: str) -> Row:
    rows = _all(request, "disks.id = :id", id=disk_id)
    if not rows:
        raise errors.gone("disk", disk_id)
    return rows[0]


def _make(request: Request, spec: VolumeSpec) -> Row:
    if spec.size_gib < 1:
        raise RequestRejected("a disk has at least 1 GiB")
    if spec.native_type and spec.native_type not in TYPES:
        raise RequestRejected(f"there are no '{spec.native_type}' disks in this cloud: it has {', '.join(TYPES)}")
    if spec.image:
        image = request.first("SELECT min_disk_gib FROM images WHERE id = ? AND deleted_at IS NULL", spec.image)
        if image is None:
            raise RequestRejected(f"there is no image '{spec.image}' in this cloud")
        if spec.size_gib < image["min_disk_gib"]:
            raise RequestRejected(f"image '{spec.image}' needs a disk of {image['min_disk_gib']} GiB")
    made = request.db.execute(
        "INSERT INTO disks (token, installation, name, size_gib, native_type, image, metadata, zone, created_at,"
        " ready_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            spec.token,
            request.installation,
            spec.name,
            spec.size_gib,
            spec.native_type or TYPES[0],
            spec.image,
            msgspec.json.encode(spec.metadata).decode(),
            zone_of(request, spec.zone),
            request.now,
            request.ready_at,
        ),
    )
    return _all(request, "disks.seq = :seq", seq=made.lastrowid)[0]


def _state(row: Row, now: Micros) -> NativeVolumeState:
    if row["deleted_at"] is not None:
        return NativeVolumeState.DELETING
    if now < row["ready_at"]:
        return NativeVolumeState.CREATING
    return NativeVolumeState.IN_USE if row["holder"] else NativeVolumeState.AVAILABLE


def _disk(row: Row, now: Micros) -> NativeVolume:
    return NativeVolume(
        id=row["id"],
        token=row["token"],
        state=_state(row, now),
        size_gib=row["size_gib"],
        native_type=row["native_type"],
        machine=row["holder"],
        created_at=row["created_at"],
    )
