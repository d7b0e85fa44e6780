"""Compute capability: servers in a cloud."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from stratiform.contract.server_operations import NetworkInterface, OptionalServerOperations
from stratiform.kit.clock import Micros

__all__ = [
    "ComputeDriver",
    "NativeServer",
    "NativeServerState",
    "NetworkInterface",
    "ServerSize",
    "ServerSpec",
]


class NativeServerState(Enum):
    """State of a server as reported by its cloud."""

    BUILDING = "building"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    RESCUED = "rescued"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ServerSize:
    """Resources of a server. `native_type` is the cloud's own type (`t3.micro`) if the flavor is mapped to one."""

    vcpus: int
    ram_mib: int
    disk_gib: int
    native_type: str = ""


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """A server to create. `token` is our server's id: creating twice with one token creates one server."""

    token: str
    name: str
    size: ServerSize
    image_id: str  # native id
    interfaces: tuple[NetworkInterface, ...] = ()
    public_key: str = ""
    user_data: str = ""  # base64, as in Nova's API
    metadata: dict[str, str] = field(default_factory=dict)
    availability_zone: str = ""  # "" for the cloud's default
    generation: str = ""  # differs if the cloud's server was deleted, and is created again with the same token
    config_drive: bytes = b""  # an ISO 9660 image to attach as a read-only drive; empty: none
    boot_volume_id: str = ""  # native id of the volume to boot from, instead of a copy of the image


@dataclass(frozen=True, slots=True)
class NativeServer:
    """A server as reported by its cloud. `token` is read from its tags."""

    id: str
    token: str
    state: NativeServerState
    size: ServerSize
    addresses: tuple[str, ...] = ()
    launched_at: Micros | None = None
    image_id: str = ""
    volume_ids: tuple[str, ...] = ()  # native ids of the attached volumes
    fault: str = ""


class ComputeDriver(OptionalServerOperations, Protocol):
    """Operations on servers. All are idempotent and raise errors of `contract.errors`.

    Operations on a server raise NativeNotFound if it does not exist, and RequestRejected if its state does not allow
    them.
    """

    def create(self, spec: ServerSpec) -> NativeServer:
        """Create a server, or return the one with the token `spec.token`.

        Raises: RequestRejected (unknown image or invalid size), InsufficientCapacity.
        """

    def find(self, token: str) -> NativeServer | None:
        """Return the server with `token`, or None if there is none or it is deleted."""

    def get(self, server_id: str) -> NativeServer:
        """Return a server by its native id. Raises: NativeNotFound."""

    def list(self) -> Iterator[NativeServer]:
        """Iterate over all servers of this installation; pages are requested as needed."""

    def start(self, server_id: str) -> None: ...

    def stop(self, server_id: str) -> None: ...

    def reboot(self, server_id: str, *, hard: bool) -> None:
        """Reboot a running server. A hard reboot also starts a stopped server."""

    def resize(self, server_id: str, size: ServerSize) -> None:
        """Change the size of a stopped server. Raises: RequestRejected if it is not stopped."""

    def rebuild(self, server_id: str, image_id: str) -> None:
        """Replace the data of the root disk by a copy of an image. The id, the addresses and the volumes stay."""

    def delete(self, server_id: str) -> None:
        """Delete a server; succeeds if it does not exist. Attached volumes are detached and stay."""

    def get_console_output(self, server_id: str) -> str:
        """Return the output of the first serial port, oldest line first."""

    def attach_volume(self, server_id: str, volume_id: str, device: str) -> None:
        """Attach a volume, as `device` (`/dev/vdb`) if the cloud supports device names."""

    def detach_volume(self, server_id: str, volume_id: str) -> None:
        """Detach a volume. Raises: RequestRejected if the server boots from it."""
