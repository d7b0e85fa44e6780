"""Snapshot capability of OpenStack: snapshots of Cinder.

Cinder keeps a volume as long as it has snapshots, and copies no snapshots: see `volume` for retired volumes. A copy is
a snapshot of a volume that is created from the snapshot, and retired at once.

Source: Block Storage API (microversion 3.59), "Volume snapshots", "Revert volume to snapshot".
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.image import create_snapshot_image
from stratiform.connectors.openstack.volume import Volume, create_volume, get_volume, list_volumes, retire_volume
from stratiform.contract.errors import CloudError, CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotSpec
from stratiform.kit.clock import parse_iso

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

_STATES = {
    "available": NativeSnapshotState.AVAILABLE,
    "backing-up": NativeSnapshotState.AVAILABLE,
    "restoring": NativeSnapshotState.AVAILABLE,
    "creating": NativeSnapshotState.CREATING,
    "deleting": NativeSnapshotState.DELETING,
    "deleted": NativeSnapshotState.DELETED,
}


class Snapshot(msgspec.Struct, frozen=True):
    """A snapshot in a list."""

    id: str
    status: str
    size: int
    volume_id: str
    name: str | None = ""
    metadata: dict[str, str] = {}
    created_at: str | None = None


class OpenstackSnapshotDriver:
    """Implements contract.snapshot.SnapshotDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def create(self, spec: SnapshotSpec) -> NativeSnapshot:
        with self._client.lock(spec.token):
            existing = self._find(spec.token)
            snapshot = existing or self._create_or_retire(spec, self._get_source(spec))
            if spec.snapshot_id:
                retire_volume(self._client, snapshot.volume_id)
        return self._convert(snapshot)

    def create_consistent(self, specs: Sequence[SnapshotSpec]) -> Sequence[NativeSnapshot]:
        raise NotSupported(
            f"OpenStack can take snapshots of {len(specs)} volumes at one instant only if they are in a group"
        )

    def find(self, token: str) -> NativeSnapshot | None:
        snapshot = self._find(token)
        return None if snapshot is None else self._convert(snapshot)

    def get(self, snapshot_id: str) -> NativeSnapshot:
        return self._convert(self._get(snapshot_id))

    def list(self) -> Iterator[NativeSnapshot]:
        for snapshot in list_snapshots(self._client, {tags.INSTALLATION: self._client.installation_id}):
            if self._get_token(snapshot):
                yield self._convert(snapshot)

    def delete(self, snapshot_id: str) -> None:
        """Raises: CloudUnreachable while it is created, because Cinder then deletes none."""
        try:
            status = self._get(snapshot_id).status
            if status == "creating":
                raise CloudUnreachable(f"snapshot {snapshot_id} is still being created")
            if status != "deleting":
                self._client.request("block-storage", "DELETE", f"/snapshots/{snapshot_id}")
        except NativeNotFound:
            return

    def restore(self, snapshot_id: str, volume_id: str) -> None:
        """Revert a volume to its latest snapshot; Cinder reverts to no other."""
        snapshot, volume = self._get(snapshot_id), get_volume(self._client, volume_id)
        if volume.attachments:
            raise RequestRejected(f"volume {volume_id} is attached to server {volume.attachments[0].server_id}")
        if volume.size < snapshot.size:
            raise RequestRejected(f"snapshot {snapshot_id} needs a volume of at least {snapshot.size} GiB")
        if self._find_latest_id(volume_id) != snapshot_id:
            raise NotSupported(
                f"OpenStack can revert volume {volume_id} only to its own latest snapshot, not to {snapshot_id}",
                hint="create a new volume from the snapshot or backup",
            )
        path = f"/volumes/{volume_id}/action"
        self._client.request("block-storage", "POST", path, {"revert": {"snapshot_id": snapshot_id}})

    def create_image(self, snapshot_id: str, token: str, name: str) -> NativeImage:
        snapshot = self._get(snapshot_id)
        return create_snapshot_image(self._client, token, name, snapshot_id, snapshot.size)

    def _find(self, token: str) -> Snapshot | None:
        """Return the oldest snapshot with a token: others are the result of late requests."""
        snapshots = [
            item for item in list_snapshots(self._client, {tags.TOKEN: token}) if self._get_token(item) == token
        ]
        snapshots.sort(key=lambda snapshot: (snapshot.created_at or "", snapshot.id))
        return next((snapshot for snapshot in snapshots if snapshot.status != "deleted"), None)

    def _get(self, snapshot_id: str) -> Snapshot:
        return self._client.fetch("block-storage", f"/snapshots/{snapshot_id}", "snapshot", Snapshot)

    def _create_or_retire(self, spec: SnapshotSpec, volume_id: str) -> Snapshot:
        """As `_create`; if it is refused, a copy is retired, so that the observer deletes it."""
        try:
            return self._create(spec, volume_id)
        except CloudUnreachable:
            raise
        except CloudError:
            if spec.snapshot_id:
                with suppress(CloudError):
                    retire_volume(self._client, volume_id)
            raise

    def _create(self, spec: SnapshotSpec, volume_id: str) -> Snapshot:
        body = {
            "volume_id": volume_id,
            "name": spec.name,
            "force": True,  # also of a volume that is attached
            "metadata": tags.build_metadata(self._client.installation_id, spec.token, spec.metadata),
        }
        try:
            response = self._client.request("block-storage", "POST", "/snapshots", {"snapshot": body})
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        return self._client.decode("block-storage", response, "snapshot", Snapshot)

    def _get_source(self, spec: SnapshotSpec) -> str:
        """Return the volume to take the snapshot of. Raises: CloudUnreachable while a copy is being made."""
        if not spec.snapshot_id:
            return spec.volume_id
        copy = self._find_copy(spec.token) or self._create_copy(spec)
        message = f"snapshot {spec.snapshot_id} is not copied to volume {copy.id} yet"
        volume = self._client.read_until(
            lambda: get_volume(self._client, copy.id),
            lambda current: current.status == "available" or current.status.startswith("error"),
            message,
        )
        if volume.status != "available":
            retire_volume(self._client, volume.id)
            raise RequestRejected(f"the cloud failed to copy snapshot {spec.snapshot_id} to a volume")
        return volume.id

    def _create_copy(self, spec: SnapshotSpec) -> Volume:
        try:
            source = self._get(spec.snapshot_id)
        except NativeNotFound as error:
            raise RequestRejected(error.message) from error
        metadata = {tags.INSTALLATION: self._client.installation_id, tags.COPY_FOR: spec.token}
        body = {"name": spec.name, "size": source.size, "snapshot_id": source.id, "metadata": metadata}
        return create_volume(self._client, body)

    def _find_copy(self, token: str) -> Volume | None:
        volumes = list_volumes(self._client, {tags.COPY_FOR: token})
        return next((volume for volume in volumes if _is_copy(volume, self._client.installation_id, token)), None)

    def _find_latest_id(self, volume_id: str) -> str:
        snapshots = [item for item in list_snapshots(self._client, {}, volume_id) if item.volume_id == volume_id]
        return max(snapshots, key=lambda item: item.created_at or "").id if snapshots else ""

    def _get_token(self, snapshot: Snapshot) -> str:
        return tags.find_metadata_token(snapshot.metadata, self._client.installation_id)

    def _convert(self, snapshot: Snapshot) -> NativeSnapshot:
        state = _STATES.get(snapshot.status, NativeSnapshotState.ERROR)
        return NativeSnapshot(
            id=snapshot.id,
            token=self._get_token(snapshot),
            state=state,
            size_gib=snapshot.size,
            created_at=parse_iso(snapshot.created_at) if snapshot.created_at else None,
            fault=f"the cloud reports the status {snapshot.status}" if state is NativeSnapshotState.ERROR else "",
        )


def list_snapshots(client: "Client", metadata: dict[str, str] | None = None, volume_id: str = "") -> Iterator[Snapshot]:
    params = {"metadata": json.dumps(metadata)} if metadata else {}
    if volume_id:
        params["volume_id"] = volume_id
    return client.list_items("block-storage", "/snapshots/detail", "snapshots", Snapshot, params)


def _is_copy(volume: Volume, installation_id: str, token: str) -> bool:
    marks = (volume.metadata.get(tags.INSTALLATION), volume.metadata.get(tags.COPY_FOR))
    return marks == (installation_id, token) and tags.RETIRED not in volume.metadata
