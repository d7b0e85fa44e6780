"""Compute capability of AWS: EC2 instances.

Instances are created with a ClientToken and tagged with our token; a repeated request finds them by either. The root
volume has no token, because it is part of the instance and not one of our volumes. Each public key becomes an EC2 key
pair, which is never deleted; EC2 does not charge for key pairs.

Source: EC2 API reference (RunInstances, DescribeInstances, ModifyInstanceAttribute, CreateReplaceRootVolumeTask).
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from stratiform.connectors.aws import instance_conversion, tags
from stratiform.connectors.aws.errors import InvalidResponse
from stratiform.connectors.aws.server_operations import AwsServerOperations
from stratiform.connectors.aws.settings import SIZES, resolve_instance_type
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, NotSupported, RequestRejected

if TYPE_CHECKING:
    from mypy_boto3_ec2.literals import InstanceTypeType
    from mypy_boto3_ec2.type_defs import (
        BlockDeviceMappingTypeDef,
        FilterTypeDef,
        InstanceTypeDef,
        RunInstancesRequestTypeDef,
        VolumeAttachmentTypeDef,
    )

    from stratiform.connectors.aws.client import Client

_EXISTING_STATES = ["pending", "running", "stopping", "stopped", "shutting-down"]
_IN_PROGRESS = ("pending", "in-progress")
_PAGE_SIZE = 100  # a filter accepts 200 values

_DETACH_ATTEMPTS = 10
_DETACH_INTERVAL_S = 0.5


class AwsComputeDriver(AwsServerOperations):
    """Implements contract.compute.ComputeDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._sizes = {name: (vcpus, ram_mib) for name, vcpus, ram_mib in SIZES}

    def create(self, spec: ServerSpec) -> NativeServer:
        existing = self.find(spec.token)
        if existing is not None:
            return existing
        if not spec.image_id:
            raise NotSupported("boot from volume is not supported on AWS; a server needs an image")
        try:
            request = self._build_request(spec)
            with self._client.translating_errors():
                instance = self._client.ec2_no_retry.run_instances(**request)["Instances"][0]
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        return self._client.wait_until_visible(lambda: self.get(instance["InstanceId"]))

    def find(self, token: str) -> NativeServer | None:
        return next(self._list(self._client.build_tag_filters({tags.TOKEN: token})), None)

    def get(self, server_id: str) -> NativeServer:
        """EC2 reports an instance as running while its root volume is replaced; here it is BUILDING."""
        instance = self._get_instance(server_id)
        server = self.to_servers([instance])[0]
        if server.state is not NativeServerState.RUNNING or not tags.get_tag_value(instance, tags.IMAGE):
            return server
        state = self._root_replacement_state(server_id)
        if state in _IN_PROGRESS:
            return replace(server, state=NativeServerState.BUILDING)
        if state.startswith("failed"):
            return replace(server, state=NativeServerState.ERROR, fault="AWS failed to replace the root volume")
        return server

    def list(self) -> Iterator[NativeServer]:
        return self._list([*self._client.build_tag_filters(), {"Name": "tag-key", "Values": [tags.TOKEN]}])

    def start(self, server_id: str) -> None:
        with self._client.translating_errors():
            self._client.ec2.start_instances(InstanceIds=[server_id])

    def stop(self, server_id: str) -> None:
        with self._client.translating_errors():
            self._client.ec2.stop_instances(InstanceIds=[server_id])

    def reboot(self, server_id: str, *, hard: bool) -> None:
        """AWS resets an instance that does not shut down within minutes."""
        state = self._get_state(server_id)
        if state is NativeServerState.STOPPED and hard:
            self.start(server_id)
            return
        if state is not NativeServerState.RUNNING:
            raise RequestRejected(f"cannot reboot server {server_id} in state '{state.value}'")
        with self._client.translating_errors():
            self._client.ec2.reboot_instances(InstanceIds=[server_id])

    def resize(self, server_id: str, size: ServerSize) -> None:
        """Change the instance type, and grow the root volume if it is smaller than the disk of `size`."""
        server = self.get(server_id)
        if server.state is not NativeServerState.STOPPED:
            raise RequestRejected(f"cannot resize server {server_id} in state '{server.state.value}'; stop it first")
        instance_type = resolve_instance_type(size)
        with self._client.translating_errors():
            if instance_type != server.size.native_type:
                self._client.ec2.modify_instance_attribute(InstanceId=server_id, InstanceType={"Value": instance_type})
            if size.disk_gib > server.size.disk_gib:
                root = instance_conversion.get_root_volume_id(self._get_instance(server_id))
                self._client.ec2_no_retry.modify_volume(VolumeId=root, Size=size.disk_gib)

    def rebuild(self, server_id: str, image_id: str) -> None:
        """Replace the root volume and reboot. AWS requires a running instance.

        A stopped instance is started first; CloudUnreachable is raised until it runs.
        """
        if self._get_state(server_id) is NativeServerState.STOPPED:
            self.start(server_id)
            raise CloudUnreachable(
                "AWS can replace only the root volume of a running instance; the instance is still starting"
            )
        try:
            if self._root_replacement_state(server_id) in _IN_PROGRESS:
                return
            with self._client.translating_errors():
                self._client.ec2.create_tags(Resources=[server_id], Tags=[{"Key": tags.IMAGE, "Value": image_id}])
                self._client.ec2_no_retry.create_replace_root_volume_task(
                    InstanceId=server_id, ImageId=image_id, DeleteReplacedRootVolume=True
                )
        except InvalidResponse as error:
            if not self._client.has_custom_endpoint:
                raise
            raise NotSupported("this EC2 endpoint does not support replacing root volumes") from error

    def delete(self, server_id: str) -> None:
        try:
            if self._get_state(server_id) in (NativeServerState.DELETED, NativeServerState.ERROR):
                return
            with self._client.translating_errors():
                self._client.ec2.terminate_instances(InstanceIds=[server_id])
        except NativeNotFound:
            return

    def get_console_output(self, server_id: str) -> str:
        """Return the latest 64 KiB; for instance types before Nitro, the output of the last boot."""
        with self._client.translating_errors():
            try:
                return self._get_output(server_id, latest=True)
            except self._client.ec2.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "UnsupportedOperation":
                    raise
                return self._get_output(server_id, latest=False)

    def attach_volume(self, server_id: str, volume_id: str, device: str) -> None:
        attached_to = self._find_attachment(volume_id).get("InstanceId", "")
        if attached_to == server_id:
            return
        if attached_to:
            raise RequestRejected(f"volume {volume_id} is attached to another server")
        with self._client.translating_errors():
            self._client.ec2_no_retry.attach_volume(
                InstanceId=server_id, VolumeId=volume_id, Device=instance_conversion.to_native_device(device)
            )

    def detach_volume(self, server_id: str, volume_id: str) -> None:
        """Return when the volume can be deleted. Raises: CloudUnreachable if that takes more than 5 s."""
        attachment = self._find_attachment(volume_id)
        if attachment.get("InstanceId") != server_id:
            return
        if attachment.get("State") != "detaching":
            with self._client.translating_errors():
                self._client.ec2_no_retry.detach_volume(InstanceId=server_id, VolumeId=volume_id)
        for _ in range(_DETACH_ATTEMPTS):
            if self._find_attachment(volume_id).get("InstanceId") != server_id:
                return
            time.sleep(_DETACH_INTERVAL_S)
        raise CloudUnreachable(f"AWS has not detached volume {volume_id} yet")

    def to_servers(self, items: "Sequence[InstanceTypeDef]") -> Sequence[NativeServer]:
        """Convert instances; their sizes come from the descriptions of instance types and root volumes."""
        self._load_sizes({instance["InstanceType"] for instance in items})
        roots = self._list_volume_sizes(
            [root for instance in items if (root := instance_conversion.get_root_volume_id(instance))]
        )
        return [
            self._to_server(instance, roots.get(instance_conversion.get_root_volume_id(instance), 0))
            for instance in items
        ]

    def _to_server(self, instance: "InstanceTypeDef", disk_gib: int) -> NativeServer:
        native_type: str = instance["InstanceType"]
        vcpus, ram_mib = self._sizes[native_type]
        interfaces = sorted(
            instance.get("NetworkInterfaces", []), key=lambda interface: interface["Attachment"]["DeviceIndex"]
        )
        volume_ids = (mapping["Ebs"]["VolumeId"] for mapping in instance.get("BlockDeviceMappings", []))
        state = instance_conversion.get_state(instance)
        return NativeServer(
            id=instance["InstanceId"],
            token=tags.get_tag_value(instance, tags.TOKEN),
            state=state,
            size=ServerSize(vcpus, ram_mib, disk_gib, native_type),
            addresses=tuple(interface["PrivateIpAddress"] for interface in interfaces),
            launched_at=instance_conversion.get_first_launch_time(instance),
            image_id=tags.get_tag_value(instance, tags.IMAGE) or instance.get("ImageId", ""),
            volume_ids=tuple(
                volume_id for volume_id in volume_ids if volume_id != instance_conversion.get_root_volume_id(instance)
            ),
            fault=instance.get("StateReason", {}).get("Message", "") if state is NativeServerState.ERROR else "",
        )

    def _root_replacement_state(self, server_id: str) -> str:
        """Return the state of the latest replacement of the root volume, or ""."""
        with self._client.translating_errors():
            tasks = self._client.ec2.describe_replace_root_volume_tasks(
                Filters=[{"Name": "instance-id", "Values": [server_id]}]
            )["ReplaceRootVolumeTasks"]
        return max(tasks, key=lambda task: task["StartTime"])["TaskState"] if tasks else ""

    def _get_output(self, server_id: str, *, latest: bool) -> str:
        return self._client.ec2.get_console_output(InstanceId=server_id, Latest=latest).get("Output", "")

    def _find_attachment(self, volume_id: str) -> "VolumeAttachmentTypeDef":
        """Return the attachment of a volume, empty if it is not attached."""
        with self._client.translating_errors():
            volumes = self._client.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        attachments = [
            attachment
            for volume in volumes
            for attachment in volume.get("Attachments", [])
            if attachment.get("State") != "detached"
        ]
        return attachments[0] if attachments else {}

    def _get_state(self, server_id: str) -> NativeServerState:
        return instance_conversion.get_state(self._get_instance(server_id))

    def _get_instance(self, server_id: str) -> "InstanceTypeDef":
        with self._client.translating_errors():
            reservations = self._client.ec2.describe_instances(InstanceIds=[server_id])["Reservations"]
        for reservation in reservations:
            for instance in reservation.get("Instances", []):
                return instance
        raise NativeNotFound(f"EC2 instance {server_id} not found")

    def _list(self, filters: "Sequence[FilterTypeDef]") -> Iterator[NativeServer]:
        existing: FilterTypeDef = {"Name": "instance-state-name", "Values": _EXISTING_STATES}
        pages = self._client.ec2.get_paginator("describe_instances").paginate(
            Filters=[*filters, existing], PaginationConfig={"PageSize": _PAGE_SIZE}
        )
        with self._client.translating_errors():
            for page in pages:
                yield from self.to_servers(
                    [instance for item in page["Reservations"] for instance in item.get("Instances", [])]
                )

    def _load_sizes(self, instance_types: set[str]) -> None:
        missing = sorted(instance_types - self._sizes.keys())
        if not missing:
            return
        with self._client.translating_errors():
            response = self._client.ec2.describe_instance_types(Filters=[{"Name": "instance-type", "Values": missing}])
        self._sizes |= dict.fromkeys(missing, (0, 0))
        for item in response["InstanceTypes"]:
            self._sizes[item["InstanceType"]] = (item["VCpuInfo"]["DefaultVCpus"], item["MemoryInfo"]["SizeInMiB"])

    def _list_volume_sizes(self, volume_ids: Sequence[str]) -> dict[str, int]:
        if not volume_ids:
            return {}
        with self._client.translating_errors():
            pages = self._client.ec2.get_paginator("describe_volumes").paginate(
                Filters=[{"Name": "volume-id", "Values": volume_ids}]
            )
            return {volume["VolumeId"]: volume["Size"] for page in pages for volume in page["Volumes"]}

    def _build_request(self, spec: ServerSpec) -> "RunInstancesRequestTypeDef":
        request: RunInstancesRequestTypeDef = {
            "ImageId": spec.image_id,
            "InstanceType": cast("InstanceTypeType", resolve_instance_type(spec.size)),
            "MinCount": 1,
            "MaxCount": 1,
            "ClientToken": self._client.build_client_token("server", spec.token + spec.generation),
            "Placement": {"AvailabilityZone": spec.availability_zone or self._client.availability_zone},
            "BlockDeviceMappings": self._root_mapping(spec.image_id, spec.size.disk_gib),
            "TagSpecifications": [
                self._client.build_tag_specification(
                    "instance", spec.name, instance_conversion.build_server_tags(spec)
                ),
                self._client.build_tag_specification("volume", spec.name, {tags.ROOT_OF: spec.token}),
            ],
        }
        if spec.interfaces:
            request["NetworkInterfaces"] = instance_conversion.build_interface_specifications(spec)
        if spec.public_key:
            request["KeyName"] = self._ensure_key_pair(spec.public_key)
        if spec.user_data:
            # boto3 accepts bytes as well, and encodes them in base64 again.
            request["UserData"] = cast("str", instance_conversion.decode_user_data(spec.user_data))
        return request

    def _root_mapping(self, image_id: str, disk_gib: int) -> "Sequence[BlockDeviceMappingTypeDef]":
        """Return the root volume with the size of the flavor, but at least the size of the image."""
        with self._client.translating_errors():
            images = self._client.ec2.describe_images(ImageIds=[image_id])["Images"]
        if not images:
            raise RequestRejected(f"AMI {image_id} not found")
        device = images[0].get("RootDeviceName", "/dev/sda1")
        mappings = images[0].get("BlockDeviceMappings", [])
        sizes = [item.get("Ebs", {}).get("VolumeSize", 0) for item in mappings if item.get("DeviceName") == device]
        size = max([disk_gib, *sizes])
        if not size:
            return []
        return [{"DeviceName": device, "Ebs": {"VolumeSize": size, "VolumeType": "gp3", "DeleteOnTermination": True}}]

    def _ensure_key_pair(self, public_key: str) -> str:
        """Return the name of the EC2 key pair for a public key; import it if it does not exist."""
        digest = hashlib.sha256(" ".join(public_key.split()[:2]).encode()).hexdigest()[:32]
        name = f"stratiform-{self._client.installation_id[:32]}-{digest}"
        with self._client.translating_errors():
            try:
                self._client.ec2.import_key_pair(
                    KeyName=name,
                    PublicKeyMaterial=public_key.encode(),
                    TagSpecifications=[self._client.build_tag_specification("key-pair", name, {})],
                )
            except self._client.ec2.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "InvalidKeyPair.Duplicate":
                    raise
        return name
