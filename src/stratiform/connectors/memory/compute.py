"""Compute capability of the simulated cloud."""

from collections.abc import Iterator

import msgspec

from stratiform.connectors.memory import console_log, errors
from stratiform.connectors.memory.availability_zones import resolve_zone
from stratiform.connectors.memory.client import Row, SimulatedRequest
from stratiform.connectors.memory.network import claim_addresses
from stratiform.connectors.memory.server_operations import MemoryServerOperations
from stratiform.connectors.memory.server_rows import (
    encode,
    get_active_row,
    get_row,
    power_on,
    require_state,
    set_state,
    state_of,
)
from stratiform.connectors.memory.volume_attachments import (
    attach,
    check_attachable,
    check_boot_volume,
    detach,
    get_volume_row,
    list_attached_servers,
    resolve_device,
)
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import RequestRejected
from stratiform.kit.clock import Micros

_PAGE_SIZE = 500

_BUILDING, _RUNNING, _STOPPING, _STOPPED, _PAUSED, _SUSPENDED, _ERROR = (
    NativeServerState.BUILDING,
    NativeServerState.RUNNING,
    NativeServerState.STOPPING,
    NativeServerState.STOPPED,
    NativeServerState.PAUSED,
    NativeServerState.SUSPENDED,
    NativeServerState.ERROR,
)


