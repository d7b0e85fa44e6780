"""Conversion of instances to servers, and of server specifications to requests.

Source: Compute Cloud API reference (Instance, CreateInstanceRequest); Compute Cloud guide, "Metadata".
"""

import base64
import re
from collections.abc import Mapping

from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.instance_pb2 import Instance
from yandex.cloud.compute.v1.instance_service_pb2 import (
    AttachedDiskSpec,
    NetworkInterfaceSpec,
    PrimaryAddressSpec,
    ResourcesSpec,
)

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.settings import InstanceResources
from stratiform.contract.compute import NativeServer, NativeServerState, NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable, RequestRejected
from stratiform.kit.clock import from_datetime

_MIB, _GIB = 1024**2, 1024**3
_BOOT_DISK_TYPE = "network-ssd"

#: A restarting instance is in use all the time. A crashed one is restarted by Yandex Cloud.
_STATES = {
    Instance.PROVISIONING: NativeServerState.BUILDING,
    Instance.RUNNING: NativeServerState.RUNNING,
    Instance.STOPPING: NativeServerState.STOPPING,
    Instance.STOPPED: NativeServerState.STOPPED,
    Instance.STARTING: NativeServerState.BUILDING,
    Instance.RESTARTING: NativeServerState.RUNNING,
    Instance.UPDATING: NativeServerState.BUILDING,
    Instance.ERROR: NativeServerState.ERROR,
    Instance.CRASHED: NativeServerState.ERROR,
    Instance.DELETING: NativeServerState.DELETING,
}

_CHANGING = (
    Instance.PROVISIONING,
    Instance.STOPPING,
    Instance.STARTING,
    Instance.RESTARTING,
    Instance.UPDATING,
    Instance.DELETING,
)

_FAULTS = {
    Instance.ERROR: "Yandex Cloud reports an error of the instance",
    Instance.CRASHED: "Yandex Cloud reports that the instance has crashed",
}

_METADATA_KEY = re.compile(r"[-_a-z0-9]{1,58}")
#: Metadata of a server has a prefix, because other keys have a meaning for the guest (`serial-port-enable`).
_METADATA_PREFIX = "meta-"


def to_server(instance: Instance, disks: Mapping[str, Disk], installation_id: str, fault: str = "") -> NativeServer:
    """Convert an instance. `disks` has its boot disk, which is a volume of ours if the instance does not delete it."""
    boot_disk = disks.get(instance.boot_disk.disk_id)
    is_volume = not instance.boot_disk.auto_delete
    resources = get_resources(instance)
    attached = [instance.boot_disk] if is_volume and instance.boot_disk.disk_id else []
    return NativeServer(
        id=instance.id,
        token=labels.get_token(instance, installation_id),
        state=_STATES.get(instance.status, NativeServerState.ERROR),
        size=ServerSize(
            vcpus=resources.cores,
            ram_mib=resources.memory_bytes // _MIB,
            disk_gib=0 if boot_disk is None or is_volume else boot_disk.size // _GIB,
            native_type=resources.native_type,
        ),
        addresses=tuple(interface.primary_v4_address.address for interface in instance.network_interfaces),
        launched_at=from_datetime(instance.created_at.ToDatetime()),
        image_id="" if boot_disk is None or is_volume else boot_disk.source_image_id,
        volume_ids=tuple(disk.disk_id for disk in [*attached, *instance.secondary_disks]),
        fault=fault or _FAULTS.get(instance.status, ""),
    )


def require_steady(instance: Instance) -> None:
    """Raises: CloudUnreachable, to be repeated, while an instance accepts no changes."""
    if instance.status in _CHANGING:
        status = Instance.Status.Name(instance.status)
        raise CloudUnreachable(f"server {instance.id} on Yandex Cloud is still in the status {status}")


def get_resources(instance: Instance) -> InstanceResources:
    resources = instance.resources
    return InstanceResources(instance.platform_id, resources.cores, resources.core_fraction or 100, resources.memory)


def build_resources(resources: InstanceResources) -> ResourcesSpec:
    return ResourcesSpec(memory=resources.memory_bytes, cores=resources.cores, core_fraction=resources.core_fraction)


def build_boot_disk(spec: ServerSpec, disk_gib: int) -> AttachedDiskSpec:
    """Return the boot disk: a volume that outlives the server, or a copy of the image that does not."""
    if spec.boot_volume_id:
        return AttachedDiskSpec(disk_id=spec.boot_volume_id, auto_delete=False)
    disk = AttachedDiskSpec.DiskSpec(type_id=_BOOT_DISK_TYPE, size=disk_gib * _GIB, image_id=spec.image_id)
    return AttachedDiskSpec(disk_spec=disk, auto_delete=True)


def build_interface(interface: NetworkInterface) -> NetworkInterfaceSpec:
    return NetworkInterfaceSpec(
        subnet_id=interface.subnet_id,
        primary_v4_address_spec=PrimaryAddressSpec(address=interface.ip_address),
        security_group_ids=interface.security_groups,
    )


def build_metadata(spec: ServerSpec) -> dict[str, str]:
    """Return the metadata that the guest reads. Raises: RequestRejected if the user data is not text.

    The cloud-init of the images gives the key to their default user, whatever name precedes it.
    """
    metadata = {
        f"{_METADATA_PREFIX}{key}": value for key, value in spec.metadata.items() if _METADATA_KEY.fullmatch(key)
    }
    if spec.public_key:
        metadata["ssh-keys"] = f"user:{spec.public_key.strip()}"
    if spec.user_data:
        metadata["user-data"] = _decode_user_data(spec.user_data)
    return metadata


def _decode_user_data(encoded: str) -> str:
    try:
        return base64.b64decode("".join(encoded.split()), validate=True).decode()
    except UnicodeDecodeError as error:
        raise RequestRejected("user data must be UTF-8 text on Yandex Cloud") from error
    except ValueError as error:
        raise RequestRejected("user data is not valid base64") from error
