"""`/bindings`: which clouds serve which projects."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import (
    list_project_names,
    resolve_bound_project,
    resolve_former_project,
    resolve_project,
)
from stratiform.interfaces.rest.schemas import bindings as schemas
from stratiform.interfaces.rest.views import clouds as views
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import BindingConflict, BindingNotFound, CloudNotFound


@api.get("/bindings", policy.BINDINGS_LIST, errors=(NotFound,))
def list_bindings(request: ApiRequest, query: schemas.BindingListQuery) -> schemas.Bindings:
    """List bindings. Without parameters, operators get all of them and other callers those of their project.

    A project without bindings of its own has those of the project `*`.
    """
    services, ctx = request.services, request.ctx
    cloud_id = services.clouds.accounts.get(ctx, query.cloud).id if query.cloud is not None else None
    project_id = resolve_project(services, ctx, query.project) if query.project else None
    if project_id is None and cloud_id is None and not ctx.caller.is_admin:
        project_id = ctx.caller.require_project_id()
    bindings = services.clouds.bindings.list(ctx, project_id=project_id, cloud_id=cloud_id)
    names = list_project_names(services, ctx, (binding.project_id for binding in bindings))
    return schemas.Bindings([views.binding(binding, names) for binding in bindings])


@api.post(
    "/bindings",
    policy.BINDINGS_CREATE,
    status=201,
    errors=(CloudNotFound, NotFound, Invalid, BindingConflict),
    manages_transactions=True,
)
def create_binding(request: ApiRequest, body: schemas.BindingCreate) -> schemas.Binding:
    """Bind a project to a cloud, after checking that the cloud has the zone."""
    services = request.services
    with request.read_transaction() as ctx:
        cloud = services.clouds.accounts.get(ctx, body.cloud)
        project_id = resolve_bound_project(services, ctx, body.project)
    if body.native_zone:
        services.clouds.bindings.check_native_zone(ctx, cloud.id, body.native_zone)
    with request.write_transaction() as ctx:
        binding = services.clouds.bindings.create(ctx, project_id, cloud.id, body.zone, body.native_zone)
        return views.binding(binding, list_project_names(services, ctx, [project_id]))


@api.delete("/bindings", policy.BINDINGS_DELETE, errors=(CloudNotFound, BindingNotFound))
def delete_binding(request: ApiRequest, query: schemas.BindingDeleteQuery) -> None:
    """Unbind a project from a cloud. New resources are created elsewhere; existing ones stay."""
    services, ctx = request.services, request.ctx
    cloud_id = services.clouds.accounts.get(ctx, query.cloud).id
    services.clouds.bindings.delete(ctx, resolve_former_project(services, ctx, query.project), cloud_id, query.zone)
