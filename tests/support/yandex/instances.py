"""Servicer of instances."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from google.protobuf.message import Message
from yandex.cloud.compute.v1 import instance_service_pb2 as messages
from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.instance_pb2 import AttachedDisk, Instance, NetworkInterface
from yandex.cloud.compute.v1.instance_service_pb2_grpc import InstanceServiceServicer
from yandex.cloud.operation.operation_pb2 import Operation

from support.yandex.disks import Service, build_disk
from support.yandex.state import ZONES, invalid, refused

PLATFORMS = ("standard-v1", "standard-v2", "standard-v3")
_GIB = 1024**3
_STEADY = (Instance.RUNNING, Instance.STOPPED, Instance.CRASHED, Instance.ERROR)


class Instances(Service, InstanceServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        return self.state.get("instances", request.instance_id)

    def List(self, request: Any, context: Any) -> Any:
        instances, token = self.state.list_page("instances", request)
        return messages.ListInstancesResponse(instances=instances, next_page_token=token)

    def Create(self, request: Any, context: Any) -> Any:
        state = self.state
        state.check_new("instances", request)
        _check_resources(request.platform_id, request.resources_spec)
        instance = Instance(
            id=state.new_id("fhmvm"),
            folder_id=request.folder_id,
            name=request.name,
            description=request.description,
            labels=request.labels,
            zone_id=request.zone_id,
            platform_id=request.platform_id,
            metadata=request.metadata,
            status=Instance.PROVISIONING,
        )
        _copy_resources(instance, request.resources_spec)
        instance.network_interfaces.extend(self._build_interfaces(request))
        disk = self._create_boot_disk(instance, request.boot_disk_spec)
        state.insert("instances", instance)

        def complete() -> Any:
            if disk.status == Disk.CREATING:
                disk.status = Disk.READY
            if instance.status == Instance.PROVISIONING:
                instance.status = Instance.RUNNING
            return instance

        return state.start(
            messages.CreateInstanceMetadata(instance_id=instance.id), complete, lambda: self._remove(instance)
        )

    def Delete(self, request: Any, context: Any) -> Any:
        instance = self.Get(request, context)
        instance.status = Instance.DELETING

        def complete() -> None:
            self._remove(instance)

        return self.state.start(messages.DeleteInstanceMetadata(instance_id=instance.id), complete)

    def Start(self, request: Any, context: Any) -> Any:
        instance = self._require(request, Instance.STOPPED)
        metadata = messages.StartInstanceMetadata(instance_id=instance.id)
        return self._transition(instance, metadata, Instance.STARTING, Instance.RUNNING)

    def Stop(self, request: Any, context: Any) -> Any:
        instance = self._require(request, Instance.RUNNING)
        metadata = messages.StopInstanceMetadata(instance_id=instance.id)
        return self._transition(instance, metadata, Instance.STOPPING, Instance.STOPPED)

    def Restart(self, request: Any, context: Any) -> Any:
        instance = self._require(request, Instance.RUNNING)
        metadata = messages.RestartInstanceMetadata(instance_id=instance.id)
        return self._transition(instance, metadata, Instance.RESTARTING, Instance.RUNNING)

    def Update(self, request: Any, context: Any) -> Any:
        paths = request.update_mask.paths
        instance = self._require(request, *([Instance.STOPPED] if "resources_spec" in paths else _STEADY))
        if "resources_spec" in paths:
            _check_resources(request.platform_id, request.resources_spec)

        def change() -> None:
            if "resources_spec" in paths:
                instance.platform_id = request.platform_id
                _copy_resources(instance, request.resources_spec)

        metadata = messages.UpdateInstanceMetadata(instance_id=instance.id)
        return self._transition(instance, metadata, Instance.UPDATING, instance.status, change)

    def GetSerialPortOutput(self, request: Any, context: Any) -> Any:
        instance = self.Get(request, context)
        text = f"[    0.000000] Linux version 6.1\n{instance.id} login: " if instance.status != 1 else ""
        return messages.GetInstanceSerialPortOutputResponse(contents=text)

    def AttachDisk(self, request: Any, context: Any) -> Any:
        instance = self._require(request, *_STEADY)
        disk = self.state.get("disks", request.attached_disk_spec.disk_id)
        _check_free(disk)
        if disk.zone_id != instance.zone_id:
            raise invalid(f"Disk {disk.id} is in another availability zone")
        disk.instance_ids.append(instance.id)
        instance.secondary_disks.append(AttachedDisk(disk_id=disk.id, mode=AttachedDisk.READ_WRITE))
        metadata = messages.AttachInstanceDiskMetadata(instance_id=instance.id, disk_id=disk.id)
        return self._transition(
            instance, metadata, Instance.UPDATING, instance.status, revert=lambda: _detach(instance, disk)
        )

    def DetachDisk(self, request: Any, context: Any) -> Any:
        instance = self._require(request, *_STEADY)
        disk = self.state.get("disks", request.disk_id)
        if instance.boot_disk.disk_id == disk.id:
            raise refused("The boot disk cannot be detached")
        if instance.id not in disk.instance_ids:
            raise refused(f"Disk {disk.id} is not attached to {instance.id}")
        metadata = messages.DetachInstanceDiskMetadata(instance_id=instance.id, disk_id=disk.id)
        return self._transition(instance, metadata, Instance.UPDATING, instance.status, lambda: _detach(instance, disk))

    def AddOneToOneNat(self, request: Any, context: Any) -> Any:
        instance = self._require(request, *_STEADY)
        interface = instance.network_interfaces[int(request.network_interface_index)]
        address = request.one_to_one_nat_spec.address
        if interface.primary_v4_address.HasField("one_to_one_nat"):
            raise refused("The interface has a public address already")
        if not any(item.external_ipv4_address.address == address for item in self.state.table("addresses").values()):
            raise invalid(f"Address {address} is not reserved in the folder")
        if any(item == address for item in self._list_public_addresses()):
            raise refused(f"Address {address} is in use")

        def change() -> None:
            interface.primary_v4_address.one_to_one_nat.address = address

        metadata = messages.AddInstanceOneToOneNatMetadata(instance_id=instance.id)
        return self._transition(instance, metadata, Instance.UPDATING, instance.status, change)

    def RemoveOneToOneNat(self, request: Any, context: Any) -> Any:
        instance = self._require(request, *_STEADY)
        interface = instance.network_interfaces[int(request.network_interface_index)]
        metadata = messages.RemoveInstanceOneToOneNatMetadata(instance_id=instance.id)
        return self._transition(
            instance,
            metadata,
            Instance.UPDATING,
            instance.status,
            lambda: interface.primary_v4_address.ClearField("one_to_one_nat"),
        )

    def UpdateNetworkInterface(self, request: Any, context: Any) -> Any:
        instance = self._require(request, *_STEADY)
        interface = instance.network_interfaces[int(request.network_interface_index)]
        for group_id in request.security_group_ids:
            self.state.get("security_groups", group_id)

        def change() -> None:
            interface.security_group_ids[:] = request.security_group_ids

        metadata = messages.UpdateInstanceNetworkInterfaceMetadata(instance_id=instance.id)
        return self._transition(instance, metadata, Instance.UPDATING, instance.status, change)

    def _require(self, request: Any, *statuses: Any) -> Any:
        instance = self.state.get("instances", request.instance_id)
        if instance.status not in statuses:
            raise refused(f"Instance {instance.id} is in the status {Instance.Status.Name(instance.status)}")
        return instance

    def _transition(
        self,
        instance: Any,
        metadata: Message,
        during: Any,
        after: Any,
        change: Callable[[], object] = lambda: None,
        revert: Callable[[], None] = lambda: None,
    ) -> Operation:
        before, instance.status = instance.status, during

        def complete() -> Any:
            change()
            if instance.status == during:
                instance.status = after
            return instance

        def undo() -> None:
            instance.status = before
            revert()

        return self.state.start(metadata, complete, undo)

    def _create_boot_disk(self, instance: Any, spec: Any) -> Any:
        if spec.disk_id:
            disk = self.state.get("disks", spec.disk_id)
            _check_free(disk)
        else:
            disk = build_disk(self.state, spec.disk_spec, instance.zone_id, folder_id=instance.folder_id)
            self.state.insert("disks", disk)
        disk.instance_ids.append(instance.id)
        instance.boot_disk.CopyFrom(AttachedDisk(disk_id=disk.id, auto_delete=spec.auto_delete))
        return disk

    def _build_interfaces(self, request: Any) -> list[NetworkInterface]:
        if not request.network_interface_specs:
            raise invalid("network_interface_specs: at least one is required")
        return [self._build_interface(request, *item) for item in enumerate(request.network_interface_specs)]

    def _build_interface(self, request: Any, index: int, spec: Any) -> NetworkInterface:
        subnet = self.state.get("subnets", spec.subnet_id)
        if subnet.zone_id != request.zone_id or request.zone_id not in ZONES:
            raise invalid(f"Subnet {subnet.id} is in another availability zone")
        for group_id in spec.security_group_ids:
            if self.state.get("security_groups", group_id).network_id != subnet.network_id:
                raise invalid(f"Security group {group_id} is in another network")
        network = IPv4Network(subnet.v4_cidr_blocks[0])
        used = {
            interface.primary_v4_address.address
            for instance in self.state.table("instances").values()
            for interface in instance.network_interfaces
            if interface.subnet_id == subnet.id
        }
        hosts = list(network)[3:-1] if network.num_addresses <= 65536 else []
        free = (str(host) for host in hosts if str(host) not in used)
        address = spec.primary_v4_address_spec.address or next(free)
        if not _is_host(address, hosts):
            raise invalid(f"Illegal address {address} in subnet {subnet.id}")
        if address in used:
            raise refused(f"Address {address} is in use")
        interface = NetworkInterface(index=str(index), mac_address=f"d0:0d:00:00:00:{index:02x}", subnet_id=subnet.id)
        interface.primary_v4_address.address = address
        default_group = self.state.get("networks", subnet.network_id).default_security_group_id
        interface.security_group_ids.extend(spec.security_group_ids or [default_group])
        return interface

    def _list_public_addresses(self) -> list[str]:
        return [
            interface.primary_v4_address.one_to_one_nat.address
            for instance in self.state.table("instances").values()
            for interface in instance.network_interfaces
        ]

    def _remove(self, instance: Any) -> None:
        """Remove an instance, and its boot disk if it is deleted with it."""
        self.state.table("instances").pop(instance.id, None)
        for disk in list(self.state.table("disks").values()):
            if instance.id in disk.instance_ids:
                disk.instance_ids.remove(instance.id)
                if disk.id == instance.boot_disk.disk_id and instance.boot_disk.auto_delete:
                    del self.state.table("disks")[disk.id]


def _is_host(address: str, hosts: list[IPv4Address]) -> bool:
    try:
        return IPv4Address(address) in hosts
    except ValueError:
        return False


def _check_free(disk: Any) -> None:
    if disk.status != Disk.READY:
        raise refused(f"Disk {disk.id} is not ready")
    if disk.instance_ids:
        raise refused(f"Disk {disk.id} is attached to {disk.instance_ids[0]}")


def _check_resources(platform_id: str, resources: Any) -> None:
    if platform_id not in PLATFORMS:
        raise invalid(f"Platform {platform_id} not found")
    if resources.cores < 2 or resources.cores % 2 or resources.cores > 96:
        raise invalid(f"the specified number of cores is not available on platform {platform_id}: {resources.cores}")
    gib, rest = divmod(resources.memory, _GIB)
    if rest or not resources.cores // 2 <= gib <= 16 * resources.cores:
        raise invalid(f"the specified amount of memory is not available: {resources.memory}")


def _copy_resources(instance: Any, spec: Any) -> None:
    instance.resources.memory = spec.memory
    instance.resources.cores = spec.cores
    instance.resources.core_fraction = spec.core_fraction or 100


def _detach(instance: Any, disk: Any) -> None:
    for attached in list(instance.secondary_disks):
        if attached.disk_id == disk.id:
            instance.secondary_disks.remove(attached)
    if instance.id in disk.instance_ids:
        disk.instance_ids.remove(instance.id)
