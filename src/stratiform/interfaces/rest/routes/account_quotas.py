"""`/clouds/{name}/quotas`: limits of cloud accounts, their projects and users."""

from collections.abc import Callable

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import (
    resolve_bound_project,
    resolve_former_project,
    resolve_former_user,
    resolve_user,
)
from stratiform.interfaces.rest.schemas import clouds as cloud_schemas
from stratiform.interfaces.rest.schemas import placement as schemas
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import AccountQuotaNotFound, CloudNotFound
from stratiform.services.clouds.model.account_quotas import QuotaResource, QuotaScope

#: A function that returns the id of a project or user by its name or id.
Resolver = Callable[[Services, RequestContext, str], str]

_RESOLVERS: dict[QuotaScope, Resolver] = {
    QuotaScope.PROJECT: resolve_bound_project,
    QuotaScope.USER: resolve_user,
}

#: Also of deleted projects and users, whose limits remain until they are deleted.
_FORMER_RESOLVERS: dict[QuotaScope, Resolver] = {
    QuotaScope.PROJECT: resolve_former_project,
    QuotaScope.USER: resolve_former_user,
}


@api.get("/clouds/{name}/quotas", policy.ACCOUNT_QUOTAS_LIST, errors=(CloudNotFound,))
def list_account_quotas(request: ApiRequest, name: cloud_schemas.CloudReference) -> schemas.AccountQuotas:
    """List the limits of a cloud account, its projects and users, with the usage."""
    return _list_quotas(request, request.services.clouds.accounts.get(request.ctx, name).id)


@api.put("/clouds/{name}/quotas", policy.ACCOUNT_QUOTAS_SET, errors=(CloudNotFound, NotFound, Conflict, Invalid))
def set_account_quotas(
    request: ApiRequest, name: cloud_schemas.CloudReference, body: schemas.AccountQuotaSet
) -> schemas.AccountQuotas:
    """Set limits. Those of a project or user beat those of each; all scopes must have room for a new server."""
    clouds, ctx = request.services.clouds, request.ctx
    cloud_id = clouds.accounts.get(ctx, name).id
    scope = _parse_scope(body.scope)
    limits = {_parse_resource(resource): limit for resource, limit in body.limits.items()}
    owner_id = _resolve_owner(request, _RESOLVERS, scope, body.owner)
    clouds.account_quotas.set(ctx, cloud_id, scope, owner_id, limits)
    return _list_quotas(request, cloud_id)


@api.delete("/clouds/{name}/quotas", policy.ACCOUNT_QUOTAS_SET, errors=(CloudNotFound, Conflict, AccountQuotaNotFound))
def delete_account_quotas(
    request: ApiRequest, name: cloud_schemas.CloudReference, query: schemas.AccountQuotaQuery
) -> None:
    """Delete all limits of the account, of a project, of a user, or (`*`) of each of them."""
    clouds, ctx = request.services.clouds, request.ctx
    scope = _parse_scope(query.scope)
    owner_id = _resolve_owner(request, _FORMER_RESOLVERS, scope, query.owner)
    clouds.account_quotas.delete(ctx, clouds.accounts.get(ctx, name).id, scope, owner_id)


def _list_quotas(request: ApiRequest, cloud_id: str) -> schemas.AccountQuotas:
    usages = request.services.compute.placement.list_account_usage(request.ctx, cloud_id)
    return schemas.AccountQuotas(
        [schemas.AccountQuota(limit.scope, limit.owner_id, limit.resource, limit.limit, used) for limit, used in usages]
    )


def _resolve_owner(request: ApiRequest, resolvers: dict[QuotaScope, Resolver], scope: QuotaScope, owner: str) -> str:
    resolve = resolvers.get(scope)
    return resolve(request.services, request.ctx, owner) if resolve is not None and owner else owner


def _parse_scope(scope: str) -> QuotaScope:
    if scope not in set(QuotaScope):
        raise Invalid(f"`scope` must be one of {', '.join(QuotaScope)}: '{scope}'")
    return QuotaScope(scope)


def _parse_resource(resource: str) -> QuotaResource:
    if resource not in set(QuotaResource):
        raise Invalid(f"`limits` has an unknown resource: '{resource}'", hint=f"resources: {', '.join(QuotaResource)}")
    return QuotaResource(resource)
