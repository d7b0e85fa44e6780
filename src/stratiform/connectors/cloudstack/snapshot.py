"""Snapshot capability of CloudStack: snapshots of volumes, on the secondary storage, which outlive their volumes.

Source: CloudStack API reference (createSnapshot, listSnapshots, revertSnapshot, createTemplate).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack import markers
from stratiform.connectors.cloudstack.responses import read_int
from stratiform.connectors.cloudstack.server_conversion import parse_time
from stratiform.connectors.cloudstack.templates import create_template
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotSpec

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_GIB = 1024**3
_STATES = {
    "BackedUp": NativeSnapshotState.AVAILABLE,
    "Destroying": NativeSnapshotState.DELETING,
    "Destroyed": NativeSnapshotState.DELETED,
    "Error": NativeSnapshotState.ERROR,
}
_NEVER_USED = "Allocated"


class CloudStackSnapshotDriver:
    """Implements contract.snapshot.SnapshotDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def create(self, spec: SnapshotSpec) -> NativeSnapshot:
        if spec.snapshot_id:
            raise NotSupported("CloudStack cannot copy a snapshot within a zone")
        try:
            snapshot = self._client.create_once(
                "snapshot", spec.token, lambda: self._find_only(spec.token), lambda: self._create(spec)
            )
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        if markers.TOKEN not in markers.read_tags(snapshot):
            tags = {markers.INSTALLATION: self._client.installation_id, markers.TOKEN: spec.token}
            self._client.add_tags("Snapshot", str(snapshot["id"]), tags)
        return self._convert([snapshot])[0]

    def create_consistent(self, specs: Sequence[SnapshotSpec]) -> Sequence[NativeSnapshot]:  # noqa: ARG002 - unused
        raise NotSupported("CloudStack cannot create snapshots of several volumes at the same instant")

    def find(self, token: str) -> NativeSnapshot | None:
        snapshot = self._find(token)
        return None if snapshot is None else self._convert([snapshot])[0]

    def get(self, snapshot_id: str) -> NativeSnapshot:
        snapshot = self._client.find_item("listSnapshots", "snapshot", id=snapshot_id)
        if snapshot is None or _get_state(snapshot) is NativeSnapshotState.DELETED:
            raise NativeNotFound(f"snapshot {snapshot_id} not found in CloudStack")
        return self._convert([snapshot])[0]

    def list(self) -> Iterator[NativeSnapshot]:
        snapshots = self._client.list_all("listSnapshots", "snapshot")
        yield from self._convert([item for item in snapshots if self._get_token(item) and not _is_deleted(item)])

    def delete(self, snapshot_id: str) -> None:
        try:
            snapshot = self._client.find_item("listSnapshots", "snapshot", id=snapshot_id)
            if snapshot is not None and _get_state(snapshot) is not NativeSnapshotState.DELETING:
                self._client.request("deleteSnapshot", id=snapshot_id)
        except NativeNotFound:
            return

    def restore(self, snapshot_id: str, volume_id: str) -> None:
        """Revert a volume to one of its own snapshots, if its storage can do that."""
        snapshot = self._client.find_item("listSnapshots", "snapshot", id=snapshot_id)
        volume = self._client.find_item("listVolumes", "volume", id=volume_id)
        if snapshot is None or volume is None:
            missing = "snapshot" if snapshot is None else "volume"
            raise RequestRejected(f"{missing} of the restore of volume {volume_id} not found in CloudStack")
        if volume.get("virtualmachineid"):
            raise RequestRejected(f"volume {volume_id} is attached to a server")
        if not snapshot.get("revertable") or str(snapshot.get("volumeid")) != volume_id:
            raise NotSupported(
                f"CloudStack cannot replace the data of volume {volume_id} with the data of snapshot {snapshot_id}",
                hint="create a new volume from the snapshot or backup",
            )
        self._client.run_job("revertSnapshot", id=snapshot_id)

    def create_image(self, snapshot_id: str, token: str, name: str) -> NativeImage:
        template = create_template(self._client, token, name, snapshot_id)
        size_gib = self.get(snapshot_id).size_gib
        return NativeImage(str(template["id"]), name, token, size_gib, is_ready=bool(template.get("isready")))

    def _create(self, spec: SnapshotSpec) -> "Item":
        volume = self._client.find_item("listVolumes", "volume", id=spec.volume_id)
        if volume is None:
            raise RequestRejected(f"volume {spec.volume_id} not found in CloudStack")
        if volume.get("state") == _NEVER_USED:
            raise RequestRejected(
                f"volume {spec.volume_id} has no data yet", hint="attach it to a server before you create a snapshot"
            )
        name = self._client.build_marker(spec.token).append_to(spec.name)
        return self._client.request("createSnapshot", volumeid=spec.volume_id, name=name)

    def _find(self, token: str) -> "Item | None":
        snapshots = self._find_all(token)
        return snapshots[0] if snapshots else None

    def _find_only(self, token: str) -> "Item | None":
        """Return the snapshot with a token, and delete others with it, as `volume` does."""
        snapshots = self._find_all(token)
        for duplicate in snapshots[1:]:
            self.delete(str(duplicate["id"]))
        return snapshots[0] if snapshots else None

    def _find_all(self, token: str) -> "Sequence[Item]":
        """Return the snapshots with a token, oldest first."""
        snapshots = self._client.list_all("listSnapshots", "snapshot", keyword=token)
        matches = [item for item in snapshots if self._get_token(item) == token and not _is_deleted(item)]
        return sorted(matches, key=lambda item: (str(item.get("created", "")), str(item["id"])))

    def _get_token(self, snapshot: "Item") -> str:
        return markers.find_token(snapshot, self._client.installation_id)

    def _convert(self, snapshots: "Sequence[Item]") -> Sequence[NativeSnapshot]:
        """Convert snapshots; `virtualsize` is the size of the volume at the time of the snapshot."""
        return [
            NativeSnapshot(
                id=str(snapshot["id"]),
                token=self._get_token(snapshot),
                state=_get_state(snapshot),
                size_gib=read_int(snapshot.get("virtualsize")) // _GIB,
                created_at=parse_time(snapshot.get("created")),
            )
            for snapshot in snapshots
        ]


def _get_state(snapshot: "Item") -> NativeSnapshotState:
    return _STATES.get(str(snapshot.get("state")), NativeSnapshotState.CREATING)


def _is_deleted(snapshot: "Item") -> bool:
    return _get_state(snapshot) is NativeSnapshotState.DELETED
