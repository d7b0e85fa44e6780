"""`/clouds/{name}/unowned-resources`: resources in a cloud that no row owns."""

from stratiform.contract.errors import CloudUnreachable, CredentialsRejected
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import clouds as schemas
from stratiform.kit.errors import NotFound
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import CloudNotFound
from stratiform.services.compute.service.sweeps import TaggedResource


@api.get(
    "/clouds/{name}/unowned-resources",
    policy.CLOUDS_SWEEP,
    errors=(CloudNotFound, CloudUnreachable, CredentialsRejected),
    manages_transactions=True,
)
def list_unowned_resources(request: ApiRequest, name: schemas.CloudReference) -> schemas.UnownedResources:
    """List servers, volumes and subnets in a cloud that have the tag of this installation, and that no row owns."""
    with request.read_transaction() as ctx:
        cloud = request.services.clouds.accounts.get(ctx, name)
    result = request.services.compute.sweeps.list_unowned(ctx, cloud)
    return schemas.UnownedResources(result.tagged, [_view(item, deleted=False) for item in result.unowned])


@api.post(
    "/clouds/{name}/unowned-resources",
    policy.CLOUDS_SWEEP,
    errors=(CloudNotFound, NotFound, CloudUnreachable, CredentialsRejected),
    manages_transactions=True,
)
def delete_unowned_resources(
    request: ApiRequest, name: schemas.CloudReference, body: schemas.SweepRequest
) -> schemas.UnownedResources:
    """Delete resources that no row owns, by their native IDs. Data in them is lost."""
    with request.read_transaction() as ctx:
        cloud = request.services.clouds.accounts.get(ctx, name)
    results = request.services.compute.sweeps.delete(ctx, cloud, body.native_ids)
    return schemas.UnownedResources(
        len(results), [_view(item, deleted=not error, error=error) for item, error in results]
    )


def _view(resource: TaggedResource, *, deleted: bool, error: str = "") -> schemas.UnownedResource:
    return schemas.UnownedResource(
        resource_type=resource.resource_type,
        native_id=resource.native_id,
        resource_id=resource.token,
        description=resource.description,
        deleted=deleted,
        error=error,
    )
