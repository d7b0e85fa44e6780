"""Instances and reservations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stratiform.interfaces.ec2.views.tags import build_tag_set
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.compute.model import Server, ServerDetail, task_states, vm_states
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.network.model import Port

ROOT_DEVICE = "/dev/vda"

#: EC2's number of each state.
STATE_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}

_BY_TASK_STATE = {
    task_states.DELETING: "shutting-down",
    task_states.SOFT_DELETING: "shutting-down",
    task_states.POWERING_OFF: "stopping",
    task_states.POWERING_ON: "pending",
}
_BY_VM_STATE = {
    vm_states.BUILDING: "pending",
    vm_states.ACTIVE: "running",
    vm_states.RESCUED: "running",
    vm_states.RESIZED: "running",
    vm_states.DELETED: "terminated",
    vm_states.SOFT_DELETED: "terminated",
}


@dataclass(frozen=True, slots=True)
class Instance:
    """A server with its ports and volumes. `groups`: names of security groups by id; `public_addresses`: by port."""

    detail: ServerDetail
    groups: Mapping[str, str] = field(default_factory=dict)
    public_addresses: Mapping[str, str] = field(default_factory=dict)

    @property
    def server(self) -> Server:
        return self.detail.server

    @property
    def ports(self) -> list[Port]:
        return [port for ports in self.detail.ports.values() for port in ports]

    @property
    def state(self) -> str:
        return get_state_name(self.server)

    @property
    def private_address(self) -> str:
        return next((get_address(port) for port in self.ports if get_address(port)), "")

    @property
    def public_address(self) -> str:
        return next((self.public_addresses[port.id] for port in self.ports if port.id in self.public_addresses), "")

    @property
    def subnet_id(self) -> str:
        return next((ip["subnet_id"] for port in self.ports for ip in port.fixed_ips), "")

    @property
    def group_ids(self) -> list[str]:
        return list(dict.fromkeys(group for port in self.ports for group in port.security_groups))


def get_state_name(server: Server) -> str:
    """Return EC2's name of a server's state. A server that could not be created is terminated."""
    if server.deleted_at is not None:
        return "terminated"
    state = _BY_TASK_STATE.get(server.task_state) or _BY_VM_STATE.get(server.vm_state)
    if state is None and server.vm_state == vm_states.ERROR and not server.exists_in_cloud:
        return "terminated"
    return state or "stopped"


def get_address(port: Port) -> str:
    """Return the first IPv4 address of a port, or ""."""
    return next((ip["ip_address"] for ip in port.fixed_ips if ":" not in ip["ip_address"]), "")


def build_state(name: str) -> Mapping[str, Value]:
    return {"code": STATE_CODES[name], "name": name}


def build_state_change(server: Server, previous: str) -> Mapping[str, Value]:
    """Return the change of a server's state by an action."""
    return {
        "instanceId": encode_ec2_id("i", server.id),
        "currentState": build_state(get_state_name(server)),
        "previousState": build_state(previous),
    }


def build_reservations(instances: Sequence[Instance]) -> list[Value]:
    """Return instances by reservation, in the order of their first instance."""
    by_reservation: dict[str, list[Instance]] = {}
    for instance in instances:
        by_reservation.setdefault(instance.server.reservation_id, []).append(instance)
    return [build_reservation(members) for members in by_reservation.values()]


def build_reservation(instances: Sequence[Instance]) -> Mapping[str, Value]:
    server = instances[0].server
    return {
        "reservationId": server.reservation_id,
        "ownerId": server.project_id,
        "groupSet": [],
        "instancesSet": [build_instance(instance) for instance in instances],
    }


def build_instance(instance: Instance) -> Mapping[str, Value]:
    server = instance.server
    return {
        "instanceId": encode_ec2_id("i", server.id),
        "imageId": encode_ec2_id("ami", server.image_id),
        "instanceState": build_state(instance.state),
        "stateReason": _build_state_reason(server),
        "privateDnsName": server.hostname,
        "dnsName": "",
        "reason": "",
        "keyName": server.key_name,
        "amiLaunchIndex": server.launch_index,
        "productCodes": [],
        "instanceType": server.flavor["name"],
        "launchTime": format_iso_seconds(server.created_at),
        "placement": {"availabilityZone": server.zone, "groupName": "", "tenancy": "default"},
        "monitoring": {"state": "disabled"},
        "subnetId": encode_ec2_id("subnet", instance.subnet_id) or None,
        "vpcId": encode_ec2_id("vpc", instance.ports[0].network_id) if instance.ports else None,
        "privateIpAddress": instance.private_address or None,
        "ipAddress": instance.public_address or None,
        "sourceDestCheck": True,
        "groupSet": _build_groups(instance.group_ids, instance.groups),
        "architecture": "x86_64",
        "rootDeviceType": "instance-store",
        "rootDeviceName": ROOT_DEVICE,
        "blockDeviceMapping": _build_block_devices(instance.detail),
        "virtualizationType": "hvm",
        "hypervisor": "xen",  # the only value that clients expect
        "tagSet": build_tag_set(server.metadata),
        "networkInterfaceSet": [_build_interface(instance, index) for index in range(len(instance.ports))],
    }


def _build_state_reason(server: Server) -> Mapping[str, Value] | None:
    if server.fault is None:
        return None
    return {"code": "Server.InternalError", "message": server.fault["message"]}


def _build_groups(group_ids: Sequence[str], names: Mapping[str, str]) -> list[Value]:
    return [{"groupId": encode_ec2_id("sg", group_id), "groupName": names.get(group_id, "")} for group_id in group_ids]


def _build_block_devices(detail: ServerDetail) -> list[Value]:
    return [
        {
            "deviceName": attachment.device,
            "ebs": {
                "volumeId": encode_ec2_id("vol", attachment.volume_id),
                "status": attachment.state,
                "attachTime": format_iso_seconds(attachment.attached_at or attachment.created_at),
                "deleteOnTermination": False,
            },
        }
        for attachment in detail.attachments
    ]


def _build_interface(instance: Instance, index: int) -> Mapping[str, Value]:
    port = instance.ports[index]
    public = instance.public_addresses.get(port.id)
    return {
        "networkInterfaceId": encode_ec2_id("eni", port.id),
        "subnetId": encode_ec2_id("subnet", port.fixed_ips[0]["subnet_id"]) if port.fixed_ips else None,
        "vpcId": encode_ec2_id("vpc", port.network_id),
        "ownerId": port.project_id,
        "status": "in-use",
        "macAddress": port.mac_address,
        "privateIpAddress": get_address(port) or None,
        "sourceDestCheck": True,
        "groupSet": _build_groups(port.security_groups, instance.groups),
        "attachment": {"deviceIndex": index, "status": "attached", "deleteOnTermination": port.created_for_server},
        "association": {"publicIp": public} if public else None,
        "privateIpAddressesSet": [
            {"privateIpAddress": ip["ip_address"], "primary": number == 0} for number, ip in enumerate(port.fixed_ips)
        ],
    }
