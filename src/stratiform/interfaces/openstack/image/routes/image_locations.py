"""`/images/{image_id}/locations`. JSON patches of `/locations` are in `images`."""

from msgspec import UNSET, to_builtins

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import schemas, views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.image import policy
from stratiform.services.image.model import NewLocation

_PATH = "/images/{image_id}/locations"


@api.get(_PATH, policy.IMAGE_LOCATIONS_LIST)
def list_image_locations(request: ApiRequest, image_id: str) -> list[schemas.LocationDetail]:
    return views.location_details(request.services.image.image_locations.list(request.ctx, image_id))


@api.post(_PATH, policy.IMAGE_LOCATIONS_CREATE, status=202, errors=(Conflict,))
def create_image_location(request: ApiRequest, image_id: str, body: schemas.LocationCreateRequest) -> None:
    """Register existing data as that of a queued image, in the background."""
    stated = {} if body.validation_data is UNSET else to_builtins(body.validation_data)
    if len(stated) == 1:
        raise Invalid(f"Provided object does not match schema 'location': {', '.join(stated)} is not sufficient")
    request.services.image.location_imports.create(request.ctx, image_id, NewLocation(body.url, {}, stated))
