"""From the parameters of `RunInstances` to a request to the compute service."""

import base64
import binascii
from collections.abc import Sequence

from stratiform.interfaces.ec2.api import Ec2Request
from stratiform.interfaces.ec2.errors import Ec2Error, InvalidParameterValue
from stratiform.interfaces.ec2.parameters import Parameters, parse_id
from stratiform.kit.pagination import Page
from stratiform.services.compute.errors import FlavorNotFound
from stratiform.services.compute.model import NewServer
from stratiform.services.compute.model.flavors import FlavorFilter
from stratiform.services.network.model import ListQuery, NicRequest

_DEFAULT_NAME = "instance"

#: The size limit of user data, as in EC2.
_MAX_USER_DATA_BYTES = 16 * 1024

#: Parameters that would change what is created, and are not supported.
_UNSUPPORTED = ("BlockDeviceMapping.", "IamInstanceProfile.", "LaunchTemplate.", "KernelId", "RamdiskId")


def build_new_server(request: Ec2Request) -> NewServer:
    """Raises Ec2Error for parameters that are missing, invalid or not supported."""
    parameters = request.parameters
    _refuse_unsupported(parameters)
    tags = parameters.get_tags("instance")
    image_id = parameters.require_id("ami", "ImageId")
    return NewServer(
        name=tags.get("Name") or _DEFAULT_NAME,
        flavor_id=_choose_flavor(request, image_id),
        image_id=image_id,
        networks=_build_networks(request),
        key_name=parameters.get("KeyName") or None,
        user_data=_get_user_data(parameters),
        metadata=tags,
        security_groups=tuple(_list_groups(parameters)),
        min_count=_get_count(parameters, "MinCount"),
        max_count=_get_count(parameters, "MaxCount"),
        zone=parameters.get("Placement.AvailabilityZone") or None,
    )


def _choose_flavor(request: Ec2Request, image_id: str) -> str:
    """Return the flavor of the request, else the default of the image in the project's clouds. Raises Ec2Error."""
    if not request.parameters.get("InstanceType"):
        clouds, ctx = request.services.clouds, request.ctx
        bindings = clouds.bindings.list_for_project(ctx.db, ctx.caller.require_project_id())
        default = clouds.native_ids.find_default_flavor(ctx.db, image_id, [binding.cloud_id for binding in bindings])
        if default is not None:
            return default
    return find_flavor_id(request, request.parameters.require("InstanceType"))


def find_flavor_id(request: Ec2Request, name: str) -> str:
    """Return the id of a flavor by its name. Raises Ec2Error."""
    flavors = request.services.compute.flavors.list(request.ctx, FlavorFilter(is_public=None), Page()).items
    for flavor in flavors:
        if flavor.name == name:
            return flavor.id
    try:
        return request.services.compute.flavors.get(request.ctx, name).id
    except FlavorNotFound as error:
        raise InvalidParameterValue("InstanceType", name) from error


def _get_user_data(parameters: Parameters) -> str:
    """Return user data in base64, as the compute service expects it. Raises Ec2Error."""
    text = parameters.get("UserData")
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Ec2Error("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from error
    if size > _MAX_USER_DATA_BYTES:
        raise Ec2Error("InvalidParameterValue", f"User data is limited to {_MAX_USER_DATA_BYTES} bytes.")
    return text


def _refuse_unsupported(parameters: Parameters) -> None:
    for name in parameters.values:
        if name.startswith(_UNSUPPORTED):
            raise Ec2Error("UnsupportedOperation", f"The parameter {name} is not supported.")


def _get_count(parameters: Parameters, name: str) -> int:
    parameters.require(name)
    count = parameters.get_number(name, 1)
    if count < 1:
        raise InvalidParameterValue(name, str(count))
    return count


def _list_groups(parameters: Parameters) -> Sequence[str]:
    """Return the security groups by name or id, of the request or of its first network interface."""
    interfaces = parameters.list_structures("NetworkInterface")
    source = interfaces[0] if interfaces else parameters
    return [*source.list_ids("sg", "SecurityGroupId"), *parameters.list_values("SecurityGroup")]


def _build_networks(request: Ec2Request) -> tuple[NicRequest, ...]:
    """Return a request for each network interface; without one, the project's own network is used."""
    parameters = request.parameters
    interfaces = parameters.list_structures("NetworkInterface")
    if interfaces:
        return tuple(_build_nic(request, interface) for interface in interfaces)
    if parameters.get("SubnetId"):
        return (_build_nic(request, parameters),)
    if parameters.get("PrivateIpAddress"):
        raise Ec2Error("InvalidParameterCombination", "PrivateIpAddress requires SubnetId.")
    return ()


def _build_nic(request: Ec2Request, members: Parameters) -> NicRequest:
    if members.get("NetworkInterfaceId"):
        return NicRequest(port_id=parse_id("eni", members.get("NetworkInterfaceId")))
    network = request.services.network
    subnet = network.subnets.get(request.ctx, members.require_id("subnet", "SubnetId"))
    others = network.subnets.list(request.ctx, ListQuery({"network_id": [subnet.network_id], "ip_version": [4]})).items
    address = members.get("PrivateIpAddress") or None
    if len(others) > 1 and address is None:
        raise Ec2Error(
            "UnsupportedOperation", "The network has several subnets; choose an address with PrivateIpAddress."
        )
    return NicRequest(network_id=subnet.network_id, fixed_ip=address)
