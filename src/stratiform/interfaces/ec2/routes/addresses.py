"""Elastic IP addresses: floating IPs of the Networking API."""

from collections.abc import Mapping

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.errors import Ec2Error
from stratiform.interfaces.ec2.parameters import parse_id
from stratiform.interfaces.ec2.views.instances import get_address
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.network import policy
from stratiform.services.network.model import ListQuery, Port, Resource
from stratiform.services.network.service.resource_collection import ResourceCollection

_NOT_FOUND = "InvalidAllocationID.NotFound"

_Address = tuple[Resource, Port | None]

_FILTERS: Mapping[str, lists.GetValues[_Address]] = {
    "allocation-id": lambda item: [encode_ec2_id("eipalloc", item[0].id)],
    "association-id": lambda item: [encode_ec2_id("eipassoc", item[0].id)] if item[1] else [],
    "domain": lambda _: ["vpc"],
    "instance-id": lambda item: [encode_ec2_id("i", item[1].device_id)] if item[1] else [],
    "network-interface-id": lambda item: [encode_ec2_id("eni", item[1].id)] if item[1] else [],
    "private-ip-address": lambda item: [item[0]["fixed_ip_address"] or ""],
    "public-ip": lambda item: [item[0]["floating_ip_address"]],
}


@action("AllocateAddress", policy.FLOATING_IPS.create)
def allocate_address(request: Ec2Request) -> Response:
    """Allocate a floating IP in the first external network that the project sees."""
    query = ListQuery({"external": [True]}, sort=[("is_default", True), ("created_at", False)])
    networks = request.services.network.networks.list(request.ctx, query).items
    if not networks:
        raise Ec2Error("InsufficientAddressCapacity", "No external network with addresses exists.")
    floating_ip = _get_collection(request).create(request.ctx, {"floating_network_id": networks[0].id})
    return {
        "publicIp": floating_ip["floating_ip_address"],
        "domain": "vpc",
        "allocationId": encode_ec2_id("eipalloc", floating_ip.id),
    }


@action("DescribeAddresses", policy.FLOATING_IPS.get)
def describe_addresses(request: Ec2Request) -> Response:
    floating_ips = _list(request)
    requested = request.parameters.list_ids("eipalloc", "AllocationId")
    floating_ips = lists.select_requested(floating_ips, requested, lambda item: item.id, _NOT_FOUND, _describe_id)
    addresses = request.parameters.list_values("PublicIp")
    floating_ips = lists.select_requested(floating_ips, addresses, _get_public_ip, "InvalidAddress.NotFound", str)
    pairs = [(item, _find_port(request, item)) for item in floating_ips]
    return {"addressesSet": [_build(*pair) for pair in lists.select_items(request.parameters, pairs, _FILTERS)]}


@action("AssociateAddress", policy.FLOATING_IPS.update)
def associate_address(request: Ec2Request) -> Response:
    """Associate a floating IP with a network interface, or the first one of an instance."""
    parameters, floating_ip = request.parameters, _get(request)
    port = _get_target_port(request)
    if floating_ip["port_id"] not in (None, port.id) and not parameters.get_flag("AllowReassociation"):
        raise Ec2Error("Resource.AlreadyAssociated", f"resource {_describe_id(floating_ip.id)} is already associated")
    changes = {
        "port_id": port.id,
        "fixed_ip_address": parameters.get("PrivateIpAddress") or get_address(port) or None,
    }
    _get_collection(request).update(request.ctx, floating_ip.id, changes)
    return {"return": True, "associationId": encode_ec2_id("eipassoc", floating_ip.id)}


@action("DisassociateAddress", policy.FLOATING_IPS.update)
def disassociate_address(request: Ec2Request) -> Response:
    association_id = request.parameters.get("AssociationId")
    if association_id:
        floating_ip = _get_collection(request).get(request.ctx, parse_id("eipassoc", association_id))
    else:
        floating_ip = _get(request)
    _get_collection(request).update(request.ctx, floating_ip.id, {"port_id": None})
    return {"return": True}


@action("ReleaseAddress", policy.FLOATING_IPS.delete)
def release_address(request: Ec2Request) -> Response:
    """Release a floating IP. As in EC2, one that is associated is in use."""
    floating_ip = _get(request)
    if floating_ip["port_id"]:
        raise Ec2Error("InvalidIPAddress.InUse", f"{_get_public_ip(floating_ip)} is associated; disassociate it first.")
    request.services.network.floating_ips.delete(request.ctx, floating_ip.id)
    return {"return": True}


def _get_collection(request: Ec2Request) -> ResourceCollection:
    return request.services.network.collections["floatingip"]


def _list(request: Ec2Request) -> list[Resource]:
    filters = {"project_id": [request.project_id]}
    return lists.read_all(
        lambda page: _get_collection(request).list(request.ctx, ListQuery(filters, page=page)), lambda item: item.id
    )


def _get(request: Ec2Request) -> Resource:
    """Return the floating IP of `AllocationId` or `PublicIp`. Raises FloatingIpNotFound, Ec2Error."""
    allocation_id = request.parameters.get("AllocationId")
    if allocation_id:
        return _get_collection(request).get(request.ctx, parse_id("eipalloc", allocation_id))
    address = request.parameters.require("PublicIp")
    for floating_ip in _list(request):
        if _get_public_ip(floating_ip) == address:
            return floating_ip
    raise Ec2Error("InvalidAddress.NotFound", f"Address '{address}' not found.")


def _get_target_port(request: Ec2Request) -> Port:
    ports = request.services.network.ports
    interface_id = request.parameters.get("NetworkInterfaceId")
    if interface_id:
        return ports.get(request.ctx, parse_id("eni", interface_id))
    server_id = request.parameters.require_id("i", "InstanceId")
    request.services.compute.servers.get(request.ctx, server_id)
    for port in ports.list(request.ctx, ListQuery({"device_id": [server_id]}, sort=[("created_at", False)])).items:
        return port
    raise Ec2Error("InvalidInstanceID", f"The instance '{encode_ec2_id('i', server_id)}' has no network interface.")


def _find_port(request: Ec2Request, floating_ip: Resource) -> Port | None:
    port_id = floating_ip["port_id"]
    return request.services.network.ports.get(request.ctx, port_id) if port_id else None


def _build(floating_ip: Resource, port: Port | None) -> Mapping[str, Value]:
    association: Mapping[str, Value] = {}
    if port is not None:
        association = {
            "associationId": encode_ec2_id("eipassoc", floating_ip.id),
            "instanceId": encode_ec2_id("i", port.device_id) if port.device_owner.startswith("compute:") else None,
            "networkInterfaceId": encode_ec2_id("eni", port.id),
            "networkInterfaceOwnerId": port.project_id,
            "privateIpAddress": floating_ip["fixed_ip_address"],
        }
    return {
        "publicIp": _get_public_ip(floating_ip),
        "allocationId": encode_ec2_id("eipalloc", floating_ip.id),
        "domain": "vpc",
        **association,
    }


def _get_public_ip(floating_ip: Resource) -> str:
    return str(floating_ip["floating_ip_address"])


def _describe_id(floating_ip_id: str) -> str:
    return encode_ec2_id("eipalloc", floating_ip_id)
