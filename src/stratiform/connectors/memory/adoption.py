"""Adoption capability of the simulated cloud."""

from collections.abc import Iterator

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.client import Client, Row, SimulatedRequest
from stratiform.connectors.memory.volume_attachments import list_attached_servers
from stratiform.contract.adoption import AdoptableKind, AdoptableResource
from stratiform.contract.errors import RequestRejected

_PAGE_SIZE = 500

_PAGES = {
    AdoptableKind.VOLUME: "SELECT * FROM volumes WHERE deleted_at IS NULL AND seq > ? ORDER BY seq LIMIT ?",
    AdoptableKind.SNAPSHOT: "SELECT * FROM snapshots WHERE deleted_at IS NULL AND seq > ? ORDER BY seq LIMIT ?",
}
_ROWS = {
    AdoptableKind.VOLUME: "SELECT * FROM volumes WHERE deleted_at IS NULL AND id = ?",
    AdoptableKind.SNAPSHOT: "SELECT * FROM snapshots WHERE deleted_at IS NULL AND id = ?",
}
_UPDATES = {
    AdoptableKind.VOLUME: "UPDATE volumes SET installation = ?, token = ?, name = ? WHERE id = ?",
    AdoptableKind.SNAPSHOT: "UPDATE snapshots SET installation = ?, token = ?, name = ? WHERE id = ?",
}


class MemoryAdoptionDriver:
    """Implements contract.adoption.AdoptionDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, kind: AdoptableKind) -> Iterator[AdoptableResource]:
        last = 0
        while True:
            with self._client.open_request() as request:
                rows = request.list_rows(_PAGES[kind], last, _PAGE_SIZE)
                page = [_to_resource(request, kind, row) for row in rows]
            yield from page
            if len(rows) < _PAGE_SIZE:
                return
            last = rows[-1]["seq"]

    def adopt(self, kind: AdoptableKind, native_id: str, token: str, name: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = request.find_row(_ROWS[kind], native_id)
            if row is None:
                raise errors.not_found(kind.value, native_id)
            if row["token"] and (row["installation"], row["token"]) != (request.installation_id, token):
                raise RequestRejected(f"{kind.value} '{native_id}' has an owner")
            request.db.execute(_UPDATES[kind], (request.installation_id, token, name, native_id))

    def release(self, kind: AdoptableKind, native_id: str, name: str) -> None:
        with self._client.open_request(writes=True) as request:
            row = request.find_row(_ROWS[kind], native_id)
            if row is None or row["installation"] != request.installation_id:
                return
            attached_to = _find_server(request, kind, row)
            if attached_to:
                raise RequestRejected(f"volume '{native_id}' is attached to server '{attached_to}'")
            request.db.execute(_UPDATES[kind], ("", "", name, native_id))


def _to_resource(request: SimulatedRequest, kind: AdoptableKind, row: Row) -> AdoptableResource:
    is_ours = row["installation"] == request.installation_id
    return AdoptableResource(
        id=row["id"],
        name=row["name"],
        size_gib=row["size_gib"],
        token=row["token"] if is_ours else "",
        is_foreign=bool(row["token"]) and not is_ours,
        is_ready=row["ready_at"] <= request.now,
        server_id=_find_server(request, kind, row),
        zones=_list_zones(request, row["zone"]) if kind is AdoptableKind.VOLUME else (),
        volume_id=row["volume_id"] if kind is AdoptableKind.SNAPSHOT else "",
    )


def _find_server(request: SimulatedRequest, kind: AdoptableKind, row: Row) -> str:
    """Return the id of a server that a volume is attached to, or ""."""
    servers = list_attached_servers(request, row["id"]) if kind is AdoptableKind.VOLUME else []
    return servers[0] if servers else ""


def _list_zones(request: SimulatedRequest, zone: str) -> tuple[str, ...]:
    """Return the names of a zone; "" names the first one."""
    return (zone, "") if zone == request.zones[0] else (zone,)