class MemoryComputeDriver(MemoryServerOperations):
    """Implements contract.compute.ComputeDriver."""

    def create(self, spec: ServerSpec) -> NativeServer:
        with self._client.open_request(writes=True) as request:
            row = _find_by_token(request, spec.token) or _create(request, spec)
            return _to_servers(request, [row])[0]

    def find(self, token: str) -> NativeServer | None:
        with self._client.open_request() as request:
            row = _find_by_token(request, token)
            return None if row is None else _to_servers(request, [row])[0]

    def get(self, server_id: str) -> NativeServer:
        with self._client.open_request() as request:
            return _to_servers(request, [get_row(request, server_id)])[0]

    def list(self) -> Iterator[NativeServer]:
        query = (
            "SELECT * FROM servers WHERE installation = ? AND (deleted_at IS NULL OR deleted_at > ?) AND seq > ?"
            " ORDER BY seq LIMIT ?"
        )
        last = 0
        while True:
            with self._client.open_request() as request:
                rows = request.list_rows(query, request.installation_id, request.now, last, _PAGE_SIZE)
                page = _to_servers(request, rows)
            yield from page
            if len(rows) < _PAGE_SIZE:
                return
            last = rows[-1]["seq"]

    def start(self, server_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            if row["state"] == _RUNNING.value:
                return
            require_state(row, request.now, "start", _STOPPED)
            power_on(request, row)

    def stop(self, server_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            if row["state"] == _STOPPED.value:
                return
            require_state(row, request.now, "stop", _RUNNING)
            set_state(request, server_id, during=_STOPPING, state=_STOPPED, ready_at=request.completes_at)
            console_log.write_shutdown_line(request, server_id, request.completes_at)

    def reboot(self, server_id: str, *, hard: bool) -> None:
        """A soft reboot writes the shutdown to the console. The server's state stays `running`."""
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            if hard and state_of(row, request.now) in (_STOPPED, _PAUSED, _SUSPENDED):
                power_on(request, row)
                return
            require_state(row, request.now, "reboot", _RUNNING)
            if not hard:
                console_log.write_shutdown_line(request, server_id, request.now)
            console_log.write_boot_lines(request, row, request.completes_at)

    def resize(self, server_id: str, size: ServerSize) -> None:
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            if msgspec.json.decode(row["size"], type=ServerSize) == size:
                return
            require_state(row, request.now, "resize", _STOPPED)
            _check_size(request, size, released_vcpus=row["vcpus"])
            request.db.execute(
                "UPDATE servers SET size = ?, vcpus = ?, size_before = ?, resized_at = ? WHERE id = ?",
                (encode(size), size.vcpus, row["size"], request.completes_at, server_id),
            )

    def rebuild(self, server_id: str, image_id: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = get_active_row(request, server_id)
            require_state(row, request.now, "rebuild", _RUNNING, _STOPPED, _ERROR)
            _check_image(request, image_id, msgspec.json.decode(row["size"], type=ServerSize))
            state = _STOPPED if row["state"] == _STOPPED.value else _RUNNING
            if row["boot_volume_id"]:
                request.db.execute("UPDATE volumes SET content = ? WHERE id = ?", (image_id, row["boot_volume_id"]))
            request.db.execute("UPDATE servers SET image = ?, fault = '' WHERE id = ?", (image_id, server_id))
            request.db.execute("DELETE FROM console WHERE server_id = ?", (server_id,))
            set_state(request, server_id, during=_BUILDING, state=state, ready_at=request.completes_at)
            if state is _RUNNING:
                console_log.write_boot_lines(request, get_row(request, server_id), request.completes_at)

    def delete(self, server_id: str) -> None:
        """Volumes and addresses are released when the deletion is complete."""
        with self._client.open_request(writes=True) as request:
            request.db.execute(
                "UPDATE servers SET deleted_at = ?,"
                " launched_at = CASE WHEN launched_at > ? THEN NULL ELSE launched_at END"
                " WHERE id = ? AND deleted_at IS NULL",
                (request.completes_at, request.now, server_id),
            )

    def get_console_output(self, server_id: str) -> str:
        with self._client.open_request() as request:
            get_row(request, server_id)
            return console_log.read_console(request, server_id)

    def attach_volume(self, server_id: str, volume_id: str, device: str) -> None:
        with self._client.open_request(writes=True) as request:
            server = get_active_row(request, server_id)
            volume = get_volume_row(request, volume_id)
            if server_id in list_attached_servers(request, volume_id):
                return
            check_attachable(request, volume, server["zone"])
            require_state(server, request.now, "attach a volume to", _RUNNING, _STOPPED, _PAUSED)
            attach(request, server_id, volume_id, resolve_device(request, server_id, device))

    def detach_volume(self, server_id: str, volume_id: str) -> None:
        """Succeeds if the volume is not attached to this server, or one of them does not exist."""
        with self._client.open_request(writes=True) as request:
            server = request.find_row("SELECT boot_volume_id FROM servers WHERE id = ?", server_id)
            if server is not None and server["boot_volume_id"] == volume_id:
                raise RequestRejected(f"server '{server_id}' boots from volume '{volume_id}'")
            detach(request, server_id, volume_id)


def _find_by_token(request: SimulatedRequest, token: str) -> Row | None:
    return request.find_row(
        "SELECT * FROM servers WHERE installation = ? AND token = ? AND (deleted_at IS NULL OR deleted_at > ?)"
        " ORDER BY seq DESC LIMIT 1",
        request.installation_id,
        token,
        request.now,
    )


def _create(request: SimulatedRequest, spec: ServerSpec) -> Row:
    _check_size(request, spec.size)
    zone = resolve_zone(request, spec.availability_zone)
    if spec.boot_volume_id:
        check_boot_volume(request, spec.boot_volume_id, zone)
    else:
        _check_image(request, spec.image_id, spec.size)
    values = {
        "token": spec.token,
        "installation": request.installation_id,
        "name": spec.name,
        "size": encode(spec.size),
        "vcpus": spec.size.vcpus,
        "image": spec.image_id,
        "public_key": spec.public_key,
        "user_data": spec.user_data,
        "config_drive": spec.config_drive,
        "metadata": encode(spec.metadata),
        "boot_volume_id": spec.boot_volume_id,
        "zone": zone,
        "created_at": request.now,
        "launched_at": None if request.breaks_server else request.completes_at,
        "during": _BUILDING.value,
        "state": (_ERROR if request.breaks_server else _RUNNING).value,
        "ready_at": request.completes_at,
        "fault": "the host failed to start the server" if request.breaks_server else "",
    }
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = request.db.execute(f"INSERT INTO servers ({columns}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - constant names
    row: Row = request.db.execute("SELECT * FROM servers WHERE seq = ?", (cursor.lastrowid,)).fetchone()
    claim_addresses(request, row["id"], spec.interfaces)
    if spec.boot_volume_id:
        attach(request, row["id"], spec.boot_volume_id, "/dev/vda")
    if not request.breaks_server:
        console_log.write_boot_lines(request, row, request.completes_at)
    return row


def _check_size(request: SimulatedRequest, size: ServerSize, *, released_vcpus: int = 0) -> None:
    if size.vcpus < 1 or size.ram_mib < 1 or size.disk_gib < 0:
        raise RequestRejected("a server needs at least 1 vCPU and 1 MiB of memory")
    limit = request.behavior.capacity_vcpus
    if not limit:
        return
    (used,) = request.db.execute(
        "SELECT coalesce(sum(vcpus), 0) FROM servers WHERE deleted_at IS NULL OR deleted_at > ?", (request.now,)
    ).fetchone()
    free = limit - used + released_vcpus
    if size.vcpus > free:
        raise errors.insufficient_capacity(size.vcpus, free)


def _check_image(request: SimulatedRequest, image_id: str, size: ServerSize) -> None:
    row = request.find_row("SELECT min_disk_gib FROM images WHERE id = ? AND deleted_at IS NULL", image_id)
    if row is None:
        raise RequestRejected(f"image '{image_id}' not found")
    if 0 < size.disk_gib < row["min_disk_gib"]:
        raise RequestRejected(f"image '{image_id}' needs a disk of at least {row['min_disk_gib']} GiB")


def _to_servers(request: SimulatedRequest, rows: list[Row]) -> list[NativeServer]:
    """Convert rows, with one query for the addresses and one for the volumes of all of them."""
    ids = encode([row["id"] for row in rows])
    addresses: dict[str, list[str]] = {}
    for interface in request.list_rows(
        "SELECT server_id, ip_address FROM interfaces WHERE server_id IN (SELECT value FROM json_each(?))"
        " ORDER BY rowid",
        ids,
    ):
        addresses.setdefault(interface["server_id"], []).append(interface["ip_address"])
    volume_ids: dict[str, list[str]] = {}
    for volume in request.list_rows(
        "SELECT volume_id, server_id FROM attachments WHERE server_id IN (SELECT value FROM json_each(?))"
        " ORDER BY device, rowid",
        ids,
    ):
        volume_ids.setdefault(volume["server_id"], []).append(volume["volume_id"])
    return [_to_server(row, request.now, addresses.get(row["id"], []), volume_ids.get(row["id"], [])) for row in rows]


def _to_server(row: Row, now: Micros, addresses: list[str], volume_ids: list[str]) -> NativeServer:
    state = state_of(row, now)
    size = row["size_before"] if now < row["resized_at"] else row["size"]
    launched = row["launched_at"] is not None and now >= row["launched_at"]
    return NativeServer(
        id=row["id"],
        token=row["token"],
        state=state,
        size=msgspec.json.decode(size, type=ServerSize),
        addresses=tuple(addresses),
        launched_at=row["launched_at"] if launched else None,
        image_id=row["image"],
        volume_ids=tuple(volume_ids),
        fault=row["fault"] if state is _ERROR else "",
    )
