"""`/OS-TRUST/trusts`."""

from msgspec import to_builtins

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.parsing import parse_expiry
from stratiform.interfaces.openstack.identity.request_tokens import load_request_token
from stratiform.interfaces.openstack.identity.schemas import credentials as schemas
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import page_links, self_link
from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page, paginate_list
from stratiform.services.identity import policy
from stratiform.services.identity.errors import RoleNotFound
from stratiform.services.identity.model import JsonObject, ResourceRef, Trust

_TRUSTS = "/OS-TRUST/trusts"
_TRUST = _TRUSTS + "/{trust_id}"


@api.get(_TRUSTS, policy.TRUSTS.list)
def list_trusts(request: ApiRequest, query: schemas.TrustListQuery) -> JsonObject:
    trusts = request.services.identity.trusts.list(request.ctx, query.trustor_user_id, query.trustee_user_id)
    page = paginate_list(trusts, query.build_list_query().page or Page(), lambda trust: trust.id)
    items = [_trust(request, trust, with_roles=False) for trust in page.items]
    return {"trusts": items, "links": to_builtins(page_links(request, page))}


@api.post(_TRUSTS, policy.TRUSTS.create, status=201)
def create_trust(request: ApiRequest, body: schemas.TrustRequest) -> JsonObject:
    attributes, identity = body.trust, request.services.identity
    if attributes.allow_redelegation or attributes.redelegation_count:
        raise Invalid("Invalid input for field 'allow_redelegation': trusts cannot be delegated again")
    if not attributes.project_id:
        raise Invalid("Invalid input for field 'project_id': trusts require a project")
    new = Trust(
        id="",
        trustor_user_id=attributes.trustor_user_id,
        trustee_user_id=attributes.trustee_user_id,
        project_id=attributes.project_id,
        impersonation=attributes.impersonation,
        expires_at=parse_expiry(attributes.expires_at),
        remaining_uses=attributes.remaining_uses,
    )
    token = load_request_token(request, request.ctx)
    roles = [ResourceRef(id=role.id, name=role.name) for role in attributes.roles]
    return {"trust": _trust(request, identity.trusts.create(request.ctx, token, new, roles))}


@api.get(_TRUST, policy.TRUSTS.get)
def show_trust(request: ApiRequest, trust_id: str) -> JsonObject:
    return {"trust": _trust(request, request.services.identity.trusts.get(request.ctx, trust_id))}


@api.delete(_TRUST, policy.TRUSTS.delete)
def delete_trust(request: ApiRequest, trust_id: str) -> None:
    request.services.identity.trusts.delete(request.ctx, load_request_token(request, request.ctx), trust_id)


@api.get(_TRUST + "/roles", policy.TRUSTS.get)
def list_trust_roles(request: ApiRequest, trust_id: str) -> JsonObject:
    trust = request.services.identity.trusts.get(request.ctx, trust_id)
    return {"roles": _roles(request, trust), "links": to_builtins(page_links(request))}


@api.get(_TRUST + "/roles/{role_id}", policy.TRUSTS.get)
def show_trust_role(request: ApiRequest, trust_id: str, role_id: str) -> JsonObject:
    trust = request.services.identity.trusts.get(request.ctx, trust_id)
    for role in _roles(request, trust):
        if role["id"] == role_id:
            return {"role": role}
    raise RoleNotFound(role_id)


@api.head(_TRUST + "/roles/{role_id}", policy.TRUSTS.get)
def check_trust_role(request: ApiRequest, trust_id: str, role_id: str) -> None:
    show_trust_role(request, trust_id, role_id)


def _trust(request: ApiRequest, trust: Trust, *, with_roles: bool = True) -> JsonObject:
    links = to_builtins(self_link(request.view, "OS-TRUST", "trusts", trust.id))
    view: JsonObject = {
        "id": trust.id,
        "trustor_user_id": trust.trustor_user_id,
        "trustee_user_id": trust.trustee_user_id,
        "project_id": trust.project_id,
        "impersonation": trust.impersonation,
        "expires_at": None if trust.expires_at is None else format_iso(trust.expires_at),
        "remaining_uses": trust.remaining_uses,
        "redelegated_trust_id": None,
        "redelegation_count": 0,
        "deleted_at": None,
        "links": links,
    }
    if with_roles:
        view["roles"] = _roles(request, trust)
        view["roles_links"] = {"self": links["self"] + "/roles", "next": None, "previous": None}
    return view


def _roles(request: ApiRequest, trust: Trust) -> list[JsonObject]:
    roles = request.services.identity.trusts.list_roles(request.ctx.db, trust)
    views = [resources.role(role, request.view) for role in roles]
    return [{"id": v.id, "name": v.name, "domain_id": v.domain_id, "links": to_builtins(v.links)} for v in views]
