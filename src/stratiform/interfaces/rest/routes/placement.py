"""`/pools`, `/placement-policies`, `/placement`: which of a project's clouds takes a new server."""

from stratiform.contract.server_operations import ServerOperation
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import (
    list_project_names,
    resolve_bound_project,
    resolve_flavor,
    resolve_former_project,
    resolve_image,
    resolve_project,
)
from stratiform.interfaces.rest.schemas import clouds as cloud_schemas
from stratiform.interfaces.rest.schemas import placement as schemas
from stratiform.interfaces.rest.views import clouds as cloud_views
from stratiform.interfaces.rest.views import placement as views
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import (
    BindingNotFound,
    CloudNotFound,
    PlacementPolicyNotFound,
    PoolConflict,
    PoolInUse,
    PoolMemberNotFound,
    PoolNotFound,
    ProjectNotBound,
)
from stratiform.services.compute.service.placement import ServerDemands


@api.put("/clouds/{name}/labels", policy.CLOUDS_UPDATE, errors=(CloudNotFound,))
def set_cloud_labels(
    request: ApiRequest, name: cloud_schemas.CloudReference, body: schemas.LabelChanges
) -> cloud_schemas.Cloud:
    """Set and remove labels of a cloud."""
    clouds, ctx = request.services.clouds, request.ctx
    cloud = clouds.accounts.set_labels(ctx, clouds.accounts.get(ctx, name).id, body.labels)
    return cloud_views.cloud(cloud, clouds.credential_checks.find(ctx, cloud.id))


@api.get("/pools", policy.POOLS_MANAGE)
def list_pools(request: ApiRequest) -> schemas.Pools:
    """List pools of clouds, ordered by name."""
    pools, ctx = request.services.clouds.pools, request.ctx
    return schemas.Pools([views.pool(pool, pools.list_members(ctx, pool)) for pool in pools.list(ctx)])


@api.post("/pools", policy.POOLS_MANAGE, status=201, errors=(PoolConflict,))
def create_pool(request: ApiRequest, body: schemas.PoolCreate) -> schemas.Pool:
    """Create a pool without clouds."""
    return views.pool(request.services.clouds.pools.create(request.ctx, body.name), [])


@api.get("/pools/{name}", policy.POOLS_MANAGE, errors=(PoolNotFound,))
def show_pool(request: ApiRequest, name: schemas.PoolName) -> schemas.Pool:
    """Show a pool and its clouds."""
    pools, ctx = request.services.clouds.pools, request.ctx
    pool = pools.get(ctx, name)
    return views.pool(pool, pools.list_members(ctx, pool))


@api.delete("/pools/{name}", policy.POOLS_MANAGE, errors=(PoolNotFound, PoolInUse))
def delete_pool(request: ApiRequest, name: schemas.PoolName) -> None:
    """Delete a pool that serves no project; its clouds stay."""
    pools = request.services.clouds.pools
    pools.delete(request.ctx, pools.get(request.ctx, name))


@api.post(
    "/pools/{name}/clouds",
    policy.POOLS_MANAGE,
    status=201,
    errors=(PoolNotFound, CloudNotFound, PoolConflict, Invalid),
    manages_transactions=True,
)
def add_pool_member(request: ApiRequest, name: schemas.PoolName, body: schemas.PoolMemberCreate) -> schemas.Pool:
    """Add a cloud, after checking that it has the zone: it serves all projects that are bound to the pool."""
    clouds = request.services.clouds
    with request.read_transaction() as ctx:
        pool, cloud = clouds.pools.get(ctx, name), clouds.accounts.get(ctx, body.cloud)
    if body.native_zone:
        clouds.bindings.check_native_zone(ctx, cloud.id, body.native_zone)
    with request.write_transaction() as ctx:
        pool, cloud = clouds.pools.get(ctx, pool.id), clouds.accounts.get(ctx, cloud.id)
        clouds.pools.add_member(ctx, pool, cloud, body.native_zone)
        return views.pool(pool, clouds.pools.list_members(ctx, pool))


