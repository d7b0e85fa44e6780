"""`/auth`: tokens, and the catalog and scopes of a token."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.auth_requests import parse_auth_request
from stratiform.interfaces.openstack.identity.schemas import auth as schemas
from stratiform.interfaces.openstack.identity.schemas.common import SystemScope
from stratiform.interfaces.openstack.identity.schemas.domains import DomainsResponse
from stratiform.interfaces.openstack.identity.schemas.projects import ProjectsResponse
from stratiform.interfaces.openstack.identity.views import resources, tokens
from stratiform.interfaces.openstack.identity.views.links import page_links, self_link
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.identity import policy
from stratiform.services.identity.errors import TokenNotFound
from stratiform.services.identity.model import CatalogEntry, Token


@api.post("/auth/tokens", None, status=201, errors=(TokenNotFound,), hashes=True)
def issue_token(
    request: ApiRequest, body: schemas.AuthBody, query: schemas.TokenQuery
) -> ApiResponse[schemas.TokenResponse]:
    services = request.services
    authentication = services.identity.authentication
    token_id, token = authentication.sign_in(services.database, services.clock, parse_auth_request(body.auth))
    with services.database.read_transaction() as db:
        catalog = _catalog(request, query, token, db, services.clock.now())
    return build_token_response(token_id, token, catalog)


def _recall_token(request: ApiRequest) -> ApiResponse[schemas.TokenResponse] | None:
    services = request.services
    encoded = services.identity.tokens.recall_response(_build_response_key(request), services.clock.now())
    return None if encoded is None else ApiResponse(encoded=encoded, headers=_headers(_subject_id(request)))


@api.get("/auth/tokens", policy.VALIDATE_TOKEN, errors=(TokenNotFound,), recall=_recall_token)
def show_token(request: ApiRequest, query: schemas.TokenQuery) -> ApiResponse[schemas.TokenResponse]:
    token_id, token = _subject(request, query)
    catalog = _catalog(request, query, token, request.ctx.db, request.ctx.now)
    encoded = msgspec.json.encode(schemas.TokenResponse(tokens.token(token, catalog)))
    request.services.identity.tokens.remember_response(
        request.ctx, _build_response_key(request), encoded, _caller_token_id(request), token
    )
    return ApiResponse(encoded=encoded, headers=_headers(token_id))


@api.head("/auth/tokens", policy.VALIDATE_TOKEN, errors=(TokenNotFound,))
def check_token(request: ApiRequest, query: schemas.TokenQuery) -> ApiResponse[None]:
    token_id, _ = _subject(request, query)
    return ApiResponse(headers=_headers(token_id))


@api.delete("/auth/tokens", policy.REVOKE_TOKEN, errors=(TokenNotFound,))
def revoke_token(request: ApiRequest) -> None:
    request.services.identity.tokens.revoke(request.ctx, _subject_id(request))


@api.get("/auth/catalog", policy.GET_AUTH_CATALOG)
def show_catalog(request: ApiRequest) -> schemas.CatalogResponse:
    entries = request.services.identity.catalog.get(request.ctx)
    return schemas.CatalogResponse(tokens.catalog(entries), page_links(request))


@api.get("/auth/projects", policy.GET_AUTH_PROJECTS)
def list_available_projects(request: ApiRequest) -> ProjectsResponse:
    projects = request.services.identity.projects.list_available(request.ctx)
    return ProjectsResponse([resources.project(project, request.view) for project in projects], page_links(request))


@api.get("/auth/domains", policy.GET_AUTH_DOMAINS)
def list_available_domains(request: ApiRequest) -> DomainsResponse:
    domains = request.services.identity.domains.list_available(request.ctx)
    return DomainsResponse([resources.domain(domain, request.view) for domain in domains], page_links(request))


@api.get("/auth/system", policy.GET_AUTH_SYSTEM)
def list_available_systems(request: ApiRequest) -> schemas.SystemResponse:
    is_available = request.services.identity.tokens.has_system_role(request.ctx)
    scopes = [SystemScope(all=True)] if is_available else []
    return schemas.SystemResponse(scopes, self_link(request.view, "auth", "system"))


def _build_response_key(request: ApiRequest) -> str:
    """Return what the response to `GET /auth/tokens` depends on, beside the directory and the time."""
    return f"{request.http.url.path}?{request.http.url.query} {_caller_token_id(request)} {_subject_id(request)}"


def _caller_token_id(request: ApiRequest) -> str:
    return request.http.headers.get("x-auth-token", "")


def _subject_id(request: ApiRequest) -> str:
    return request.http.headers.get("x-subject-token", "")


def _subject(request: ApiRequest, query: schemas.TokenQuery) -> tuple[str, Token]:
    token_id = _subject_id(request)
    tokens = request.services.identity.tokens
    return token_id, tokens.get_subject_token(request.ctx, token_id, allow_expired=query.allow_expired)


def _catalog(
    request: ApiRequest, query: schemas.TokenQuery, token: Token, db: Connection, now: Micros
) -> Sequence[CatalogEntry] | None:
    if query.nocatalog is not UNSET:
        return None
    caller = token.caller
    return request.services.identity.catalog.build_catalog(
        db, now, project_id=caller.project_id, user_id=caller.user_id
    )


def build_token_response(
    token_id: str, token: Token, catalog: Sequence[CatalogEntry] | None
) -> ApiResponse[schemas.TokenResponse]:
    return ApiResponse(schemas.TokenResponse(tokens.token(token, catalog)), headers=_headers(token_id))


def _headers(token_id: str) -> dict[str, str]:
    return {"Vary": "X-Auth-Token", "X-Subject-Token": token_id}
