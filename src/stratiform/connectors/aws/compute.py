"""Machines: EC2 instances.

Source: EC2 API reference (RunInstances, DescribeInstances, ModifyInstanceAttribute, CreateReplaceRootVolumeTask).

A machine is asked for with ClientToken and carries our tags, so a lost answer is found by either. Its root disk
carries no token: it is part of the machine, not a disk of the customer's. Public keys become EC2 key pairs, one
for each key, which stay: EC2 takes nothing for them.
"""

import base64
import binascii
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, cast

from stratiform.connectors.aws.errors import Garbled
from stratiform.connectors.aws.settings import SIZES, machine_type
from stratiform.contract.compute import NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.kit.clock import Micros, from_datetime

if TYPE_CHECKING:
    from mypy_boto3_ec2.literals import InstanceTypeType
    from mypy_boto3_ec2.type_defs import (
        BlockDeviceMappingTypeDef,
        FilterTypeDef,
        InstanceNetworkInterfaceSpecificationTypeDef,
        InstanceTypeDef,
        RunInstancesRequestTypeDef,
        VolumeAttachmentTypeDef,
    )

    from stratiform.connectors.aws.client import Client

_STATES = {
    "pending": NativeServerState.BUILDING,
    "running": NativeServerState.RUNNING,
    "stopping": NativeServerState.STOPPING,
    "stopped": NativeServerState.STOPPED,
    "shutting-down": NativeServerState.DELETING,
    "terminated": NativeServerState.DELETED,
}
_ALIVE = ["pending", "running", "stopping", "stopped", "shutting-down"]

#: Why AWS itself ends a machine that it could not launch or keep.
_FAILURES = {
    "Client.InternalError",
    "Client.InvalidSnapshot.NotFound",
    "Client.VolumeLimitExceeded",
    "Server.InsufficientInstanceCapacity",
    "Server.InternalError",
}

_IMAGE = "stratiform:image"
_UNDER_WAY = ("pending", "in-progress")
_PAGE = 100  # one filter takes 200 values

_FREE_LOOKS = 10
_FREE_EVERY_S = 0.5

_METADATA_TAGS = 40
_TAG_KEY_CHARS, _TAG_VALUE_CHARS = 128, 256

#: The customer's first disks go where AWS wants them: /dev/vdb becomes /dev/sdf, the rest follow.
_FIRST_DEVICE, _DEVICE_SHIFT = "b", 4