@api.delete("/pools/{name}/clouds", policy.POOLS_MANAGE, errors=(PoolNotFound, CloudNotFound, PoolMemberNotFound))
def remove_pool_member(request: ApiRequest, name: schemas.PoolName, query: schemas.PoolMemberQuery) -> None:
    """Remove a cloud from a pool; existing resources in it stay."""
    clouds, ctx = request.services.clouds, request.ctx
    clouds.pools.remove_member(ctx, clouds.pools.get(ctx, name), clouds.accounts.get(ctx, query.cloud))


@api.post("/pools/{name}/bindings", policy.BINDINGS_CREATE, status=201, errors=(PoolNotFound, NotFound))
def create_pool_binding(
    request: ApiRequest, name: schemas.PoolName, body: schemas.PoolBindingCreate
) -> schemas.PoolBindings:
    """Bind a project to all present and future clouds of a pool."""
    services, ctx = request.services, request.ctx
    pool = services.clouds.pools.get(ctx, name)
    project_id = resolve_bound_project(services, ctx, body.project)
    bindings = services.clouds.bindings.create_for_pool(ctx, project_id, pool, body.zone)
    names = list_project_names(services, ctx, [project_id])
    return schemas.PoolBindings([cloud_views.binding(binding, names) for binding in bindings])


@api.delete("/pools/{name}/bindings", policy.BINDINGS_DELETE, errors=(PoolNotFound, NotFound, BindingNotFound))
def delete_pool_binding(request: ApiRequest, name: schemas.PoolName, query: schemas.PoolBindingQuery) -> None:
    """Unbind a project from a pool. New resources are created elsewhere; existing ones stay."""
    services, ctx = request.services, request.ctx
    pool = services.clouds.pools.get(ctx, name)
    project_id = resolve_former_project(services, ctx, query.project)
    services.clouds.bindings.delete_for_pool(ctx, project_id, pool, query.zone)


@api.get("/placement-policies", policy.PLACEMENT_POLICIES_LIST)
def list_placement_policies(request: ApiRequest) -> schemas.PlacementPolicies:
    """List placement policies, that of projects without one (`*`) first."""
    policies = request.services.clouds.placement_policies.list(request.ctx)
    return schemas.PlacementPolicies([views.placement_policy(each) for each in policies])


@api.put("/placement-policies", policy.PLACEMENT_POLICIES_SET, errors=(NotFound, Invalid))
def set_placement_policy(request: ApiRequest, body: schemas.PlacementPolicySet) -> schemas.PlacementPolicy:
    """Set the placement policy of a project, or of all projects without one."""
    services, ctx = request.services, request.ctx
    project_id = resolve_bound_project(services, ctx, body.project)
    return views.placement_policy(
        services.clouds.placement_policies.set(ctx, project_id, body.weighers, body.price_plan)
    )


@api.delete("/placement-policies", policy.PLACEMENT_POLICIES_SET, errors=(NotFound, PlacementPolicyNotFound))
def delete_placement_policy(request: ApiRequest, query: schemas.PlacementPolicyQuery) -> None:
    """Delete the placement policy of a project."""
    services, ctx = request.services, request.ctx
    services.clouds.placement_policies.delete(ctx, resolve_former_project(services, ctx, query.project))


@api.post("/placement", policy.PLACEMENT_EXPLAIN, errors=(NotFound, Invalid, ProjectNotBound))
def explain_placement(request: ApiRequest, body: schemas.PlacementRequest) -> schemas.PlacementExplanation:
    """Explain which clouds would take a server, in which order, and why others refuse it. Nothing is created."""
    services, ctx = request.services, request.ctx
    if not body.image and not body.volumes:
        raise Invalid("`image` or `volumes` is required")
    flavor = services.compute.flavors.get(ctx, resolve_flavor(services, ctx, body.flavor))
    demands = ServerDemands(
        project_id=resolve_project(services, ctx, body.project),
        user_id=body.user_id or ctx.caller.user_id,
        flavor=flavor.snapshot(),
        image_id=resolve_image(services, ctx, body.image) if body.image else "",
        zone=body.zone,
        hints=body.hints,
        cloud_ids=frozenset(services.volume.volumes.get(ctx, volume_id).cloud_id for volume_id in body.volumes),
        operations=() if body.image else (ServerOperation.BOOT_FROM_VOLUME,),
    )
    chosen, evaluations = services.compute.placement.explain(ctx, demands)
    return schemas.PlacementExplanation(views.placement_policy(chosen), views.placement_candidates(evaluations))
