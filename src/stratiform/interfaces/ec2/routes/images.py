"""Images of the Image API."""

from collections.abc import Mapping

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.views.instances import ROOT_DEVICE
from stratiform.interfaces.ec2.views.tags import build_tag_set
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.compute import policy as compute_policy
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.image import policy
from stratiform.services.image.model import Image, ImageQuery

_STATES = {"active": "available", "deactivated": "disabled", "killed": "failed", "deleted": "deregistered"}

_FILTERS: Mapping[str, lists.GetValues[Image]] = {
    "architecture": lambda image: [_get_architecture(image)],
    "description": lambda image: [image.properties.get("description", "")],
    "image-id": lambda image: [encode_ec2_id("ami", image.id)],
    "image-type": lambda _: ["machine"],
    "is-public": lambda image: [_is_public(image)],
    "name": lambda image: [image.name or ""],
    "owner-id": lambda image: [image.owner],
    "state": lambda image: [_get_state(image)],
    "virtualization-type": lambda _: ["hvm"],
}


@action("DescribeImages", policy.IMAGES_LIST)
def describe_images(request: Ec2Request) -> Response:
    service = request.services.image.images
    images = lists.read_all(
        lambda page: service.list(request.ctx, ImageQuery(sort=[("created_at", False)], page=page)),
        lambda image: image.id,
    )
    requested = request.parameters.list_ids("ami", "ImageId")
    images = lists.select_requested(images, requested, lambda image: image.id, "InvalidAMIID.NotFound", _describe_id)
    owners = [request.project_id if owner == "self" else owner for owner in request.parameters.list_values("Owner")]
    images = [image for image in images if not owners or image.owner in owners]
    images = lists.select_items(request.parameters, images, _FILTERS, lambda image: image.properties)
    page, next_token = lists.paginate(request.parameters, images, lambda image: image.id)
    return {"imagesSet": [_build(image) for image in page], "nextToken": next_token}


@action("CreateImage", compute_policy.SERVERS_CREATE_IMAGE)
def create_image(request: Ec2Request) -> Response:
    """Create an image of a server. Its data exists only in the cloud of that server."""
    parameters = request.parameters
    server_id, name = parameters.require_id("i", "InstanceId"), parameters.require("Name")
    description = parameters.get("Description")
    metadata = {"description": description} if description else {}
    image_id = request.services.compute.server_snapshots.create_image(request.ctx, server_id, name, metadata)
    return {"imageId": encode_ec2_id("ami", image_id)}


@action("DeregisterImage", policy.IMAGES_DELETE)
def deregister_image(request: Ec2Request) -> Response:
    request.services.image.images.delete(request.ctx, request.parameters.require_id("ami", "ImageId"))
    return {"return": True}


def _build(image: Image) -> Mapping[str, Value]:
    return {
        "imageId": encode_ec2_id("ami", image.id),
        "imageLocation": f"{image.owner}/{image.name or image.id}",
        "imageState": _get_state(image),
        "imageOwnerId": image.owner,
        "isPublic": _is_public(image),
        "architecture": _get_architecture(image),
        "imageType": "machine",
        "name": image.name,
        "description": image.properties.get("description"),
        "creationDate": format_iso_seconds(image.created_at),
        "rootDeviceType": "instance-store",
        "rootDeviceName": ROOT_DEVICE,
        "virtualizationType": "hvm",
        "hypervisor": "xen",
        "blockDeviceMapping": [],
        "productCodes": [],
        "tagSet": build_tag_set({}),
    }


def _get_state(image: Image) -> str:
    return _STATES.get(image.status, "pending")


def _is_public(image: Image) -> bool:
    return image.visibility == "public"


def _get_architecture(image: Image) -> str:
    return image.properties.get("architecture", "x86_64")


def _describe_id(image_id: str) -> str:
    return encode_ec2_id("ami", image_id)
