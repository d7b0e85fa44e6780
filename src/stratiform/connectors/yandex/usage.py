"""Usage capability of Yandex Cloud: all instances and disks of the folder, and metrics of Monitoring.

Resources of this installation have our token as id, and the ledger knows their projects. Others have the id of Yandex
Cloud and belong to the folder.

Source: Compute Cloud API reference; Monitoring guide, "Metric reference" and "Query language".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.instance_pb2 import Instance

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.instance_conversion import to_server
from stratiform.connectors.yandex.listing import list_disks, list_instances, list_snapshots
from stratiform.connectors.yandex.monitoring import Metric, MonitoringClient
from stratiform.contract.compute import NativeServer, NativeServerState
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_decimal, parse_poll_parameters
from stratiform.kit.clock import SECOND_US, Micros, from_datetime

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client, Resource

_PERIODS_PER_REQUEST = 1000

_GIB = 1024**3

#: Readings of a list of several pages, of which two in a row must be equal.
_MAX_READINGS = 4

_STATES = {NativeServerState.RUNNING: "active", NativeServerState.STOPPED: "stopped", NativeServerState.ERROR: "error"}

#: Labels of every metric, which do not distinguish those of one resource.
_COMMON_LABELS = frozenset({"cloudId", "folderId", "service", "resource_type", "name"})

#: A name or value in a query, where it is quoted.
_Text = Annotated[str, msgspec.Meta(pattern=r'^[^"\\\s]+$')]


class PollParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.yandex` table.

    The value of `resource_label` is the id or the name of an instance or a disk. `labels` are the values of the
    metric's other labels.
    """

    metric: _Text
    period_s: Annotated[int, msgspec.Meta(ge=60, multiple_of=60)]
    service: _Text = "compute"
    aggregation: Literal["SUM", "AVG", "MAX", "MIN", "LAST", "COUNT"] = "SUM"
    resource_label: _Text = "resource_id"
    labels: dict[_Text, _Text] = {}


class _Owner(msgspec.Struct, frozen=True):
    """The ids, project and name of a resource: that of the ledger, and that of the cloud."""

    resource_id: str
    native_id: str
    project_id: str
    name: str = ""


