"""Tokens, and what one's own token reaches."""

from typing import Any

from litestar import Response

from stratiform.faces.openstack.identity import schemas, views
from stratiform.faces.stack import Request, decode, delete, get, head, post, reading, stack_of, writing
from stratiform.kit.call import Call
from stratiform.services.identity.model import Token

Body = dict[str, Any]

_VARY = {"Vary": "X-Auth-Token"}


@post("/auth/tokens", operation_id="issueToken", open_to_all=True)
def issue(request: Request, body: bytes) -> Response[Body]:
    stack = stack_of(request)
    asked = decode(body, schemas.AuthBody).auth.asked()
    sign_ins = stack.identity.sign_ins
    with stack.database.snapshot() as db:
        found = sign_ins.look_up(db, asked, stack.clock.now())
    sign_ins.prove(found)
    with stack.database.snapshot() as db:
        now = stack.clock.now()
        text, token = sign_ins.issue(db, asked, found, now)
        entries = None if "nocatalog" in request.query_params else _catalog(request, db, now, token)
    return Response(views.token(token, entries), status_code=201, headers=_VARY | {"X-Subject-Token": text})


@get("/auth/tokens", operation_id="validateToken")
def validate(request: Request) -> Response[Body]:
    with reading(request) as call:
        text, token = _subject(request, call)
        entries = None if "nocatalog" in request.query_params else _catalog(request, call.db, call.now, token)
    return Response(views.token(token, entries), headers=_VARY | {"X-Subject-Token": text})


@head("/auth/tokens", operation_id="checkToken")
def check(request: Request) -> Response[None]:
    with reading(request) as call:
        text, _token = _subject(request, call)
    return Response(None, headers=_VARY | {"X-Subject-Token": text})


@delete("/auth/tokens", operation_id="revokeToken")
def revoke(request: Request) -> None:
    with writing(request) as call:
        stack_of(request).identity.tokens.revoke(call, request.headers.get("x-subject-token", ""))


@get("/auth/catalog", operation_id="ownCatalog")
def own_catalog(request: Request) -> Body:
    with reading(request) as call:
        entries = stack_of(request).identity.catalog.own(call)
    links = {"next": None, "self": f"{views.base(request)}/auth/catalog", "previous": None}
    return {"catalog": views.catalog(entries), "links": links}


@get("/auth/projects", operation_id="ownProjects")
def own_projects(request: Request) -> Body:
    with reading(request) as call:
        found = stack_of(request).identity.projects.own(call)
    return views.collection(request, "projects", found, views.project)


@get("/auth/domains", operation_id="ownDomains")
def own_domains(request: Request) -> Body:
    with reading(request) as call:
        found = stack_of(request).identity.domains.own(call)
    return views.collection(request, "domains", found, views.domain)


@get("/auth/system", operation_id="ownSystem")
def own_system(request: Request) -> Body:
    with reading(request) as call:
        may = stack_of(request).identity.tokens.may_have_system(call)
    links = {"self": f"{views.base(request)}/auth/system"}
    return {"system": [{"all": True}] if may else [], "links": links}


def _subject(request: Request, call: Call) -> tuple[str, Token]:
    text = request.headers.get("x-subject-token", "")
    allow_expired = views.flag(request, "allow_expired")
    return text, stack_of(request).identity.tokens.subject(call, text, allow_expired=allow_expired)


def _catalog(request: Request, db: Any, now: int, token: Token) -> Any:
    caller = token.caller
    catalog = stack_of(request).identity.catalog
    return catalog.of(db, now, project_id=caller.project_id, user_id=caller.user_id)


handlers: list[Any] = [issue, validate, check, revoke, own_catalog, own_projects, own_domains, own_system]
