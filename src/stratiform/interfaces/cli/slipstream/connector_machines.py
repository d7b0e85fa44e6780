"""Machines in the cloud of a connector."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from stratiform.contract.compute import ComputeDriver, NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.contract.registry import get_connector
from stratiform.interfaces.cli.slipstream.machines import FloatingIpRequest, Machine, MachineRequest
from stratiform.kit.clock import Clock
from stratiform.kit.errors import Invalid, UnsupportedOperation

#: Marks the machines of these commands: a connector lists only those of one installation.
INSTALLATION_ID = "slipstream"

#: The group that a cloud uses by itself.
_DEFAULT_GROUP = "default"

_STATES = {
    NativeServerState.BUILDING: "Pending",
    NativeServerState.RUNNING: "Running",
    NativeServerState.STOPPING: "Stopping",
    NativeServerState.STOPPED: "Stopped",
    NativeServerState.PAUSED: "Paused",
    NativeServerState.SUSPENDED: "Suspended",
    NativeServerState.RESCUED: "Running",
    NativeServerState.DELETING: "Terminated",
    NativeServerState.DELETED: "Terminated",
    NativeServerState.ERROR: "Error",
}


class TokenSource(Protocol):
    """Generates the tokens of new machines."""

    def uuid(self) -> str: ...


class ConnectorMachines:
    """Implements MachineCloud with the compute capability of a connector."""

    def __init__(self, kind: str, settings: dict[str, str], home: Path, clock: Clock, ids: TokenSource) -> None:
        installation = Installation(INSTALLATION_ID, home, clock)
        compute = get_connector(kind).connect(CloudAccount("", kind, settings), installation).compute
        if compute is None:
            raise UnsupportedOperation(f"Clouds of the kind {kind} do not have servers")
        self._compute: ComputeDriver = compute
        self._ids = ids

    def create(self, request: MachineRequest) -> Machine:
        _check(request)
        size = ServerSize(0, 0, request.disk_gib, native_type=request.instance_type)
        spec = ServerSpec(self._ids.uuid(), request.name, size, request.image_id, public_key=request.public_key)
        return _to_machine(self._compute.create(spec))

    def get(self, machine_id: str) -> Machine:
        return _to_machine(self._compute.get(machine_id))

    def list(self) -> Iterator[Machine]:
        return map(_to_machine, self._compute.list())

    def associate_floating_ip(self, machine_id: str, request: FloatingIpRequest) -> str:  # noqa: ARG002 - the protocol's signature
        raise UnsupportedOperation("Floating IPs are not supported for this kind of cloud")

    def delete(self, machine_id: str) -> None:
        self._compute.delete(machine_id)


def _check(request: MachineRequest) -> None:
    """Raises: Invalid for what a machine without interfaces of its own cannot have."""
    groups = [group for group in request.security_groups if group != _DEFAULT_GROUP]
    if groups:
        raise Invalid(
            f"security groups are not supported here: {', '.join(groups)}", hint="use the group default, or omit it"
        )


def _to_machine(server: NativeServer) -> Machine:
    size = server.size
    return Machine(
        id=server.id,
        state=_STATES[server.state],
        address=server.addresses[0] if server.addresses else "",
        vcpus=str(size.vcpus),
        ram_mib=str(size.ram_mib),
        disk_gib=str(size.disk_gib),
        instance_type=size.native_type,
        fault=server.fault,
    )
