"""Machines as SlipStream's commands see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from stratiform.kit.errors import Conflict, Fault, NotFound


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine. `state` is a word of SlipStream, such as Running; sizes are "" if the cloud does not report them."""

    id: str
    state: str
    address: str = ""
    vcpus: str = ""
    ram_mib: str = ""
    disk_gib: str = ""
    instance_type: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class MachineRequest:
    """A machine to create. `public_key` is in the format of OpenSSH; `networks` are names in the cloud."""

    name: str
    image_id: str
    instance_type: str
    disk_gib: int = 0
    public_key: str = ""
    security_groups: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FloatingIpRequest:
    """A floating IP for a machine. `pool` is the name of an external network; "": the only one."""

    pool: str
    reuse: bool


class MachineCloud(Protocol):
    """A cloud in which the commands create machines. Raises: Fault."""

    def create(self, request: MachineRequest) -> Machine:
        """Request a machine, and return it in its first state."""

    def get(self, machine_id: str) -> Machine: ...

    def list(self) -> Iterator[Machine]: ...

    def associate_floating_ip(self, machine_id: str, request: FloatingIpRequest) -> str:
        """Give a running machine a floating IP, and return the address."""

    def delete(self, machine_id: str) -> None:
        """Delete a machine; succeeds if it does not exist."""


def discard(cloud: MachineCloud, machine_id: str, error: BaseException) -> None:
    """Delete a machine because of `error`. Raises: Conflict with both errors and the id if it remains."""
    try:
        cloud.delete(machine_id)
    except NotFound:
        return
    except Fault as failure:
        reason = error.message if isinstance(error, Fault) else str(error) or type(error).__name__
        raise Conflict(
            f"{reason.rstrip('.')}; machine {machine_id} was not deleted: {failure.message}", hint="terminate it"
        ) from error
