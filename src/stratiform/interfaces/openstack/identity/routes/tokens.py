"""Tokens, and what one's own token reaches."""

from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.identity import schemas, views
from stratiform.interfaces.services import Request, decode, delete, get, head, post, reading, services_of, writing
from stratiform.kit.context import RequestContext
from stratiform.services.identity.model import Token

Body = dict[str, Any]

_VARY = {"Vary": "X-Auth-Token"}


@post("/auth/tokens", operation_id="issueToken", open_to_all=True)
def issue(request: Request, body: bytes) -> Response[Body]:
    services = services_of(request)
    asked = decode(body, schemas.AuthBody).auth.asked()
    sign_ins = services.identity.authentication
    with services.database.snapshot() as db:
        found = sign_ins.resolve(db, asked, services.clock.now())
    sign_ins.verify(found)
    with services.database.snapshot() as db:
        now = services.clock.now()
        text, token = sign_ins.issue(db, asked, found, now)
        entries = None if "nocatalog" in request.query_params else _catalog(request, db, now, token)
    return Response(views.token(token, entries), status_code=201, headers=_VARY | {"X-Subject-Token": text})


@get("/auth/tokens", operation_id="validateToken")
def validate(request: Request) -> Response[Body]:
    with reading(request) as ctx:
        text, token = _subject(request, ctx)
        entries = None if "nocatalog" in request.query_params else _catalog(request, ctx.db, ctx.now, token)
    return Response(views.token(token, entries), headers=_VARY | {"X-Subject-Token": text})


@head("/auth/tokens", operation_id="checkToken")
def check(request: Request) -> Response[None]:
    with reading(request) as ctx:
        text, _token = _subject(request, ctx)
    return Response(None, headers=_VARY | {"X-Subject-Token": text})


@delete("/auth/tokens", operation_id="revokeToken")
def revoke(request: Request) -> None:
    with writing(request) as ctx:
        services_of(request).identity.tokens.revoke(ctx, request.headers.get("x-subject-token", ""))


@get("/auth/catalog", operation_id="ownCatalog")
def own_catalog(request: Request) -> Body:
    with reading(request) as ctx:
        entries = services_of(request).identity.catalog.get(ctx)
    links = {"next": None, "self": f"{views.base(request)}/auth/catalog", "previous": None}
    return {"catalog": views.catalog(entries), "links": links}


@get("/auth/projects", operation_id="ownProjects")
def own_projects(request: Request) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.projects.list_available(ctx)
    return views.collection(request, "projects", found, views.project)


@get("/auth/domains", operation_id="ownDomains")
def own_domains(request: Request) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.domains.list_available(ctx)
    return views.collection(request, "domains", found, views.domain)


@get("/auth/system", operation_id="ownSystem")
def own_system(request: Request) -> Body:
    with reading(request) as ctx:
        may = services_of(request).identity.tokens.has_system_role(ctx)
    links = {"self": f"{views.base(request)}/auth/system"}
    return {"system": [{"all": True}] if may else [], "links": links}


def _subject(request: Request, ctx: RequestContext) -> tuple[str, Token]:
    text = request.headers.get("x-subject-token", "")
    allow_expired = views.flag(request, "allow_expired")
    return text, services_of(request).identity.tokens.get_subject(ctx, text, allow_expired=allow_expired)


def _catalog(request: Request, db: Any, now: int, token: Token) -> Any:
    caller = token.caller
    catalog = services_of(request).identity.catalog
    return catalog.build(db, now, project_id=caller.project_id, user_id=caller.user_id)


handlers: list[Any] = [issue, validate, check, revoke, own_catalog, own_projects, own_domains, own_system]
