"""`/domains`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import domains as schemas
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.services.identity import policy
from stratiform.services.identity.errors import NameConflict
from stratiform.services.identity.model import NewProject, Project


@api.get("/domains", policy.LIST_DOMAINS)
def list_domains(request: ApiRequest, query: schemas.DomainListQuery) -> schemas.DomainsResponse:
    domains = request.services.identity.domains.list(request.ctx, query.build_list_query())
    items = [resources.domain(domain, request.view) for domain in domains.items]
    return schemas.DomainsResponse(items, page_links(request, domains), truncated(domains))


@api.post("/domains", policy.CREATE_DOMAIN, status=201, errors=(NameConflict,))
def create_domain(request: ApiRequest, body: schemas.DomainCreateRequest) -> schemas.DomainResponse:
    new = NewProject(
        **body.domain.get_declared_attributes(not_null=("description",)), extra=body.domain.get_extra_attributes()
    )
    return _response(request, request.services.identity.domains.create(request.ctx, new))


@api.get("/domains/{domain_id}", policy.GET_DOMAIN)
def show_domain(request: ApiRequest, domain_id: str) -> schemas.DomainResponse:
    return _response(request, request.services.identity.domains.get(request.ctx, domain_id))


@api.patch("/domains/{domain_id}", policy.UPDATE_DOMAIN, errors=(NameConflict,))
def update_domain(request: ApiRequest, domain_id: str, body: schemas.DomainUpdateRequest) -> schemas.DomainResponse:
    changes, extra = body.domain.get_declared_attributes(not_null=("description",)), body.domain.get_extra_attributes()
    return _response(request, request.services.identity.domains.update(request.ctx, domain_id, changes, extra))


@api.delete("/domains/{domain_id}", policy.DELETE_DOMAIN)
def delete_domain(request: ApiRequest, domain_id: str) -> None:
    request.services.identity.domains.delete(request.ctx, domain_id)


def _response(request: ApiRequest, domain: Project) -> schemas.DomainResponse:
    return schemas.DomainResponse(resources.domain(domain, request.view))