class AwsCompute:
    """Fulfils contract.compute.Compute."""

    def __init__(self, client: "Client") -> None:
        self._aws = client
        self._sizes = {name: (vcpus, ram_mib) for name, vcpus, ram_mib in SIZES}

    def create(self, spec: ServerSpec) -> NativeServer:
        found = self.find(spec.token)
        if found is not None:
            return found
        if not spec.image:
            raise NotSupported("a machine on AWS starts from an image; starting from a volume is not supported")
        try:
            request = self._request(spec)
            with self._aws.asking():
                made = self._aws.once.run_instances(**request)["Instances"][0]
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint=error.hint) from error
        return self._aws.seen(lambda: self.show(made["InstanceId"]))

    def find(self, token: str) -> NativeServer | None:
        return next(self._described(self._aws.mine(token=token)), None)

    def show(self, machine_id: str) -> NativeServer:
        """EC2 calls a machine running while its root disk is replaced; here it is BUILDING then."""
        instance = self._instance(machine_id)
        machine = self.machines([instance])[0]
        if machine.state is not NativeServerState.RUNNING or not _tag(instance, _IMAGE):
            return machine
        task = self._replacing(machine_id)
        if task in _UNDER_WAY:
            return replace(machine, state=NativeServerState.BUILDING)
        if task.startswith("failed"):
            return replace(machine, state=NativeServerState.ERROR, fault="AWS could not put the image on the root disk")
        return machine

    def list(self) -> Iterator[NativeServer]:
        return self._described([*self._aws.mine(), {"Name": "tag-key", "Values": ["stratiform:token"]}])

    def start(self, machine_id: str) -> None:
        with self._aws.asking():
            self._aws.ec2.start_instances(InstanceIds=[machine_id])

    def stop(self, machine_id: str) -> None:
        with self._aws.asking():
            self._aws.ec2.stop_instances(InstanceIds=[machine_id])

    def reboot(self, machine_id: str, *, hard: bool) -> None:
        """A machine that doesn't follow within minutes is reset by AWS; a hard reboot starts a stopped one."""
        state = self._state(machine_id)
        if state is NativeServerState.STOPPED and hard:
            self.start(machine_id)
            return
        if state is not NativeServerState.RUNNING:
            raise RequestRejected(f"the machine is {state.value}, not running")
        with self._aws.asking():
            self._aws.ec2.reboot_instances(InstanceIds=[machine_id])

    def resize(self, machine_id: str, size: ServerSize) -> None:
        """Changes the type; a root disk that is smaller than `size` says grows, a larger one stays."""
        machine = self.show(machine_id)
        if machine.state is not NativeServerState.STOPPED:
            raise RequestRejected(f"the machine is {machine.state.value}; only a stopped one can be resized")
        wanted = machine_type(size)
        with self._aws.asking():
            if wanted != machine.size.native:
                self._aws.ec2.modify_instance_attribute(InstanceId=machine_id, InstanceType={"Value": wanted})
            if size.disk_gib > machine.size.disk_gib:
                self._aws.once.modify_volume(VolumeId=_root(self._instance(machine_id)), Size=size.disk_gib)

    def rebuild(self, machine_id: str, image: str) -> None:
        """AWS replaces the root disk of a running machine, which reboots; the old disk is deleted.

        A stopped machine is started first (CloudUnreachable until it runs).
        """
        if self._state(machine_id) is NativeServerState.STOPPED:
            self.start(machine_id)
            raise CloudUnreachable("AWS replaces the disk of a running machine only; it starts now")
        try:
            if self._replacing(machine_id) in _UNDER_WAY:
                return
            with self._aws.asking():
                self._aws.ec2.create_tags(Resources=[machine_id], Tags=[{"Key": _IMAGE, "Value": image}])
                self._aws.once.create_replace_root_volume_task(
                    InstanceId=machine_id, ImageId=image, DeleteReplacedRootVolume=True
                )
        except Garbled as error:
            if not self._aws.elsewhere:
                raise
            raise NotSupported("this EC2 endpoint can't put another image on a machine") from error

    def delete(self, machine_id: str) -> None:
        try:
            if self._state(machine_id) in (NativeServerState.DELETED, NativeServerState.ERROR):
                return
            with self._aws.asking():
                self._aws.ec2.terminate_instances(InstanceIds=[machine_id])
        except NativeNotFound:
            return

    def console(self, machine_id: str) -> str:
        """The newest 64 KiB; of types before Nitro, what AWS kept last."""
        with self._aws.asking():
            try:
                return self._output(machine_id, latest=True)
            except self._aws.ec2.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "UnsupportedOperation":
                    raise
                return self._output(machine_id, latest=False)

    def attach(self, machine_id: str, volume_id: str, device: str) -> None:
        holder = self._attachment(volume_id).get("InstanceId", "")
        if holder == machine_id:
            return
        if holder:
            raise RequestRejected(f"{volume_id} is attached to another machine")
        with self._aws.asking():
            self._aws.once.attach_volume(InstanceId=machine_id, VolumeId=volume_id, Device=native_device(device))

    def detach(self, machine_id: str, volume_id: str) -> None:
        """Returns when the disk is free: who is told so may delete it. Raises CloudUnreachable while it is not."""
        at = self._attachment(volume_id)
        if at.get("InstanceId") != machine_id:
            return
        if at.get("State") != "detaching":
            with self._aws.asking():
                self._aws.once.detach_volume(InstanceId=machine_id, VolumeId=volume_id)
        for _ in range(_FREE_LOOKS):
            if self._attachment(volume_id).get("InstanceId") != machine_id:
                return
            time.sleep(_FREE_EVERY_S)
        raise CloudUnreachable("AWS is still taking the disk away from the machine")

    def _replacing(self, machine_id: str) -> str:
        """The state of the newest replacement of the root disk, "" where there was none."""
        with self._aws.asking():
            tasks = self._aws.ec2.describe_replace_root_volume_tasks(
                Filters=[{"Name": "instance-id", "Values": [machine_id]}]
            )["ReplaceRootVolumeTasks"]
        return max(tasks, key=lambda task: task["StartTime"])["TaskState"] if tasks else ""

    def _output(self, machine_id: str, *, latest: bool) -> str:
        return self._aws.ec2.get_console_output(InstanceId=machine_id, Latest=latest).get("Output", "")

    def _attachment(self, volume_id: str) -> "VolumeAttachmentTypeDef":
        """Where the disk is, empty where nowhere."""
        with self._aws.asking():
            found = self._aws.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        held = [at for volume in found for at in volume.get("Attachments", []) if at.get("State") != "detached"]
        return held[0] if held else {}

    def _state(self, machine_id: str) -> NativeServerState:
        return _state(self._instance(machine_id))

    def _instance(self, machine_id: str) -> "InstanceTypeDef":
        with self._aws.asking():
            found = self._aws.ec2.describe_instances(InstanceIds=[machine_id])["Reservations"]
        for reservation in found:
            for instance in reservation.get("Instances", []):
                return instance
        raise NativeNotFound(f"AWS has no machine {machine_id}")

    def _described(self, filters: "Sequence[FilterTypeDef]") -> Iterator[NativeServer]:
        alive: FilterTypeDef = {"Name": "instance-state-name", "Values": _ALIVE}
        pages = self._aws.ec2.get_paginator("describe_instances").paginate(
            Filters=[*filters, alive], PaginationConfig={"PageSize": _PAGE}
        )
        with self._aws.asking():
            for page in pages:
                yield from self.machines([one for many in page["Reservations"] for one in many.get("Instances", [])])

    def machines(self, instances: "Sequence[InstanceTypeDef]") -> Sequence[NativeServer]:
        """What AWS shows of each, with the sizes that it tells only apart: of the types and of the root disks."""
        self._learn_sizes({instance["InstanceType"] for instance in instances})
        roots = self._root_sizes([root for instance in instances if (root := _root(instance))])
        return [self._machine(instance, roots.get(_root(instance), 0)) for instance in instances]

    def _machine(self, instance: "InstanceTypeDef", disk_gib: int) -> NativeServer:
        native: str = instance["InstanceType"]
        vcpus, ram_mib = self._sizes[native]
        cards = sorted(instance.get("NetworkInterfaces", []), key=lambda card: card["Attachment"]["DeviceIndex"])
        disks = (mapping["Ebs"]["VolumeId"] for mapping in instance.get("BlockDeviceMappings", []))
        state = _state(instance)
        return NativeServer(
            id=instance["InstanceId"],
            token=_tag(instance, "stratiform:token"),
            state=state,
            size=ServerSize(vcpus, ram_mib, disk_gib, native),
            addresses=tuple(card["PrivateIpAddress"] for card in cards),
            launched_at=_launched_at(instance),
            image=_tag(instance, _IMAGE) or instance.get("ImageId", ""),
            volumes=tuple(disk for disk in disks if disk != _root(instance)),
            fault=instance.get("StateReason", {}).get("Message", "") if state is NativeServerState.ERROR else "",
        )

    def _learn_sizes(self, types: set[str]) -> None:
        unknown = sorted(types - self._sizes.keys())
        if not unknown:
            return
        with self._aws.asking():
            found = self._aws.ec2.describe_instance_types(Filters=[{"Name": "instance-type", "Values": unknown}])
        self._sizes |= dict.fromkeys(unknown, (0, 0))
        for one in found["InstanceTypes"]:
            self._sizes[one["InstanceType"]] = (one["VCpuInfo"]["DefaultVCpus"], one["MemoryInfo"]["SizeInMiB"])

    def _root_sizes(self, roots: Sequence[str]) -> dict[str, int]:
        if not roots:
            return {}
        with self._aws.asking():
            pages = self._aws.ec2.get_paginator("describe_volumes").paginate(
                Filters=[{"Name": "volume-id", "Values": roots}]
            )
            return {volume["VolumeId"]: volume["Size"] for page in pages for volume in page["Volumes"]}

    def _request(self, spec: ServerSpec) -> "RunInstancesRequestTypeDef":
        request: RunInstancesRequestTypeDef = {
            "ImageId": spec.image,
            "InstanceType": cast("InstanceTypeType", machine_type(spec.size)),
            "MinCount": 1,
            "MaxCount": 1,
            "ClientToken": self._aws.client_token("machine", spec.token),
            "Placement": {"AvailabilityZone": spec.zone or self._aws.zone},
            "BlockDeviceMappings": self._root_mapping(spec.image, spec.size.disk_gib),
            "TagSpecifications": [
                self._aws.tagged("instance", spec.name, _tags(spec)),
                self._aws.tagged("volume", spec.name, {"stratiform:root-of": spec.token}),
            ],
        }
        if spec.nics:
            request["NetworkInterfaces"] = _cards(spec)
        if spec.public_key:
            request["KeyName"] = self._key_name(spec.public_key)
        if spec.user_data:
            # boto3 takes bytes too, and encodes them again.
            request["UserData"] = cast("str", _user_data(spec.user_data))
        return request

    def _root_mapping(self, image: str, disk_gib: int) -> "Sequence[BlockDeviceMappingTypeDef]":
        """The root disk as large as the flavor says, and never smaller than the image."""
        with self._aws.asking():
            found = self._aws.ec2.describe_images(ImageIds=[image])["Images"]
        if not found:
            raise RequestRejected(f"AWS has no image {image}")
        device = found[0].get("RootDeviceName", "/dev/sda1")
        mappings = found[0].get("BlockDeviceMappings", [])
        least = [one.get("Ebs", {}).get("VolumeSize", 0) for one in mappings if one.get("DeviceName") == device]
        size = max([disk_gib, *least])
        if not size:
            return []
        return [{"DeviceName": device, "Ebs": {"VolumeSize": size, "VolumeType": "gp3", "DeleteOnTermination": True}}]

    def _key_name(self, public_key: str) -> str:
        """The name of the EC2 key pair for this key, which is made where it is missing."""
        known = hashlib.sha256(" ".join(public_key.split()[:2]).encode()).hexdigest()[:32]
        name = f"stratiform-{self._aws.installation[:32]}-{known}"
        with self._aws.asking():
            try:
                self._aws.ec2.import_key_pair(
                    KeyName=name,
                    PublicKeyMaterial=public_key.encode(),
                    TagSpecifications=[self._aws.tagged("key-pair", name, {})],
                )
            except self._aws.ec2.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "InvalidKeyPair.Duplicate":
                    raise
        return name


