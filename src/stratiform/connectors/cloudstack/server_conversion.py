"""Conversion of CloudStack's virtual machines to servers.

CloudStack creates a virtual machine in the state Stopped and starts it by a job, and its state does not show a job
that has not begun. The pending job of a virtual machine is part of its description: it decides about the state.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stratiform.connectors.cloudstack.markers import find_token, parse_marker
from stratiform.connectors.cloudstack.responses import read_int
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize
from stratiform.contract.errors import RequestRejected
from stratiform.kit.clock import Micros, from_datetime

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.responses import Item

_STATES = {
    "Starting": NativeServerState.BUILDING,
    "Running": NativeServerState.RUNNING,
    "Migrating": NativeServerState.RUNNING,
    "Stopping": NativeServerState.STOPPING,
    "Stopped": NativeServerState.STOPPED,
    "Shutdown": NativeServerState.STOPPED,
    "Expunging": NativeServerState.DELETED,
    "Destroyed": NativeServerState.DELETED,
}

#: The states that a job will lead to, by the end of its command's name.
_PENDING_STATES = {
    "DeployVMCmd": NativeServerState.BUILDING,
    "StartVMCmd": NativeServerState.BUILDING,
    "RestoreVMCmd": NativeServerState.BUILDING,
    "StopVMCmd": NativeServerState.STOPPING,
    "DestroyVMCmd": NativeServerState.DELETING,
}
_DELETED_STATES = ("Destroyed", "Expunging")

#: The role of the network of servers without interfaces, which our API does not show.
DEFAULT_NETWORK_ROLE = "default"

_GIB = 1024**3
_ROOT = "ROOT"

#: Nova's device names: /dev/vda is the root disk, number 0. CloudStack uses number 3 for CD-ROM drives.
_DEVICE_PREFIX, _CDROM_NUMBER = "/dev/vd", 3


def get_state(vm: "Item", pending_command: str = "") -> NativeServerState:
    """Return the state of a server; `pending_command` is the class of the command of its pending job, or ""."""
    if vm.get("state") in _DELETED_STATES:
        return NativeServerState.DELETED
    for suffix, state in _PENDING_STATES.items():
        if pending_command.endswith(suffix):
            return state
    return _STATES.get(str(vm.get("state")), NativeServerState.ERROR)


def has_pending_job(vm: "Item") -> bool:
    return bool(vm.get("jobid")) and vm.get("jobstatus", 0) == 0


def to_server(
    vm: "Item", volumes: "Sequence[Item]", installation_id: str, state: NativeServerState, fault: str = ""
) -> NativeServer:
    """Convert a virtual machine; `volumes` are those that are attached to it, with its root volume."""
    root_sizes = [read_int(volume.get("size")) for volume in volumes if volume.get("type") == _ROOT]
    data = [volume for volume in volumes if volume.get("type") != _ROOT]
    return NativeServer(
        id=str(vm["id"]),
        token=find_token(vm, installation_id, "displayname"),
        state=state,
        size=ServerSize(
            vcpus=read_int(vm.get("cpunumber")),
            ram_mib=read_int(vm.get("memory")),
            disk_gib=sum(root_sizes) // _GIB,
            native_type=str(vm.get("serviceofferingname", "")),
        ),
        addresses=tuple(str(nic["ipaddress"]) for nic in list_nics(vm) if nic.get("ipaddress")),
        launched_at=None if state is NativeServerState.BUILDING else parse_time(vm.get("created")),
        image_id=str(vm.get("templateid") or vm.get("isoid") or ""),
        volume_ids=tuple(str(volume["id"]) for volume in sorted(data, key=_get_device_number)),
        fault=fault,
    )


def list_nics(vm: "Item") -> "list[Item]":
    """Return the interfaces of a server in the order of its devices, without that in the default network."""
    nics = [nic for nic in vm.get("nic") or () if not _is_default_network(str(nic.get("networkname", "")))]
    return sorted(nics, key=lambda nic: (not nic.get("isdefault"), read_int(nic.get("deviceid"))))


def parse_time(text: object) -> Micros | None:
    """Parse a time such as 2026-11-30T13:18:47+0000."""
    try:
        return from_datetime(datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z"))
    except ValueError:
        return None


def to_device_number(device: str) -> int | None:
    """Return CloudStack's number of a Nova device (`/dev/vdb` is 1); None lets CloudStack choose. Raises:
    RequestRejected for the root device.
    """
    letter = device.removeprefix(_DEVICE_PREFIX)
    if not device.startswith(_DEVICE_PREFIX) or len(letter) != 1:
        return None
    number = ord(letter) - ord("a")
    if number == 0:
        raise RequestRejected(f"device name {device} is that of the root disk")
    return None if number == _CDROM_NUMBER else number


def _is_default_network(name: str) -> bool:
    marker = parse_marker(name)
    return marker is not None and marker.role == DEFAULT_NETWORK_ROLE


def _get_device_number(volume: Mapping[str, Any]) -> int:
    return read_int(volume.get("deviceid"))
