"""Adoption capability of Yandex Cloud: labels of disks and snapshots that exist already.

Labels that others have set are kept. Boot disks that are deleted with their instance are listed like other disks; they
are attached, so they are not managed.

Source: Compute Cloud API reference (UpdateDiskRequest, UpdateSnapshotRequest).
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask
from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.disk_service_pb2 import GetDiskRequest, UpdateDiskRequest
from yandex.cloud.compute.v1.snapshot_pb2 import Snapshot
from yandex.cloud.compute.v1.snapshot_service_pb2 import GetSnapshotRequest, UpdateSnapshotRequest

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.listing import list_disks, list_snapshots
from stratiform.contract.adoption import AdoptableKind, AdoptableResource
from stratiform.contract.errors import NativeNotFound, RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations

_GIB = 1024**3
_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_MASK = FieldMask(paths=["name", "description", "labels"])

#: The kinds in derived names, as `volume` and `snapshot` have them.
_NAME_KINDS = {AdoptableKind.VOLUME: "disk", AdoptableKind.SNAPSHOT: "snapshot"}


class YandexAdoptionDriver:
    """Implements contract.adoption.AdoptionDriver."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations

    def list(self, kind: AdoptableKind) -> Iterator[AdoptableResource]:
        if kind is AdoptableKind.VOLUME:
            for disks in list_disks(self._client):
                yield from (self._to_volume(disk) for disk in disks if not _is_temporary(disk))
        else:
            for snapshots in list_snapshots(self._client):
                yield from map(self._to_snapshot, snapshots)

    def adopt(self, kind: AdoptableKind, native_id: str, token: str, name: str) -> None:
        installation_id = self._client.installation_id
        resource = self._get(kind, native_id)
        owner = (resource.labels.get(labels.INSTALLATION, ""), resource.labels.get(labels.TOKEN, ""))
        if owner not in (("", ""), (installation_id, token)):
            raise RequestRejected(f"{kind.value} '{native_id}' has an owner")
        native_name = labels.build_name(installation_id, _NAME_KINDS[kind], token)
        merged = {**resource.labels, **labels.build_labels(installation_id, {labels.TOKEN: token})}
        self._update(kind, native_id, native_name, name, merged)

    def release(self, kind: AdoptableKind, native_id: str, name: str) -> None:
        try:
            resource = self._get(kind, native_id)
        except NativeNotFound:
            return
        if not labels.get_token(resource, self._client.installation_id):
            return
        if isinstance(resource, Disk) and resource.instance_ids:
            raise RequestRejected(f"volume '{native_id}' is attached to server '{resource.instance_ids[0]}'")
        others = {key: value for key, value in resource.labels.items() if not key.startswith("stratiform-")}
        self._update(kind, native_id, name if _NAME.fullmatch(name) else "", name, others)
        self._operations.record_deletion(native_id)

    def _get(self, kind: AdoptableKind, native_id: str) -> Disk | Snapshot:
        if kind is AdoptableKind.VOLUME:
            return self._client.call(self._client.disks.Get, GetDiskRequest(disk_id=native_id))
        return self._client.call(self._client.snapshots.Get, GetSnapshotRequest(snapshot_id=native_id))

    def _update(
        self, kind: AdoptableKind, native_id: str, native_name: str, name: str, resource_labels: Mapping[str, str]
    ) -> None:
        description = labels.build_description(name)
        if kind is AdoptableKind.VOLUME:
            disk = UpdateDiskRequest(
                disk_id=native_id,
                update_mask=_MASK,
                name=native_name,
                description=description,
                labels=resource_labels,
            )
            self._operations.run(self._client.disks.Update, disk)
        else:
            snapshot = UpdateSnapshotRequest(
                snapshot_id=native_id,
                update_mask=_MASK,
                name=native_name,
                description=description,
                labels=resource_labels,
            )
            self._operations.run(self._client.snapshots.Update, snapshot)

    def _to_volume(self, disk: Disk) -> AdoptableResource:
        is_default = disk.zone_id == self._client.settings.zone
        return AdoptableResource(
            id=disk.id,
            name=_get_name(disk),
            size_gib=-(-disk.size // _GIB),
            token=labels.get_token(disk, self._client.installation_id),
            is_foreign=self._is_foreign(disk),
            is_ready=disk.status == Disk.READY,
            server_id=next(iter(disk.instance_ids), ""),
            zones=(disk.zone_id, "") if is_default else (disk.zone_id,),
        )

    def _to_snapshot(self, snapshot: Snapshot) -> AdoptableResource:
        return AdoptableResource(
            id=snapshot.id,
            name=_get_name(snapshot),
            size_gib=-(-snapshot.disk_size // _GIB),
            token=labels.get_token(snapshot, self._client.installation_id),
            is_foreign=self._is_foreign(snapshot),
            is_ready=snapshot.status == Snapshot.READY,
            volume_id=snapshot.source_disk_id,
        )

    def _is_foreign(self, resource: Disk | Snapshot) -> bool:
        return resource.labels.get(labels.INSTALLATION, self._client.installation_id) != self._client.installation_id


def _get_name(resource: Disk | Snapshot) -> str:
    """Return the name; it is in the description of a resource that an installation has created or released."""
    is_labeled = labels.INSTALLATION in resource.labels
    return resource.description if is_labeled or not resource.name else resource.name


def _is_temporary(disk: Disk) -> bool:
    """Return True for the disk of a copy of a snapshot, of any installation."""
    return labels.INSTALLATION in disk.labels and labels.TOKEN not in disk.labels
