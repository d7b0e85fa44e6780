"""Usage capability of the simulated cloud: its resources, and a counter of bytes sent by running servers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

import msgspec

from stratiform.connectors.memory.client import Client, Row, SimulatedRequest
from stratiform.connectors.memory.volume_attachments import SELECT_VOLUMES
from stratiform.contract.compute import NativeServerState, ServerSize
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_poll_parameters
from stratiform.contract.volume import NativeVolumeState
from stratiform.kit.clock import SECOND_US, Micros

_PAGE_SIZE = 500

T = TypeVar("T")

#: Bytes per second that a running server sends; the server's number modulo the range is added.
_BYTES_PER_S, _BYTES_RANGE = 10_000, 1000

_STATES = {
    NativeServerState.RUNNING.value: "active",
    NativeServerState.STOPPED.value: "stopped",
    NativeServerState.ERROR.value: "error",
}

_SERVERS = (
    "SELECT *, CASE WHEN deleted_at IS NOT NULL THEN 'deleting' WHEN ready_at > :now THEN during ELSE state END"
    " AS current_state FROM servers"
    " WHERE (deleted_at IS NULL OR deleted_at > :now) AND seq > :last ORDER BY seq LIMIT :limit"
)
_VOLUMES = (
    f"{SELECT_VOLUMES}"
    " WHERE (volumes.deleted_at IS NULL OR volumes.deleted_at > :now) AND volumes.seq > :last"
    " ORDER BY volumes.seq LIMIT :limit"
)
_SERVERS_WITH_RUNS = (
    "SELECT * FROM servers WHERE seq > :last AND seq IN"
    " (SELECT server_seq FROM runs WHERE since < :until AND coalesce(until, :until) > :since) ORDER BY seq"
    " LIMIT :limit"
)

#: Intervals in which a server was powered on; the last one may be open.
Runs = Sequence[tuple[Micros, Micros | None]]


class PollParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.memory` table. A sample is the number of bytes sent in one period."""

    period_s: Annotated[int, msgspec.Meta(ge=1)]
    metric: Literal["network.outgoing.bytes"] = "network.outgoing.bytes"


class MemoryUsageDriver:
    """Implements contract.usage.UsageDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list_inventory(self) -> Iterator[InventoryItem]:
        yield from self._read_pages(_SERVERS, self._to_server_item)
        yield from self._read_pages(_VOLUMES, self._to_volume_item)

    def list_samples(self, poll: Mapping[str, object], since: Micros, until: Micros) -> Iterator[UsageSample]:
        return self._read_samples(parse_poll_parameters(poll, PollParameters), since, until)

    def _read_samples(self, poll: PollParameters, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, poll.period_s)
        period = poll.period_s * SECOND_US
        servers = self._read_pages(_SERVERS_WITH_RUNS, self._load_runs, since=first, until=end)
        for resource_id, project_id, row, runs in servers:
            for at in range(first, end, period):
                sent = _bytes_sent(row["seq"], runs, at + period) - _bytes_sent(row["seq"], runs, at)
                if sent:
                    yield UsageSample(resource_id, project_id, at, Decimal(sent), source=row["id"], duration_us=period)

    def _read_pages(self, query: str, convert: Callable[[SimulatedRequest, Row], T], **values: Micros) -> Iterator[T]:
        """Iterate over the converted rows. Each page is one request, which ends before its rows are returned."""
        last = 0
        while True:
            with self._client.open_request() as request:
                params = {"now": request.now, "last": last, "limit": _PAGE_SIZE, **values}
                rows = request.db.execute(query, params).fetchall()
                page = [convert(request, row) for row in rows]
            yield from page
            if len(rows) < _PAGE_SIZE:
                return
            last = rows[-1]["seq"]

    def _identify(self, request: SimulatedRequest, row: Row) -> tuple[str, str]:
        """Return the resource and project id: our token, or the native id and the account's name."""
        if row["token"] and row["installation"] == request.installation_id:
            return row["token"], ""
        return row["id"], self._client.name

    def _to_server_item(self, request: SimulatedRequest, row: Row) -> InventoryItem:
        resource_id, project_id = self._identify(request, row)
        size = msgspec.json.decode(
            row["size_before"] if request.now < row["resized_at"] else row["size"], type=ServerSize
        )
        launched = row["launched_at"] is not None and row["launched_at"] <= request.now
        return InventoryItem(
            resource_type="instance",
            id=resource_id,
            project_id=project_id,
            name=row["name"],
            state=_STATES.get(row["current_state"], ""),
            since=row["launched_at"] if launched else None,
            attributes={"vcpus": size.vcpus, "ram_mib": size.ram_mib, "root_gib": size.disk_gib},
        )

    def _to_volume_item(self, request: SimulatedRequest, row: Row) -> InventoryItem:
        resource_id, project_id = self._identify(request, row)
        stable = row["deleted_at"] is None and row["ready_at"] <= request.now
        state = NativeVolumeState.IN_USE if row["attached_to"] else NativeVolumeState.AVAILABLE
        return InventoryItem(
            resource_type="volume",
            id=resource_id,
            project_id=project_id,
            name=row["name"],
            state=state.value if stable else "",
            since=row["created_at"],
            attributes={"size_gib": row["size_gib"]},
        )

    def _load_runs(self, request: SimulatedRequest, row: Row) -> tuple[str, str, Row, Runs]:
        """Return a server with all its runs, because its counter starts with the first."""
        runs = request.list_rows("SELECT since, until FROM runs WHERE server_seq = ?", row["seq"])
        return (*self._identify(request, row), row, [(run["since"], run["until"]) for run in runs])


def _bytes_sent(number: int, runs: Runs, at: Micros) -> int:
    """Return the total bytes that a server has sent until `at`."""
    running_us = sum(max(0, min(at if until is None else until, at) - since) for since, until in runs)
    return (_BYTES_PER_S + number % _BYTES_RANGE) * running_us // SECOND_US
