"""Snapshot capability: copies of volumes in a cloud. Snapshots, backups, clones and images of volumes use it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from stratiform.contract.image import NativeImage
from stratiform.kit.clock import Micros


class NativeSnapshotState(Enum):
    """State of a snapshot as reported by its cloud."""

    CREATING = "creating"
    AVAILABLE = "available"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SnapshotSpec:
    """A snapshot to create. `token` is the id of our resource: creating twice with one token creates one snapshot."""

    token: str
    name: str
    volume_id: str  # native id of the volume to copy
    snapshot_id: str = ""  # native id of a snapshot to copy, instead of the volume
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NativeSnapshot:
    """A snapshot as reported by its cloud. `token` is read from its tags."""

    id: str
    token: str
    state: NativeSnapshotState
    size_gib: int  # of the volume at the time of the snapshot
    created_at: Micros | None = None
    fault: str = ""


class SnapshotDriver(Protocol):
    """Operations on snapshots. All are idempotent and raise errors of `contract.errors`.

    A snapshot contains the data that the volume has when it is created. It exists until it is deleted, also after
    its volume, and volumes are created from it with `VolumeSpec.snapshot_id`.
    """

    def create(self, spec: SnapshotSpec) -> NativeSnapshot:
        """Create a snapshot, or return the one with the token `spec.token`.

        Raises: RequestRejected (unknown volume or snapshot), InsufficientCapacity.
        """

    def create_consistent(self, specs: Sequence[SnapshotSpec]) -> Sequence[NativeSnapshot]:
        """Create snapshots of several volumes at one instant, or return those with these tokens.

        A connector that supports it has the attribute `consistent_snapshots` True. Raises: NotSupported; as `create`.
        """

    def find(self, token: str) -> NativeSnapshot | None:
        """Return the snapshot with `token`, or None if there is none or it is deleted."""

    def get(self, snapshot_id: str) -> NativeSnapshot:
        """Return a snapshot by its native id. Raises: NativeNotFound."""

    def list(self) -> Iterator[NativeSnapshot]:
        """Iterate over all snapshots of this installation; pages are requested as needed."""

    def delete(self, snapshot_id: str) -> None:
        """Delete a snapshot; succeeds if it does not exist. Raises: RequestRejected while an image needs it."""

    def restore(self, snapshot_id: str, volume_id: str) -> None:
        """Replace the data of a volume that is not attached.

        Raises: NotSupported, RequestRejected (volume is attached, or smaller than the snapshot).
        """

    def create_image(self, snapshot_id: str, token: str, name: str) -> NativeImage:
        """Create an image with the data of a snapshot, or return the one with `token`.

        The snapshot is part of the image from then on: `ImageDriver.delete` deletes both.
        """
