"""`/clouds/{name}/server-types`: flavors for the types of servers that a cloud offers."""

from collections.abc import Sequence
from contextlib import suppress

from stratiform.contract.errors import CloudUnreachable, CredentialsRejected
from stratiform.contract.server_types import NativeServerType
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import list_all_flavors, resolve_project
from stratiform.interfaces.rest.schemas import clouds as schemas
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound, UnsupportedOperation
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import CloudNotFound
from stratiform.services.clouds.model import Cloud, ResourceType
from stratiform.services.compute.errors import FlavorAccessConflict, FlavorAccessNotFound
from stratiform.services.compute.model.flavors import Flavor, NewFlavor


@api.post(
    "/clouds/{name}/server-types",
    policy.NATIVE_IDS_REGISTER,
    errors=(CloudNotFound, NotFound, UnsupportedOperation, CredentialsRejected, CloudUnreachable),
    manages_transactions=True,
)
def register_server_types(
    request: ApiRequest, name: schemas.CloudReference, body: schemas.ServerTypeRegistration
) -> schemas.RegisteredServerTypes:
    """Register every type of server that the cloud offers as a flavor of the same name; existing ones are mapped."""
    services = request.services
    with request.read_transaction() as ctx:
        cloud = services.clouds.accounts.get(ctx, name)
        project_id = resolve_project(services, ctx, body.project) if body.project else ""
    server_types = services.clouds.server_types.list(ctx, cloud)
    with request.write_transaction() as ctx:
        return _register(services, ctx, cloud, project_id, server_types)


def _register(
    services: Services, ctx: RequestContext, cloud: Cloud, project_id: str, server_types: Sequence[NativeServerType]
) -> schemas.RegisteredServerTypes:
    existing = {flavor.name: flavor for flavor in list_all_flavors(services, ctx)}
    native_ids = services.clouds.native_ids
    mapped = {
        native.resource_id: native.native_id
        for native in native_ids.list(ctx, cloud.id)
        if native.resource_type == ResourceType.FLAVOR
    }
    counts = {"created": 0, "mapped": 0, "unchanged": 0}
    conflicting = []
    for server_type in server_types:
        flavor = existing.get(server_type.name)
        if flavor is not None and not _has_size(flavor, server_type):
            conflicting.append(server_type.name)
            continue
        result = "created" if flavor is None else "mapped"
        if flavor is None:
            flavor = _create_flavor(services, ctx, server_type, project_id)
        elif project_id and not flavor.is_public:
            _grant_access(services, ctx, flavor, project_id)
        if mapped.get(flavor.id) == server_type.id:
            result = "unchanged"
        else:
            is_own = result == "created"  # others may have another size on purpose
            native_ids.register(ctx, cloud.id, ResourceType.FLAVOR, flavor.id, server_type.id, is_synchronized=is_own)
        counts[result] += 1
    return schemas.RegisteredServerTypes(**counts, conflicting=conflicting)


def _has_size(flavor: Flavor, server_type: NativeServerType) -> bool:
    """Return True if customers get what they pay for when a flavor is mapped to a type of its name."""
    same_disk = not server_type.disk_gib or flavor.disk == server_type.disk_gib
    return same_disk and (flavor.vcpus, flavor.ram) == (server_type.vcpus, server_type.ram_mib)


def _create_flavor(services: Services, ctx: RequestContext, server_type: NativeServerType, project_id: str) -> Flavor:
    """Create a public flavor, or one to which only a project has access."""
    new = NewFlavor(
        name=server_type.name,
        vcpus=server_type.vcpus,
        ram=server_type.ram_mib,
        disk=server_type.disk_gib,
        is_public=not project_id,
    )
    flavor = services.compute.flavors.create(ctx, new)
    own_project_id = ctx.caller.project_id
    if project_id and project_id != own_project_id:
        _grant_access(services, ctx, flavor, project_id)
        if own_project_id:  # the project of the operator may get access when it creates a private flavor
            with suppress(FlavorAccessNotFound):
                services.compute.flavor_access.revoke(ctx, flavor.id, own_project_id)
    return flavor


def _grant_access(services: Services, ctx: RequestContext, flavor: Flavor, project_id: str) -> None:
    """Grant a project access to a private flavor; succeeds if it has access."""
    try:
        services.compute.flavor_access.grant(ctx, flavor.id, project_id)
    except FlavorAccessConflict:
        return
