"""Machines."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from stratiform.kit.clock import Micros


class NativeServerState(Enum):
    """What a machine does, as its cloud says."""

    BUILDING = "building"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class ServerSize:
    """What a machine needs. `native` is the cloud's own type (`t3.micro`), where a flavor is mapped to one."""

    vcpus: int
    ram_mib: int
    disk_gib: int
    native: str = ""


@dataclass(frozen=True, slots=True)
class Nic:
    """One network card: an address that we chose in a subnet that exists in the cloud."""

    subnet: str  # native id, from Networks.ensure
    address: str
    mac: str


@dataclass(frozen=True, slots=True)
class ServerSpec:
    """A machine to be made. `token` is our id: two creates with one token are one machine."""

    token: str
    name: str
    size: ServerSize
    image: str  # native id; "" with boot_volume
    nics: tuple[Nic, ...] = ()
    public_key: str = ""
    user_data: str = ""  # base64, as Nova takes it
    metadata: dict[str, str] = field(default_factory=dict)
    zone: str = ""


@dataclass(frozen=True, slots=True)
class NativeServer:
    """A machine as its cloud shows it. `token` is ours, read back from its tag."""

    id: str
    token: str
    state: NativeServerState
    size: ServerSize
    addresses: tuple[str, ...] = ()
    launched_at: Micros | None = None
    image: str = ""
    volumes: tuple[str, ...] = ()  # native ids of what is attached
    fault: str = ""


class Compute(Protocol):
    """Verbs on machines. Each raises contract.errors; a verb on what is so already is no error."""

    def create(self, spec: ServerSpec) -> NativeServer:
        """Make a machine, or return the one that carries `spec.token` already."""

    def find(self, token: str) -> NativeServer | None:
        """The machine that carries `token`; None also where it is deleted."""

    def show(self, machine_id: str) -> NativeServer:
        """Raises Gone."""

    def list(self) -> Iterator[NativeServer]:
        """Every machine that carries a token of ours, in pages inside."""

    def start(self, machine_id: str) -> None: ...

    def stop(self, machine_id: str) -> None: ...

    def reboot(self, machine_id: str, *, hard: bool) -> None: ...

    def resize(self, machine_id: str, size: ServerSize) -> None:
        """Change the size of a stopped machine. Raises Refused where it runs."""

    def rebuild(self, machine_id: str, image: str) -> None:
        """Put `image` on the machine's first disk; id, addresses and volumes stay."""

    def delete(self, machine_id: str) -> None:
        """Also where it is gone already. Attached volumes stay."""

    def console(self, machine_id: str) -> str:
        """What the machine has written to its first serial port, newest last."""

    def attach(self, machine_id: str, volume_id: str, device: str) -> None: ...

    def detach(self, machine_id: str, volume_id: str) -> None: ...