class YandexUsageDriver:
    """Implements contract.usage.UsageDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._monitoring = MonitoringClient(client)

    def list_inventory(self) -> Iterator[InventoryItem]:
        instances = _read_all(lambda: list_instances(self._client))
        disks = _read_all(lambda: list_disks(self._client))
        by_id = {disk.id: disk for disk in disks}
        for instance in instances:
            server = to_server(instance, by_id, self._client.installation_id)
            yield _to_server_item(instance, server, self._find_owner(instance))
        boot_disks = {
            item.boot_disk.disk_id for item in instances if self._is_ours(item) and item.boot_disk.auto_delete
        }
        copy_disks = self._find_copy_disks(disks)
        for disk in disks:
            if disk.id not in boot_disks and disk.id not in copy_disks:
                yield _to_volume_item(disk, self._find_owner(disk))

    def list_samples(self, poll: Mapping[str, object], since: Micros, until: Micros) -> Iterator[UsageSample]:
        return self._read_samples(parse_poll_parameters(poll, PollParameters), since, until)

    def _read_samples(self, poll: PollParameters, since: Micros, until: Micros) -> Iterator[UsageSample]:
        start, end = align_periods(since, until, poll.period_s)
        query, step = self._build_query(poll), poll.period_s * SECOND_US * _PERIODS_PER_REQUEST
        owners: dict[str, _Owner] | None = None
        for first in range(start, end, step):
            last = min(first + step, end)
            metrics = self._monitoring.read(query, poll.aggregation, first, last, poll.period_s)
            if metrics and owners is None:
                owners = self._list_owners()
            for metric in metrics:
                yield from self._to_samples(poll, metric, owners or {}, first, last)

    def _build_query(self, poll: PollParameters) -> str:
        selectors = {"folderId": self._client.settings.folder_id, "service": poll.service, **poll.labels}
        text = ", ".join(f'{key}="{value}"' for key, value in selectors.items())
        return f'"{poll.metric}"{{{text}}}'

    def _to_samples(
        self, poll: PollParameters, metric: Metric, owners: Mapping[str, _Owner], start: Micros, end: Micros
    ) -> Iterator[UsageSample]:
        native_id = metric.labels.get(poll.resource_label, "")
        if not native_id:
            return
        owner = owners.get(native_id) or _Owner(native_id, native_id, self._client.settings.folder_id)
        period_us = poll.period_s * SECOND_US
        source = owner.native_id + _describe_series(poll, metric)
        for timestamp, number in metric.list_points():
            at, value = timestamp // period_us * period_us, parse_decimal(number)
            if value is not None and start <= at < end:
                name = owner.name if owner.resource_id == owner.native_id else ""
                yield UsageSample(owner.resource_id, owner.project_id, at, value, source, period_us, name)

    def _list_owners(self) -> dict[str, _Owner]:
        """Return owners by native id and by native name, either of which a metric has as its label."""
        instances = [item for page in list_instances(self._client) for item in page]
        disks = [item for page in list_disks(self._client) for item in page]
        resources: Sequence[Instance | Disk] = [*instances, *disks]
        owners = {resource.name: self._find_owner(resource) for resource in resources if resource.name}
        return owners | {resource.id: self._find_owner(resource) for resource in resources}

    def _find_owner(self, resource: Instance | Disk) -> _Owner:
        token = labels.get_token(resource, self._client.installation_id)
        if token:
            return _Owner(token, resource.id, "", resource.description)
        # The name of another installation's resource is in its description, too.
        name = resource.description if labels.INSTALLATION in resource.labels else resource.name
        return _Owner(resource.id, resource.id, self._client.settings.folder_id, name)

    def _is_ours(self, resource: Instance | Disk) -> bool:
        return resource.labels.get(labels.INSTALLATION) == self._client.installation_id

    def _find_copy_disks(self, disks: Iterable[Disk]) -> set[str]:
        """Return the disks of copies of snapshots in progress. One that remains without a copy is used."""
        temporary = [disk for disk in disks if self._is_ours(disk) and labels.TOKEN not in disk.labels]
        if not temporary:
            return set()
        sources = {
            snapshot.labels.get(labels.COPY_DISK, "") for page in list_snapshots(self._client) for snapshot in page
        }
        return {disk.id for disk in temporary if disk.status == Disk.CREATING or disk.id in sources}


def _read_all(read: "Callable[[], Iterator[list[Resource]]]") -> "list[Resource]":
    """Return a list; one of several pages is read until two readings in a row have the same resources.

    Pages are not read at one instant: a resource may move to a page that has been read already.
    Raises: CloudUnreachable if every reading differs from the previous one.
    """
    previous: set[str] | None = None
    for _ in range(_MAX_READINGS):
        pages = list(read())
        resources = [resource for page in pages for resource in page]
        ids = {resource.id for resource in resources}
        if len(pages) == 1 or ids == previous:
            return resources
        previous = ids
    raise CloudUnreachable("the resources of the folder change while they are listed")


def _describe_series(poll: PollParameters, metric: Metric) -> str:
    """Return the labels that distinguish the metrics of one resource, such as `/device=eth0`."""
    common = _COMMON_LABELS | {poll.resource_label} | poll.labels.keys()
    extra = sorted((key, value) for key, value in metric.labels.items() if key not in common)
    return "".join(f"/{key}={value}" for key, value in extra)


def _to_server_item(instance: Instance, server: NativeServer, owner: _Owner) -> InventoryItem:
    """Convert an instance. For our servers the ledger has our flavor, so the cloud's attributes are omitted."""
    attributes = {
        "flavor": server.size.native_type,
        "vcpus": server.size.vcpus,
        "ram_mib": server.size.ram_mib,
        "availability_zone": instance.zone_id,
        "image_id": server.image_id,
    }
    present = {key: value for key, value in attributes.items() if value != ""}
    return InventoryItem(
        resource_type="instance",
        id=owner.resource_id,
        project_id=owner.project_id,
        name=owner.name,
        state=_STATES.get(server.state, ""),
        since=server.launched_at,
        attributes=present if owner.resource_id == server.id else {},
    )


def _to_volume_item(disk: Disk, owner: _Owner) -> InventoryItem:
    states = {Disk.READY: "in-use" if disk.instance_ids else "available", Disk.ERROR: "error"}
    native_attributes = {"volume_type": disk.type_id, "availability_zone": disk.zone_id}
    is_ours = owner.resource_id != disk.id
    return InventoryItem(
        resource_type="volume",
        id=owner.resource_id,
        project_id=owner.project_id,
        name=owner.name,
        state=states.get(disk.status, ""),
        since=from_datetime(disk.created_at.ToDatetime()),
        attributes={"size_gib": -(-disk.size // _GIB), **({} if is_ours else native_attributes)},
    )
