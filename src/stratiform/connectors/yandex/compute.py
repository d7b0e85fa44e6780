"""Compute capability of Yandex Cloud: instances.

The boot disk of a server has no labels, because it is part of the server and not one of our volumes; it is deleted
with the instance. Servers are created, started and stopped without waiting; see `operations`.

Source: Compute Cloud API reference (InstanceService).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask
from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.disk_service_pb2 import GetDiskRequest, UpdateDiskRequest
from yandex.cloud.compute.v1.image_service_pb2 import GetImageRequest
from yandex.cloud.compute.v1.instance_pb2 import Instance
from yandex.cloud.compute.v1.instance_service_pb2 import (
    AttachedDiskSpec,
    AttachInstanceDiskRequest,
    CreateInstanceMetadata,
    CreateInstanceRequest,
    DeleteInstanceRequest,
    DetachInstanceDiskRequest,
    GetInstanceRequest,
    GetInstanceSerialPortOutputRequest,
    NetworkInterfaceSpec,
    PrimaryAddressSpec,
    RestartInstanceRequest,
    StartInstanceRequest,
    StopInstanceRequest,
    UpdateInstanceRequest,
)

from stratiform.connectors.yandex import instance_conversion, labels
from stratiform.connectors.yandex.listing import list_disks, list_instances, list_subnets
from stratiform.connectors.yandex.server_operations import UNSUPPORTED
from stratiform.connectors.yandex.settings import resolve_resources
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.server_operations import OptionalServerOperations, ServerOperation

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.image import YandexImageDriver
    from stratiform.connectors.yandex.operations import Operations

_GIB = 1024**3
_KIND = "instance"
_SERIAL_PORT = 1


class YandexComputeDriver(OptionalServerOperations):
    """Implements contract.compute.ComputeDriver."""

    def __init__(self, client: "Client", operations: "Operations", images: "YandexImageDriver") -> None:
        self._client, self._operations, self._images = client, operations, images

    def create(self, spec: ServerSpec) -> NativeServer:
        existing = self.find(spec.token)
        if existing is not None:
            return existing
        try:
            server_id, _ = self._operations.create(
                self._client.instances.Create,
                self._build_request(spec),
                CreateInstanceMetadata(),
                self._get_instance,
                token=spec.token,
                generation=spec.generation,
            )
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        addresses = tuple(interface.ip_address for interface in spec.interfaces)
        return NativeServer(server_id, spec.token, NativeServerState.BUILDING, spec.size, addresses)

    def find(self, token: str) -> NativeServer | None:
        name = labels.build_name(self._client.installation_id, _KIND, token)
        for instances in list_instances(self._client, name):
            for instance in instances:
                if labels.get_token(instance, self._client.installation_id) == token:
                    return self._to_server(instance)
        return None

    def get(self, server_id: str) -> NativeServer:
        """A server whose creation has failed does not exist in Yandex Cloud; here it is in the state ERROR."""
        try:
            instance = self._get_instance(server_id)
        except NativeNotFound:
            failure = self._operations.find_failure(server_id)
            if failure is None or not failure.token:
                raise
            fault = self._operations.find_fault(server_id)
            return NativeServer(server_id, failure.token, NativeServerState.ERROR, ServerSize(0, 0, 0), fault=fault)
        return self._to_server(instance)

    def list(self) -> Iterator[NativeServer]:
        disks: dict[str, Disk] | None = None
        for instances in list_instances(self._client):
            ours = [item for item in instances if labels.get_token(item, self._client.installation_id)]
            if ours and disks is None:
                disks = {disk.id: disk for page in list_disks(self._client) for disk in page}
            yield from self.to_servers(ours, disks or {})

    def to_servers(self, instances: Sequence[Instance], disks: dict[str, Disk]) -> Sequence[NativeServer]:
        """Convert instances whose boot disks are among `disks`."""
        installation_id = self._client.installation_id
        return [instance_conversion.to_server(instance, disks, installation_id) for instance in instances]

    def start(self, server_id: str) -> None:
        request = StartInstanceRequest(instance_id=server_id)
        if self._operations.resume(server_id, request):
            return
        if self._get_instance(server_id).status not in (Instance.RUNNING, Instance.STARTING, Instance.PROVISIONING):
            self._operations.start(server_id, self._client.instances.Start, request)

    def stop(self, server_id: str) -> None:
        request = StopInstanceRequest(instance_id=server_id)
        if self._operations.resume(server_id, request):
            return
        if self._get_instance(server_id).status not in (Instance.STOPPED, Instance.STOPPING):
            self._operations.start(server_id, self._client.instances.Stop, request)

    def reboot(self, server_id: str, *, hard: bool) -> None:
        request = RestartInstanceRequest(instance_id=server_id)
        if self._operations.resume(server_id, request):
            return
        state = self.get(server_id).state
        if state is NativeServerState.STOPPED and hard:
            self.start(server_id)
            return
        if state is not NativeServerState.RUNNING:
            raise RequestRejected(f"cannot reboot server {server_id} in state '{state.value}'")
        self._operations.start(server_id, self._client.instances.Restart, request)

    def resize(self, server_id: str, size: ServerSize) -> None:
        """Change the resources, and grow the boot disk if it is smaller than the disk of `size`.

        Waits until that has succeeded, because the server is charged with its new size. Raises: CloudUnreachable after
        20 s, and the repeated request continues.
        """
        resources = resolve_resources(size, self._client.settings.platform_id)
        request = UpdateInstanceRequest(
            instance_id=server_id,
            update_mask=FieldMask(paths=["platform_id", "resources_spec"]),
            platform_id=resources.platform_id,
            resources_spec=instance_conversion.build_resources(resources),
        )
        if self._operations.complete(server_id, request):
            return
        instance = self._get_instance(server_id)
        server = self._to_server(instance)
        if server.state is not NativeServerState.STOPPED:
            raise RequestRejected(f"cannot resize server {server_id} in state '{server.state.value}'; stop it first")
        if instance.boot_disk.auto_delete and size.disk_gib > server.size.disk_gib:
            self._extend_boot_disk(instance.boot_disk.disk_id, size.disk_gib)
        if instance_conversion.get_resources(instance) != resources:
            self._operations.start(server_id, self._client.instances.Update, request)
            self._operations.complete(server_id, request)

    def rebuild(self, server_id: str, image_id: str) -> None:
        self._get_instance(server_id)
        raise NotSupported(
            f"{UNSUPPORTED[ServerOperation.REBUILD]} Image {image_id} is not written to server {server_id}."
        )

    def delete(self, server_id: str) -> None:
        try:
            if self._get_instance(server_id).status != Instance.DELETING:
                self._client.send(self._client.instances.Delete, DeleteInstanceRequest(instance_id=server_id))
        except NativeNotFound:
            pass
        self._operations.record_deletion(server_id)

    def get_console_output(self, server_id: str) -> str:
        request = GetInstanceSerialPortOutputRequest(instance_id=server_id, port=_SERIAL_PORT)
        return self._client.call(self._client.instances.GetSerialPortOutput, request).contents

    def attach_volume(self, server_id: str, volume_id: str, device: str) -> None:  # noqa: ARG002 - see below
        """Attach a disk, and wait until that has succeeded. Raises: CloudUnreachable after 20 s.

        The guest finds the disk by its id in `/dev/disk/by-id`, because device names are not supported.
        """
        spec = AttachedDiskSpec(disk_id=volume_id, mode=AttachedDiskSpec.READ_WRITE, auto_delete=False)
        request = AttachInstanceDiskRequest(instance_id=server_id, attached_disk_spec=spec)
        if self._operations.complete(server_id, request):
            return
        disk = self._get_disk(volume_id)
        if server_id in disk.instance_ids:
            return
        if disk.instance_ids:
            raise RequestRejected(f"volume {volume_id} is attached to another server")
        self._require_steady(server_id)
        self._operations.start(server_id, self._client.instances.AttachDisk, request)
        self._operations.complete(server_id, request)

    def detach_volume(self, server_id: str, volume_id: str) -> None:
        """Return when the volume can be deleted. Raises: CloudUnreachable after 20 s."""
        request = DetachInstanceDiskRequest(instance_id=server_id, disk_id=volume_id)
        if self._operations.complete(server_id, request):
            return
        if server_id not in self._get_disk(volume_id).instance_ids:
            return
        if self._require_steady(server_id).boot_disk.disk_id == volume_id:
            raise RequestRejected(f"server {server_id} boots from volume {volume_id}")
        self._operations.start(server_id, self._client.instances.DetachDisk, request)
        self._operations.complete(server_id, request)

    def create_image(self, server_id: str, token: str, name: str) -> NativeImage:
        return self._images.ensure(token, name, disk_id=self._get_instance(server_id).boot_disk.disk_id)

    def _require_steady(self, server_id: str) -> Instance:
        """Return an instance that accepts changes, after our latest operation on it has finished.

        Raises: CloudUnreachable, to be repeated, while it is changing.
        """
        self._operations.finish(server_id)
        instance = self._get_instance(server_id)
        instance_conversion.require_steady(instance)
        return instance

    def _extend_boot_disk(self, disk_id: str, disk_gib: int) -> None:
        request = UpdateDiskRequest(disk_id=disk_id, update_mask=FieldMask(paths=["size"]), size=disk_gib * _GIB)
        if not self._operations.complete(disk_id, request):
            self._operations.start(disk_id, self._client.disks.Update, request)
            self._operations.complete(disk_id, request)

    def _to_server(self, instance: Instance) -> NativeServer:
        disk_id, disks = instance.boot_disk.disk_id, dict[str, Disk]()
        if disk_id:
            try:
                disks[disk_id] = self._get_disk(disk_id)
            except NativeNotFound:  # deleted with the instance, at this moment
                disks.clear()
        fault = self._operations.find_fault(instance.id)
        return instance_conversion.to_server(instance, disks, self._client.installation_id, fault)

    def _get_disk(self, disk_id: str) -> Disk:
        return self._client.call(self._client.disks.Get, GetDiskRequest(disk_id=disk_id))

    def _get_instance(self, server_id: str) -> Instance:
        return self._client.call(self._client.instances.Get, GetInstanceRequest(instance_id=server_id))

    def _build_request(self, spec: ServerSpec) -> CreateInstanceRequest:
        installation_id, settings = self._client.installation_id, self._client.settings
        zone = spec.availability_zone or settings.zone
        resources = resolve_resources(spec.size, settings.platform_id)
        interfaces = [instance_conversion.build_interface(interface) for interface in spec.interfaces]
        return CreateInstanceRequest(
            folder_id=settings.folder_id,
            name=labels.build_name(installation_id, _KIND, spec.token),
            description=labels.build_description(spec.name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: spec.token}),
            zone_id=zone,
            platform_id=resources.platform_id,
            resources_spec=instance_conversion.build_resources(resources),
            metadata=instance_conversion.build_metadata(spec),
            boot_disk_spec=instance_conversion.build_boot_disk(spec, self._resolve_disk_size(spec)),
            network_interface_specs=interfaces or [self._build_default_interface(zone)],
        )

    def _resolve_disk_size(self, spec: ServerSpec) -> int:
        """Return the size of the boot disk in GiB: that of the flavor, but at least that of the image."""
        if spec.boot_volume_id:
            return 0
        image = self._client.call(self._client.images.Get, GetImageRequest(image_id=spec.image_id))
        return max(spec.size.disk_gib, -(-image.min_disk_size // _GIB), 1)

    def _build_default_interface(self, zone: str) -> NetworkInterfaceSpec:
        """Return an interface in the folder's own subnet in a zone, because an instance needs one.

        Raises: RequestRejected if the folder has none.
        """
        for subnets in list_subnets(self._client):
            for subnet in subnets:
                if subnet.zone_id == zone and labels.INSTALLATION not in subnet.labels:
                    return NetworkInterfaceSpec(subnet_id=subnet.id, primary_v4_address_spec=PrimaryAddressSpec())
        raise RequestRejected(
            f"the folder has no subnet in {zone}", hint="create the server with a network, or create a subnet there"
        )