def native_device(device: str) -> str:
    """The EC2 name of a Nova device (`/dev/vdb`); what begins otherwise is taken as it is. Raises Refused."""
    if not device.startswith("/dev/vd"):
        return device
    letter = device.removeprefix("/dev/vd")
    if len(letter) != 1 or not _FIRST_DEVICE <= letter <= chr(ord("z") - _DEVICE_SHIFT):
        raise RequestRejected(f"AWS has no place for {device}")
    return f"/dev/sd{chr(ord(letter) + _DEVICE_SHIFT)}"


def _state(instance: "InstanceTypeDef") -> NativeServerState:
    state = _STATES.get(instance["State"]["Name"], NativeServerState.ERROR)
    if state is NativeServerState.DELETED and instance.get("StateReason", {}).get("Code") in _FAILURES:
        return NativeServerState.ERROR
    return state


def _tag(instance: "InstanceTypeDef", key: str) -> str:
    return next((tag.get("Value", "") for tag in instance.get("Tags", []) if tag.get("Key") == key), "")


def _launched_at(instance: "InstanceTypeDef") -> Micros:
    """When it was launched first. LaunchTime moves with every start; the primary card was attached at the first."""
    cards = [card["Attachment"] for card in instance.get("NetworkInterfaces", [])]
    first = [card["AttachTime"] for card in cards if card["DeviceIndex"] == 0 and "AttachTime" in card]
    return from_datetime(min([instance["LaunchTime"], *first]))


def _root(instance: "InstanceTypeDef") -> str:
    """The native id of the root disk, "" while there is none."""
    device = instance.get("RootDeviceName", "")
    mappings = instance.get("BlockDeviceMappings", [])
    return next((one["Ebs"]["VolumeId"] for one in mappings if one.get("DeviceName") == device), "")


def _tags(spec: ServerSpec) -> dict[str, str]:
    """Our token, and the customer's metadata apart from the seller's own tags; what EC2 has no room for is cut."""
    metadata = {f"metadata:{key}"[:_TAG_KEY_CHARS]: value[:_TAG_VALUE_CHARS] for key, value in spec.metadata.items()}
    return {"stratiform:token": spec.token, **dict(islice(metadata.items(), _METADATA_TAGS))}


def _cards(spec: ServerSpec) -> "list[InstanceNetworkInterfaceSpecificationTypeDef]":
    return [
        {
            "DeviceIndex": index,
            "SubnetId": nic.subnet,
            "PrivateIpAddress": nic.address,
            "DeleteOnTermination": True,
        }
        for index, nic in enumerate(spec.nics)
    ]


def _user_data(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise RequestRejected("user data is not valid base64") from error
