"""Adoption capability: volumes and snapshots that exist in a cloud become resources of this installation."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class AdoptableKind(Enum):
    """The kinds of native resources that can be adopted."""

    VOLUME = "volume"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True)
class AdoptableResource:
    """A native volume or snapshot of the account, also of other installations."""

    id: str
    name: str
    size_gib: int
    token: str = ""  # id of our resource; "" if it is not this installation's
    is_foreign: bool = False  # another installation has tagged it
    is_ready: bool = True  # no operation is in progress
    server_id: str = ""  # native id of a server that the volume is attached to
    zones: tuple[str, ...] = ()  # names of the volume's availability zone; "" if it is the cloud's default
    volume_id: str = ""  # native id of the volume that the snapshot was taken of; "" if unknown


class AdoptionDriver(Protocol):
    """Operations on tags of existing resources. All are idempotent and raise errors of `contract.errors`."""

    def list(self, kind: AdoptableKind) -> Iterator[AdoptableResource]:
        """Iterate over all volumes or snapshots of the account, also those of other installations."""

    def adopt(self, kind: AdoptableKind, native_id: str, token: str, name: str) -> None:
        """Tag a resource as this installation's, and rename it.

        Raises: NativeNotFound, RequestRejected (it has another token).
        """

    def release(self, kind: AdoptableKind, native_id: str, name: str) -> None:
        """Remove the tags of this installation and rename the resource, which keeps its data.

        Succeeds if it does not exist. Raises: RequestRejected (it is attached).
        """
