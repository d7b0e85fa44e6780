"""`/clouds/{name}/images`, `flavors`, `volume-types`, `native-ids`: the ids of our resources in each cloud."""

from stratiform.contract.errors import CloudUnreachable, CredentialsRejected
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import (
    find_native_name,
    resolve_flavor,
    resolve_image,
    resolve_volume_type,
)
from stratiform.interfaces.rest.schemas import clouds as schemas
from stratiform.interfaces.rest.views import clouds as views
from stratiform.kit.errors import Conflict, Invalid, NotFound, UnsupportedOperation
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import CloudNotFound, InvalidNativeId, NativeIdNotFound
from stratiform.services.clouds.model import ResourceType


@api.post(
    "/clouds/{name}/images",
    policy.NATIVE_IDS_REGISTER,
    status=201,
    errors=(CloudNotFound, NotFound, InvalidNativeId),
    manages_transactions=True,
)
def register_image(
    request: ApiRequest, name: schemas.CloudReference, body: schemas.ImageRegistration
) -> schemas.NativeIdMapping:
    """Register an image of the cloud, either for an existing image or as a new public image."""
    if bool(body.image) == bool(body.name):
        raise Invalid("exactly one of `image` (an existing image) and `name` (of a new public image) is required")
    services = request.services
    with request.read_transaction() as ctx:
        cloud = services.clouds.accounts.get(ctx, name)
        image_id = resolve_image(services, ctx, body.image) if body.image else ""
        flavor_id = resolve_flavor(services, ctx, body.default_flavor) if body.default_flavor else body.default_flavor
    native_ids = services.clouds.native_ids
    native_id = native_ids.resolve_canonical(ctx, cloud.id, ResourceType.IMAGE, body.native_id)
    with request.write_transaction() as ctx:
        image_id = image_id or services.image.images.create_for_native_ids(ctx, body.name).id
        native = native_ids.register(
            ctx, cloud.id, ResourceType.IMAGE, image_id, native_id, default_flavor_id=flavor_id
        )
        return views.native_id_mapping(native, find_native_name(services, ctx, native))


@api.post("/clouds/{name}/flavors", policy.NATIVE_IDS_REGISTER, status=201, errors=(CloudNotFound, NotFound))
def register_flavor(
    request: ApiRequest, name: schemas.CloudReference, body: schemas.FlavorRegistration
) -> schemas.NativeIdMapping:
    """Map a flavor to an instance type of the cloud."""
    flavor_id = resolve_flavor(request.services, request.ctx, body.flavor)
    return _register(request, name, ResourceType.FLAVOR, flavor_id, body.native_id)


@api.post(
    "/clouds/{name}/flavors/synchronization",
    policy.NATIVE_IDS_REGISTER,
    errors=(CloudNotFound, CloudUnreachable, CredentialsRejected, Conflict, UnsupportedOperation),
    manages_transactions=True,
)
def synchronize_flavors(
    request: ApiRequest, name: schemas.CloudReference, body: schemas.FlavorSynchronization
) -> schemas.FlavorChanges:
    """Compare flavors with the sizes that the cloud offers, and with `apply` create and change them."""
    services = request.services
    synchronization = services.compute.flavor_synchronization
    with request.read_transaction() as ctx:
        cloud = services.clouds.accounts.get(ctx, name)
    sizes = services.clouds.server_types.list(ctx, cloud)
    if body.apply:
        with request.write_transaction() as ctx:
            results = synchronization.apply(ctx, cloud.id, sizes, body.match, delete=body.delete)
    else:
        with request.read_transaction() as ctx:
            changes = synchronization.list_changes(ctx, cloud.id, sizes, body.match)
            results = [(change, False) for change in changes]
    return schemas.FlavorChanges(len(sizes), [views.flavor_change(change, applied) for change, applied in results])


@api.post("/clouds/{name}/volume-types", policy.NATIVE_IDS_REGISTER, status=201, errors=(CloudNotFound, NotFound))
def register_volume_type(
    request: ApiRequest, name: schemas.CloudReference, body: schemas.VolumeTypeRegistration
) -> schemas.NativeIdMapping:
    """Map a volume type to a disk type of the cloud."""
    type_id = resolve_volume_type(request.services, request.ctx, body.volume_type)
    return _register(request, name, ResourceType.VOLUME_TYPE, type_id, body.native_id)


@api.delete(
    "/clouds/{name}/native-ids/{resource_type}/{resource_id}",
    policy.NATIVE_IDS_REGISTER,
    errors=(CloudNotFound, NativeIdNotFound),
)
def delete_native_id(
    request: ApiRequest, name: schemas.CloudReference, resource_type: schemas.NativeResourceType, resource_id: str
) -> None:
    """Delete the native ID of an image, flavor or volume type; `resource_id` is its ID in Stratiform."""
    if resource_type not in list(ResourceType):
        raise NotFound(
            f"'{resource_type}' is not a resource type with native IDs", hint=f"one of {', '.join(ResourceType)}"
        )
    clouds, ctx = request.services.clouds, request.ctx
    clouds.native_ids.unregister(ctx, clouds.accounts.get(ctx, name).id, ResourceType(resource_type), resource_id)


def _register(
    request: ApiRequest, cloud: str, resource_type: ResourceType, resource_id: str, native_id: str
) -> schemas.NativeIdMapping:
    clouds, ctx = request.services.clouds, request.ctx
    cloud_id = clouds.accounts.get(ctx, cloud).id
    native = clouds.native_ids.register(ctx, cloud_id, resource_type, resource_id, native_id)
    return views.native_id_mapping(native, find_native_name(request.services, ctx, native))
