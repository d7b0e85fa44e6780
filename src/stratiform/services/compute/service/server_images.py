"""Images of servers: checks before a server is created or rebuilt."""

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Forbidden, Invalid, NotFound
from stratiform.services.compute.model.flavors import FlavorSnapshot
from stratiform.services.compute.model.servers import Server
from stratiform.services.image.model import Image
from stratiform.services.image.service import ImageService


def get_bootable_image(images: ImageService, ctx: RequestContext, image_id: str, flavor: FlavorSnapshot) -> Image:
    """Return an active image that fits the flavor. Raises Invalid."""
    image = get_active_image(images, ctx, image_id)
    check_memory(image.min_ram, flavor)
    if flavor["disk"] and image.min_disk > flavor["disk"]:
        raise Invalid(
            "Flavor's disk is smaller than the minimum size specified in image metadata. "
            f"Flavor disk is {flavor['disk'] << 30} bytes, minimum size is {image.min_disk << 30} bytes."
        )
    return image


def get_active_image(images: ImageService, ctx: RequestContext, image_id: str) -> Image:
    """Raises Invalid for an image that does not exist, or is not active."""
    try:
        image = images.images.get(ctx, image_id)
    except (NotFound, Forbidden) as error:
        raise Invalid(f"Image {image_id} could not be found.") from error
    if image.status != "active":
        raise Invalid(f"Image {image_id} is not active.")
    return image


def check_memory(min_ram_mib: int, flavor: FlavorSnapshot) -> None:
    """Raises Invalid if the flavor has less memory than the image needs."""
    if min_ram_mib > flavor["ram"]:
        raise Invalid("Flavor's memory is too small for requested image.")


def build_image_metadata(image: Image) -> dict[str, str]:
    """Return the image properties that are stored with a server and appear in its notifications."""
    properties = {
        "name": image.name,
        "min_ram": image.min_ram,
        "min_disk": image.min_disk,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
    }
    return {key: str(value) for key, value in properties.items() if value is not None}


def build_snapshot_properties(server: Server) -> dict[str, object]:
    """Return the attributes and properties of an image of a server, as Nova sets them."""
    return {
        "min_ram": int(server.image.get("min_ram", 0)),
        "min_disk": int(server.image.get("min_disk", 0)),
        "base_image_ref": server.image_id,
        "instance_uuid": server.id,
        "user_id": server.user_id,
        "owner_id": server.project_id,
        "image_location": "snapshot",
    }
