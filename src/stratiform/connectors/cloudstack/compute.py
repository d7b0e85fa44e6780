"""Compute capability of CloudStack: virtual machines.

Operations return when CloudStack has accepted them; the observer reads the state, and the reason of a failure from the
result of the job. Volumes are attached and detached by short jobs, whose result is part of the operation.

Source: CloudStack API reference (deployVirtualMachine, scaleVirtualMachine, restoreVirtualMachine, …).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack import markers, server_conversion
from stratiform.connectors.cloudstack.memberships import build_group_tags
from stratiform.connectors.cloudstack.network import find_interface, find_shared_network
from stratiform.connectors.cloudstack.offerings import resolve_service_offering
from stratiform.connectors.cloudstack.server_operations import CloudStackServerOperations
from stratiform.connectors.cloudstack.server_request import build_deploy_request
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import (
    CloudUnreachable,
    InsufficientCapacity,
    NativeNotFound,
    NotSupported,
    RequestRejected,
)

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_ACTIVE = (NativeServerState.RUNNING, NativeServerState.BUILDING)
_INACTIVE = (NativeServerState.STOPPED, NativeServerState.STOPPING)
_ROOT = "ROOT"
_HOST_NAME_EXISTS = "already exists"
_ADDRESS_IN_USE = "Unable to acquire Guest IP address"


class CloudStackComputeDriver(CloudStackServerOperations):
    """Implements contract.compute.ComputeDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        #: The jobs of servers that are created, by native id, until their tags exist.
        self._creation_jobs: dict[str, str] = {}

    def create(self, spec: ServerSpec) -> NativeServer:
        """Create a server and tag it. A server whose creation was interrupted before it was tagged is tagged."""
        if not spec.image_id:
            raise NotSupported("boot from volume is not supported on CloudStack; a server needs an image")
        try:
            vm = self._client.create_once(
                "server", spec.token, lambda: self._find_vm(spec.token), lambda: self._deploy(spec)
            )
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        if markers.TOKEN not in markers.read_tags(vm):
            self._tag(spec, vm)
        return self._convert(vm, self._list_volumes(str(vm["id"])))

    def find(self, token: str) -> NativeServer | None:
        vm = self._find_vm(token)
        return None if vm is None else self._convert(vm, self._list_volumes(str(vm["id"])))

    def get(self, server_id: str) -> NativeServer:
        return self._convert(self._get_vm(server_id), self._list_volumes(server_id))

    def list(self) -> Iterator[NativeServer]:
        vms = self._client.list_all("listVirtualMachines", "virtualmachine")
        ours = [vm for vm in vms if self._is_ours(vm) and not _is_deleted(vm)]
        volumes: dict[str, list[Item]] = {}
        for volume in self._client.list_all("listVolumes", "volume") if ours else ():
            volumes.setdefault(str(volume.get("virtualmachineid", "")), []).append(volume)
        for vm in ours:
            yield self._convert(vm, volumes.get(str(vm["id"]), []))

    def start(self, server_id: str) -> None:
        if self._require_state(server_id) not in _ACTIVE:
            self._client.request("startVirtualMachine", id=server_id)

    def stop(self, server_id: str) -> None:
        if self._require_state(server_id) not in _INACTIVE:
            self._client.request("stopVirtualMachine", id=server_id)

    def reboot(self, server_id: str, *, hard: bool) -> None:
        state = self._require_state(server_id)
        if state is NativeServerState.STOPPED and hard:
            self.start(server_id)
            return
        if state is not NativeServerState.RUNNING:
            raise RequestRejected(f"cannot reboot server {server_id} in state '{state.value}'")
        self._client.request("rebootVirtualMachine", id=server_id, forced=True if hard else None)

    def resize(self, server_id: str, size: ServerSize) -> None:
        """Change the service offering, and grow the root volume if it is smaller than the disk of `size`."""
        server = self.get(server_id)
        if server.state is not NativeServerState.STOPPED:
            raise RequestRejected(f"cannot resize server {server_id} in state '{server.state.value}'; stop it first")
        offering = resolve_service_offering(self._client, size)
        current = (server.size.native_type, server.size.vcpus, server.size.ram_mib)
        expected = (size.vcpus, size.ram_mib) if offering.is_custom else (offering.vcpus, offering.ram_mib)
        if current != (offering.name, *expected):
            self._client.run_job(
                "scaleVirtualMachine",
                id=server_id,
                serviceofferingid=offering.id,
                details=offering.build_details(size),
            )
        if size.disk_gib > server.size.disk_gib:
            [root] = [item for item in self._list_volumes(server_id) if item.get("type") == _ROOT]
            self._client.run_job("resizeVolume", id=root["id"], size=size.disk_gib)

    def rebuild(self, server_id: str, image_id: str) -> None:
        """Replace the root volume by a job, whose id is stored in a tag until the next rebuild."""
        vm = self._get_vm(server_id)
        if self._get_pending_command(vm).endswith("RestoreVMCmd"):
            return
        try:
            response = self._client.request("restoreVirtualMachine", virtualmachineid=server_id, templateid=image_id)
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        tags = {markers.REBUILD_JOB: str(response.get("jobid", ""))}
        current = {markers.REBUILD_JOB} & markers.read_tags(vm).keys()
        self._client.replace_tags("UserVm", server_id, current, tags)

    def delete(self, server_id: str) -> None:
        """Destroy a virtual machine, which detaches its volumes. CloudStack expunges it later, or immediately."""
        self._creation_jobs.pop(server_id, None)
        try:
            if self._get_state(self._get_vm(server_id)) in (NativeServerState.DELETING, NativeServerState.DELETED):
                return
            self._client.request("destroyVirtualMachine", id=server_id, expunge=self._client.settings.expunge or None)
        except NativeNotFound:
            return

    def get_console_output(self, server_id: str) -> str:
        raise NotSupported(f"CloudStack does not record the console output of server {server_id}")

    def attach_volume(self, server_id: str, volume_id: str, device: str) -> None:
        attached_to = self._get_attachment(volume_id)
        if attached_to == server_id:
            return
        if attached_to:
            raise RequestRejected(f"volume {volume_id} is attached to another server")
        number = server_conversion.to_device_number(device)
        try:
            self._client.run_job("attachVolume", id=volume_id, virtualmachineid=server_id, deviceid=number)
        except RequestRejected:
            # The job of an earlier request, whose response was lost, may have attached it.
            if self._get_attachment(volume_id) != server_id:
                raise

    def detach_volume(self, server_id: str, volume_id: str) -> None:
        volume = self._get_volume(volume_id)
        if volume.get("virtualmachineid") != server_id:
            return
        if volume.get("type") == _ROOT:
            raise RequestRejected(f"server {server_id} boots from volume {volume_id}")
        try:
            self._client.run_job("detachVolume", id=volume_id)
        except RequestRejected:
            if self._get_attachment(volume_id) == server_id:
                raise

    def _deploy(self, spec: ServerSpec) -> "Item":
        request = build_deploy_request(self._client, spec)
        try:
            response = self._client.request("deployVirtualMachine", **request)
        except RequestRejected as error:
            if _HOST_NAME_EXISTS not in error.message:
                raise
            raise CloudUnreachable(f"CloudStack has server {spec.token} and does not list it yet") from error
        except InsufficientCapacity as error:
            # It is the same error as for a network without free addresses, but we choose the addresses.
            if not spec.interfaces or _ADDRESS_IN_USE not in error.message:
                raise
            if self._is_address_of_destroyed_server(spec):
                raise CloudUnreachable(
                    "CloudStack has not expunged the server that had the address yet",
                    hint="set the setting 'expunge' if the role of the user permits it",
                ) from error
            raise RequestRejected(error.message) from error
        return response

    def _is_address_of_destroyed_server(self, spec: ServerSpec) -> bool:
        """Return True if no other server has the addresses. A destroyed server, which users do not see, keeps them."""
        for interface in (item for item in spec.interfaces if item.subnet_id):
            if find_interface(self._client, interface.subnet_id, interface.ip_address) is not None:
                return False
        # Servers of other accounts, which we do not see either, may have addresses in a shared network.
        return find_shared_network(self._client, spec.availability_zone) is None

    def _tag(self, spec: ServerSpec, vm: "Item") -> None:
        """Add tags. The marker in the name identifies the server until they exist, or if that fails."""
        tags = {markers.INSTALLATION: self._client.installation_id, markers.TOKEN: spec.token}
        if vm.get(markers.CREATION_JOB_KEY):
            tags[markers.CREATION_JOB] = self._creation_jobs[str(vm["id"])] = str(vm[markers.CREATION_JOB_KEY])
        for interface in spec.interfaces:
            tags |= build_group_tags(interface.ip_address, interface.security_groups)
        self._client.add_tags("UserVm", str(vm["id"]), tags)

    def _find_vm(self, token: str) -> "Item | None":
        """Return the virtual machine with a token: by its host name, which stays if someone renames it."""
        marker = self._client.build_marker(token)
        vms = self._client.list_all("listVirtualMachines", "virtualmachine", keyword=marker.digest)
        matches = [vm for vm in vms if self._has_token(vm, token, marker.digest) and not _is_deleted(vm)]
        return min(matches, key=lambda vm: (str(vm.get("created", "")), str(vm["id"])), default=None)

    def _has_token(self, vm: "Item", token: str, digest: str) -> bool:
        current = markers.find_token(vm, self._client.installation_id, "displayname")
        return current == token or (not current and str(vm.get("name", "")).rsplit("-", 1)[-1].startswith(digest))

    def _is_ours(self, vm: "Item") -> bool:
        return bool(markers.find_token(vm, self._client.installation_id, "displayname"))

    def _get_vm(self, server_id: str) -> "Item":
        vm = self._client.find_item("listVirtualMachines", "virtualmachine", id=server_id)
        if vm is None:
            raise NativeNotFound(f"server {server_id} not found in CloudStack")
        return vm

    def _require_state(self, server_id: str) -> NativeServerState:
        """Return the state of a server that exists. Raises: NativeNotFound."""
        state = self._get_state(self._get_vm(server_id))
        if state is NativeServerState.DELETED:
            raise NativeNotFound(f"server {server_id} is deleted")
        return state

    def _get_state(self, vm: "Item") -> NativeServerState:
        return server_conversion.get_state(vm, self._get_pending_command(vm))

    def _get_pending_command(self, vm: "Item") -> str:
        if not server_conversion.has_pending_job(vm):
            return ""
        try:
            job = self._client.get_job(str(vm["jobid"]))
        except NativeNotFound:
            return ""
        return str(job.get("cmd", "")) if job.get("jobstatus") == 0 else ""

    def _convert(self, vm: "Item", volumes: "Sequence[Item]") -> NativeServer:
        state, tags = self._get_state(vm), markers.read_tags(vm)
        creation_job = self._creation_jobs.get(str(vm["id"]))
        if creation_job is not None and state is not NativeServerState.BUILDING:
            tags.setdefault(markers.CREATION_JOB, creation_job)
            if state is not NativeServerState.ERROR:
                self._creation_jobs.pop(str(vm["id"]), None)
        fault = self._find_fault(tags, state)
        if fault and state is NativeServerState.RUNNING:
            state = NativeServerState.ERROR
        return server_conversion.to_server(vm, volumes, self._client.installation_id, state, fault)

    def _find_fault(self, tags: Mapping[str, str], state: NativeServerState) -> str:
        """Return the reason of a failed creation or rebuild, or ""."""
        key = markers.CREATION_JOB if state is NativeServerState.ERROR else markers.REBUILD_JOB
        if key not in tags or state not in (NativeServerState.ERROR, NativeServerState.RUNNING):
            return ""
        failure = self._client.find_failure(tags[key])
        return "" if failure is None else failure.message

    def _list_volumes(self, server_id: str) -> "Sequence[Item]":
        return self._client.list_all("listVolumes", "volume", virtualmachineid=server_id)

    def _get_volume(self, volume_id: str) -> "Item":
        volume = self._client.find_item("listVolumes", "volume", id=volume_id)
        if volume is None:
            raise NativeNotFound(f"volume {volume_id} not found in CloudStack")
        return volume

    def _get_attachment(self, volume_id: str) -> str:
        """Return the native id of the server that a volume is attached to, or ""."""
        return str(self._get_volume(volume_id).get("virtualmachineid") or "")


def _is_deleted(vm: "Item") -> bool:
    return server_conversion.get_state(vm) is NativeServerState.DELETED
