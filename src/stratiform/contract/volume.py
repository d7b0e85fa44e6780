"""Block storage."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from stratiform.kit.clock import Micros


class NativeVolumeState(Enum):
    """What a disk does, as its cloud says."""

    CREATING = "creating"
    AVAILABLE = "available"
    IN_USE = "in-use"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A disk to be made. `token` is our id; `native_type` the cloud's kind (`gp3`), "" for its default."""

    token: str
    name: str
    size_gib: int
    native_type: str = ""
    image: str = ""  # native id of an image to copy onto it
    zone: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NativeVolume:
    """A disk as its cloud shows it."""

    id: str
    token: str
    state: NativeVolumeState
    size_gib: int
    native_type: str = ""
    machine: str = ""  # native id of the machine it is attached to
    created_at: Micros | None = None
    fault: str = ""


class Volumes(Protocol):
    """Verbs on disks; as safe to repeat as those on machines."""

    def create(self, spec: VolumeSpec) -> NativeVolume: ...

    def find(self, token: str) -> NativeVolume | None: ...

    def show(self, disk_id: str) -> NativeVolume:
        """Raises Gone."""

    def list(self) -> Iterator[NativeVolume]: ...

    def extend(self, disk_id: str, size_gib: int) -> None:
        """Raises Refused where it is larger already."""

    def delete(self, disk_id: str) -> None:
        """Also where it is gone already. Raises Refused while it is attached."""
