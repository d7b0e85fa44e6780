"""Machines of the simulated cloud."""

from collections.abc import Iterator

import msgspec

from stratiform.connectors.memory import boot, errors
from stratiform.connectors.memory.client import Client, Request, Row
from stratiform.connectors.memory.network import claim_addresses
from stratiform.connectors.memory.place import zone_of
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import RequestRejected
from stratiform.kit.clock import Micros

_PAGE = 500

_BUILDING, _RUNNING, _STOPPING, _STOPPED, _ERROR = (
    NativeServerState.BUILDING,
    NativeServerState.RUNNING,
    NativeServerState.STOPPING,
    NativeServerState.STOPPED,
    NativeServerState.ERROR,
)


class MemoryCompute:
    """contract.compute.Compute."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, spec: ServerSpec) -> NativeServer:
        with self._client.request(writes=True) as request:
            row = _by_token(request, spec.token) or _make(request, spec)
            return _seen(request, [row])[0]

    def find(self, token: str) -> NativeServer | None:
        with self._client.request() as request:
            row = _by_token(request, token)
            return None if row is None else _seen(request, [row])[0]

    def show(self, machine_id: str) -> NativeServer:
        with self._client.request() as request:
            return _seen(request, [_row(request, machine_id)])[0]

    def list(self) -> Iterator[NativeServer]:
        query = (
            "SELECT * FROM machines WHERE installation = ? AND (deleted_at IS NULL OR deleted_at > ?) AND seq > ?"
            " ORDER BY seq LIMIT ?"
        )
        last = 0
        while True:
            with self._client.request() as request:
                rows = request.all(query, request.installation, request.now, last, _PAGE)
                page = _seen(request, rows)
            yield from page
            if len(rows) < _PAGE:
                return
            last = rows[-1]["seq"]

    def start(self, machine_id: str) -> None:
        with self._client.request(writes=True) as request:
            row = _usable(request, machine_id)
            if row["state"] == _RUNNING.value:
                return
            _require(row, request.now, "start", _STOPPED)
            _power_on(request, row)

    def stop(self, machine_id: str) -> None:
        with self._client.request(writes=True) as request:
            row = _usable(request, machine_id)
            if row["state"] == _STOPPED.value:
                return
            _require(row, request.now, "stop", _RUNNING)
            _turn(request, machine_id, during=_STOPPING, state=_STOPPED, ready_at=request.ready_at)
            boot.write_shutdown(request, machine_id, request.ready_at)

    def reboot(self, machine_id: str, *, hard: bool) -> None:
        """A soft reboot says goodbye on the console; a hard one starts a stopped machine. It counts as running."""
        with self._client.request(writes=True) as request:
            row = _usable(request, machine_id)
            if hard and _state(row, request.now) is _STOPPED:
                _power_on(request, row)
                return
            _require(row, request.now, "reboot", _RUNNING)
            if not hard:
                boot.write_shutdown(request, machine_id, request.now)
            boot.write(request, row, request.ready_at)

    def resize(self, machine_id: str, size: ServerSize) -> None:
        with self._client.request(writes=True) as request:
            row = _usable(request, machine_id)
            wanted = msgspec.json.decode(row["size"], type=ServerSize)
            if wanted == size:
                return
            _require(row, request.now, "resize", _STOPPED)
            _check_size(request, size, already=row["vcpus"])
            request.db.execute(
                "UPDATE machines SET size = ?, vcpus = ?, size_before = ?, resized_at = ? WHERE id = ?",
                (_text(size), size.vcpus, row["size"], request.ready_at, machine_id),
            )

    def rebuild(self, machine_id: str, image: str) -> None:
        with self._client.request(writes=True) as request:
            row = _usable(request, machine_id)
            _require(row, request.now, "rebuild", _RUNNING, _STOPPED, _ERROR)
            _check_image(request, image, msgspec.json.decode(row["size"], type=ServerSize))
            state = _STOPPED if row["state"] == _STOPPED.value else _RUNNING
            request.db.execute("UPDATE machines SET image = ?, fault = '' WHERE id = ?", (image, machine_id))
            request.db.execute("DELETE FROM console WHERE machine = ?", (machine_id,))
            _turn(request, machine_id, during=_BUILDING, state=state, ready_at=request.ready_at)
            if state is _RUNNING:
                boot.write(request, _row(request, machine_id), request.ready_at)

    def delete(self, machine_id: str) -> None:
        """The disks are free again, and the addresses, when the machine is gone."""
        with self._client.request(writes=True) as request:
            request.db.execute(
                "UPDATE machines SET deleted_at = ?,"
                " launched_at = CASE WHEN launched_at > ? THEN NULL ELSE launched_at END"
                " WHERE id = ? AND deleted_at IS NULL",
                (request.ready_at, request.now, machine_id),
            )

    def console(self, machine_id: str) -> str:
        with self._client.request() as request:
            _row(request, machine_id)
            return boot.read(request, machine_id)

    def attach(self, machine_id: str, volume_id: str, device: str) -> None:
        with self._client.request(writes=True) as request:
            machine = _usable(request, machine_id)
            disk = request.first("SELECT * FROM disks WHERE id = ? AND deleted_at IS NULL", volume_id)
            if disk is None:
                raise errors.gone("disk", volume_id)
            holder = _holder(request, disk)
            if holder == machine_id:
                return
            if holder:
                raise RequestRejected(f"disk '{volume_id}' is attached to machine '{holder}'")
            if disk["ready_at"] > request.now:
                raise errors.wrong_state("disk", volume_id, "creating", "be attached")
            if disk["zone"] != machine["zone"]:
                raise RequestRejected(f"disk '{volume_id}' is in zone {disk['zone']}, the machine in {machine['zone']}")
            _require(machine, request.now, "take a disk", _RUNNING, _STOPPED)
            place = _free_device(request, machine_id, device)
            request.db.execute("UPDATE disks SET machine = ?, device = ? WHERE id = ?", (machine_id, place, volume_id))

    def detach(self, machine_id: str, volume_id: str) -> None:
        """Nothing to do where the disk is not attached to this machine, or one of them is gone."""
        with self._client.request(writes=True) as request:
            request.db.execute(
                "UPDATE disks SET machine = '', device = '' WHERE id = ? AND machine = ?", (volume_id, machine_id)
            )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _by_token(request: Request, token: str) -> Row | None:
    return request.first(
        "SELECT * FROM machines WHERE installation = ? AND token = ? AND (deleted_at IS NULL OR deleted_at > ?)"
        " ORDER BY seq DESC LIMIT 1",
        request.installation,
        token,
        request.now,
    )


def _row(request: Request, machine_id: str) -> Row:
    """Also a machine that is being deleted. Raises Gone."""
    row = request.first(
        "SELECT * FROM machines WHERE id = ? AND (deleted_at IS NULL OR deleted_at > ?)", machine_id, request.now
    )
    if row is None:
        raise errors.gone("machine", machine_id)
    return row


def _usable(request: Request, machine_id: str) -> Row:
    """A machine that nobody has deleted. Raises Gone."""
    row = _row(request, machine_id)
    if row["deleted_at"] is not None:
        raise errors.gone("machine", machine_id)
    return row


def _state(row: Row, now: Micros) -> NativeServerState:
    if row["deleted_at"] is not None:
        return NativeServerState.DELETING
    return NativeServerState(row["during"] if now < row["ready_at"] else row["state"])


def _require(row: Row, now: Micros, verb: str, *states: NativeServerState) -> None:
    state = _state(row, now)
    if state not in states:
        raise errors.wrong_state("machine", row["id"], state.value, verb)


def _turn(
    request: Request, machine_id: str, *, during: NativeServerState, state: NativeServerState, ready_at: Micros
) -> None:
    request.db.execute(
        "UPDATE machines SET during = ?, state = ?, ready_at = ? WHERE id = ?",
        (during.value, state.value, ready_at, machine_id),
    )


def _power_on(request: Request, row: Row) -> None:
    """A machine whose size is being changed starts when that is done."""
    latency = request.ready_at - request.now
    powered_at = max(request.now, row["resized_at"]) + latency
    _turn(request, row["id"], during=_BUILDING, state=_RUNNING, ready_at=powered_at)
    boot.write(request, row, powered_at)


def _make(request: Request, spec: ServerSpec) -> Row:
    _check_size(request, spec.size)
    _check_image(request, spec.image, spec.size)
    values = {
        "token": spec.token,
        "installation": request.installation,
        "name": spec.name,
        "size": _text(spec.size),
        "vcpus": spec.size.vcpus,
        "image": spec.image,
        "public_key": spec.public_key,
        "user_data": spec.user_data,
        "metadata": _text(spec.metadata),
        "zone": zone_of(request, spec.zone),
        "created_at": request.now,
        "launched_at": None if request.broken else request.ready_at,
        "during": _BUILDING.value,
        "state": (_ERROR if request.broken else _RUNNING).value,
        "ready_at": request.ready_at,
        "fault": "no host could start it" if request.broken else "",
    }
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    made = request.db.execute(f"INSERT INTO machines ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 - names are ours
    row: Row = request.db.execute("SELECT * FROM machines WHERE seq = ?", (made.lastrowid,)).fetchone()
    claim_addresses(request, row["id"], spec.nics)
    if not request.broken:
        boot.write(request, row, request.ready_at)
    return row


def _check_size(request: Request, size: ServerSize, *, already: int = 0) -> None:
    if size.vcpus < 1 or size.ram_mib < 1 or size.disk_gib < 0:
        raise RequestRejected("a machine needs at least one vCPU and 1 MiB of memory")
    limit = request.behaviour.capacity_vcpus
    if not limit:
        return
    (used,) = request.db.execute(
        "SELECT coalesce(sum(vcpus), 0) FROM machines WHERE deleted_at IS NULL OR deleted_at > ?", (request.now,)
    ).fetchone()
    if used - already + size.vcpus > limit:
        raise errors.no_capacity(size.vcpus, limit - used + already)


def _check_image(request: Request, image: str, size: ServerSize) -> None:
    row = request.first("SELECT min_disk_gib FROM images WHERE id = ? AND deleted_at IS NULL", image)
    if row is None:
        raise RequestRejected(f"there is no image '{image}' in this cloud")
    if 0 < size.disk_gib < row["min_disk_gib"]:
        raise RequestRejected(f"image '{image}' needs a disk of {row['min_disk_gib']} GiB")


def _holder(request: Request, disk: Row) -> str:
    """The machine that has `disk`; "" where none has, or its machine is gone."""
    row = request.first(
        "SELECT id FROM machines WHERE id = ? AND (deleted_at IS NULL OR deleted_at > ?)", disk["machine"], request.now
    )
    return "" if row is None else str(row["id"])


def _free_device(request: Request, machine_id: str, device: str) -> str:
    """`device`, or the first free one after the root disk's. Raises Refused where it is taken."""
    taken = {row["device"] for row in request.all("SELECT device FROM disks WHERE machine = ?", machine_id)}
    if device in taken or device == "/dev/vda":
        raise RequestRejected(f"device {device} of machine '{machine_id}' is in use")
    free = (f"/dev/vd{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
    chosen = device or next((name for name in free if name not in taken), "")
    if not chosen:
        raise RequestRejected(f"machine '{machine_id}' has no room for another disk")
    return chosen


def _seen(request: Request, rows: list[Row]) -> list[NativeServer]:
    """Machines as the cloud shows them, with two more queries for all of `rows` together."""
    which = _text([row["id"] for row in rows])
    addresses: dict[str, list[str]] = {}
    for nic in request.all(
        "SELECT machine, address FROM nics WHERE machine IN (SELECT value FROM json_each(?)) ORDER BY rowid", which
    ):
        addresses.setdefault(nic["machine"], []).append(nic["address"])
    disks: dict[str, list[str]] = {}
    for disk in request.all(
        "SELECT id, machine FROM disks WHERE machine IN (SELECT value FROM json_each(?)) ORDER BY device, seq", which
    ):
        disks.setdefault(disk["machine"], []).append(disk["id"])
    return [_machine(row, request.now, addresses.get(row["id"], []), disks.get(row["id"], [])) for row in rows]


def _machine(row: Row, now: Micros, addresses: list[str], disks: list[str]) -> NativeServer:
    state = _state(row, now)
    size = row["size_before"] if now < row["resized_at"] else row["size"]
    started = row["launched_at"] is not None and now >= row["launched_at"]
    return NativeServer(
        id=row["id"],
        token=row["token"],
        state=state,
        size=msgspec.json.decode(size, type=ServerSize),
        addresses=tuple(addresses),
        launched_at=row["launched_at"] if started else None,
        image=row["image"],
        volumes=tuple(disks),
        fault=row["fault"] if state is _ERROR else "",
    )
