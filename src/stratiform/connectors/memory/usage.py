"""What the simulated cloud says of its use: its own rows, and a counter of bytes that grows while a machine runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from stratiform.connectors.memory.client import Client, Request, Row
from stratiform.contract.compute import NativeServerState, ServerSize
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_poll
from stratiform.contract.volume import NativeVolumeState
from stratiform.kit.clock import SECOND_US, Micros

_PAGE = 500

T = TypeVar("T")

#: Bytes that a machine sends in a second while it runs: a little more, the younger it is.
_LEAST_BYTES, _SPREAD_BYTES = 10_000, 1000

_STATES = {
    NativeServerState.RUNNING.value: "active",
    NativeServerState.STOPPED.value: "stopped",
    NativeServerState.ERROR.value: "error",
}

_MACHINES = (
    "SELECT *, CASE WHEN deleted_at IS NOT NULL THEN 'deleting' WHEN ready_at > :now THEN during ELSE state END AS seen"
    " FROM machines WHERE (deleted_at IS NULL OR deleted_at > :now) AND seq > :last ORDER BY seq LIMIT :page"
)
_DISKS = (
    "SELECT disks.*, machines.id AS holder FROM disks LEFT JOIN machines"
    " ON machines.id = disks.machine AND (machines.deleted_at IS NULL OR machines.deleted_at > :now)"
    " WHERE (disks.deleted_at IS NULL OR disks.deleted_at > :now) AND disks.seq > :last ORDER BY disks.seq LIMIT :page"
)
_RAN = (
    "SELECT * FROM machines WHERE seq > :last AND seq IN"
    " (SELECT machine FROM runs WHERE since < :until AND coalesce(until, :until) > :since) ORDER BY seq LIMIT :page"
)

#: When a machine had power, from and to; the last may go on.
Runs = Sequence[tuple[Micros, Micros | None]]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.memory` table. Each value is what was sent in one period."""

    period_s: Annotated[int, msgspec.Meta(ge=1)]
    metric: Literal["network.outgoing.bytes"] = "network.outgoing.bytes"


class MemoryUsage:
    """contract.usage.Usage."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def inventory(self) -> Iterator[InventoryItem]:
        yield from self._pages(_MACHINES, self._machine)
        yield from self._pages(_DISKS, self._disk)

    def readings(self, asked: Mapping[str, Any], since: Micros, until: Micros) -> Iterator[UsageSample]:
        return self._read(parse_poll(asked, Asked), since, until)

    def _read(self, asked: Asked, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, asked.period_s)
        period = asked.period_s * SECOND_US
        for resource, project, machine, runs in self._pages(_RAN, self._counted, since=first, until=end):
            for at in range(first, end, period):
                sent = _sent(machine["seq"], runs, at + period) - _sent(machine["seq"], runs, at)
                if sent:
                    yield UsageSample(resource, project, at, Decimal(sent), source=machine["id"], lasts=period)

    def _pages(self, query: str, seen: Callable[[Request, Row], T], **values: Micros) -> Iterator[T]:
        """What is seen in each row; a page is one request, which is over before anyone gets it."""
        last = 0
        while True:
            with self._client.request() as request:
                given = {"now": request.now, "last": last, "page": _PAGE, **values}
                rows = request.db.execute(query, given).fetchall()
                page = [seen(request, row) for row in rows]
            yield from page
            if len(rows) < _PAGE:
                return
            last = rows[-1]["seq"]

    def _whose(self, request: Request, row: Row) -> tuple[str, str]:
        """What this installation made goes by its token; anything else is the account's."""
        if row["token"] and row["installation"] == request.installation:
            return row["token"], ""
        return row["id"], self._client.name

    def _machine(self, request: Request, row: Row) -> InventoryItem:
        resource, project = self._whose(request, row)
        size = msgspec.json.decode(
            row["size_before"] if request.now < row["resized_at"] else row["size"], type=ServerSize
        )
        launched = row["launched_at"] is not None and row["launched_at"] <= request.now
        return InventoryItem(
            resource_type="instance",
            id=resource,
            project_id=project,
            name=row["name"],
            state=_STATES.get(row["seen"], ""),
            since=row["launched_at"] if launched else None,
            attributes={"vcpus": size.vcpus, "ram_mib": size.ram_mib, "root_gib": size.disk_gib},
        )

    def _disk(self, request: Request, row: Row) -> InventoryItem:
        resource, project = self._whose(request, row)
        lasting = row["deleted_at"] is None and row["ready_at"] <= request.now
        state = NativeVolumeState.IN_USE if row["holder"] else NativeVolumeState.AVAILABLE
        return InventoryItem(
            resource_type="volume",
            id=resource,
            project_id=project,
            name=row["name"],
            state=state.value if lasting else "",
            since=row["created_at"],
            attributes={"size_gib": row["size_gib"]},
        )

    def _counted(self, request: Request, row: Row) -> tuple[str, str, Row, Runs]:
        """A machine with every run of its life, as a counter counts from the first."""
        runs = request.all("SELECT since, until FROM runs WHERE machine = ?", row["seq"])
        return (*self._whose(request, row), row, [(run["since"], run["until"]) for run in runs])


def _sent(number: int, runs: Runs, at: Micros) -> int:
    """All bytes that a machine has sent up to an instant."""
    ran = sum(max(0, min(at if until is None else until, at) - since) for since, until in runs)
    return (_LEAST_BYTES + number % _SPREAD_BYTES) * ran // SECOND_US
