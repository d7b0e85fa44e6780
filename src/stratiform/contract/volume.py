"""Volume capability: block storage volumes in a cloud."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, runtime_checkable

from stratiform.kit.clock import Micros


class NativeVolumeState(Enum):
    """State of a volume as reported by its cloud."""

    CREATING = "creating"
    AVAILABLE = "available"
    IN_USE = "in-use"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A volume to create. `token` is our volume's id: creating twice with one token creates one volume."""

    token: str
    name: str
    size_gib: int
    native_type: str = ""  # the cloud's own type (`gp3`); "" for its default
    image_id: str = ""  # native id of the image to copy to the volume
    snapshot_id: str = ""  # native id of the snapshot to copy to the volume
    availability_zone: str = ""  # "" for the cloud's default
    metadata: dict[str, str] = field(default_factory=dict)
    multiattach: bool = False  # several servers can use the volume; only where the connector has `multiattach`
    encrypted: bool = False  # the cloud encrypts the data at rest, with its own default key


@dataclass(frozen=True, slots=True)
class NativeVolume:
    """A volume as reported by its cloud. `token` is read from its tags."""

    id: str
    token: str
    state: NativeVolumeState
    size_gib: int
    native_type: str = ""
    server_id: str = ""  # native id of a server that it is attached to
    created_at: Micros | None = None
    fault: str = ""


class VolumeDriver(Protocol):
    """Operations on volumes. All are idempotent and raise errors of `contract.errors`.

    Volumes are attached and detached by `ComputeDriver`.
    """

    def create(self, spec: VolumeSpec) -> NativeVolume:
        """Create a volume, or return the one with the token `spec.token`.

        Raises: RequestRejected (unknown image, snapshot, type or size), InsufficientCapacity.
        """

    def find(self, token: str) -> NativeVolume | None:
        """Return the volume with `token`, or None if there is none or it is deleted."""

    def get(self, volume_id: str) -> NativeVolume:
        """Return a volume by its native id. Raises: NativeNotFound."""

    def list(self) -> Iterator[NativeVolume]:
        """Iterate over all volumes of this installation; pages are requested as needed."""

    def extend(self, volume_id: str, size_gib: int) -> None:
        """Grow a volume. Raises: RequestRejected if it is larger than `size_gib`."""

    def set_multiattach(self, volume_id: str, *, multiattach: bool) -> None:
        """Change whether several servers can use a volume that is not attached.

        Raises: NotSupported, RequestRejected (volume is attached).
        """

    def delete(self, volume_id: str) -> None:
        """Delete a volume; succeeds if it does not exist. Raises: RequestRejected while it is attached."""


@runtime_checkable
class ReimageDriver(Protocol):
    """What a VolumeDriver also has if the connector has `reimage`."""

    def reimage(self, volume_id: str, image_id: str) -> None:
        """Start to replace the data of a volume by an image; its state is CREATING until that is complete.

        Raises: NativeNotFound, RequestRejected (unknown or too large image, volume is attached).
        """
