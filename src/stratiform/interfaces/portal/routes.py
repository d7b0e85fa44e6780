"""The dashboard's pages, below `/dashboard`."""

import logging
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from litestar import MediaType, Response, Router
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from stratiform.interfaces.portal import views
from stratiform.interfaces.portal.session import NAME, cookie, form, in_project, signed_in, with_password
from stratiform.interfaces.services import Request, get, post, reading, services_of
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Fault, Unauthenticated

logger = logging.getLogger(__name__)

_pages = Environment(loader=PackageLoader("stratiform.interfaces.portal"), autoescape=select_autoescape())
_STATIC = Path(__file__).parent / "static"
_UNFORESEEN = "Something went wrong here; the log says what."

#: No script, no frame, nothing from elsewhere; the only inline parts are our own style attribute and one handler.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _page(name: str, values: dict[str, Any], status: int = 200) -> Response[str]:
    text = _pages.get_template(name).render(values)
    return Response(text, media_type=MediaType.HTML, status_code=status, headers=_HEADERS)


def _who(request: Request, ctx: RequestContext) -> dict[str, Any]:
    return {"who": ctx.caller, "projects": services_of(request).identity.projects.list_available(ctx)}


@get("/", operation_id="dashboardOverview", include_in_schema=False)
def overview(request: Request) -> Response[str]:
    with signed_in(request) as ctx:
        return _page("overview.html", _who(request, ctx) | views.overview(services_of(request), ctx))


@get("/invoices", operation_id="dashboardInvoices", include_in_schema=False)
def invoices(request: Request) -> Response[str]:
    with signed_in(request) as ctx:
        return _page("invoices.html", _who(request, ctx) | views.invoices(services_of(request), ctx))


@get("/invoices/{number:str}/{kind:str}", operation_id="dashboardInvoice", include_in_schema=False)
def invoice(request: Request, number: str, kind: str) -> Response[bytes]:
    services = services_of(request)
    with signed_in(request) as ctx:
        if kind == "pdf":
            content, media = services.billing.invoice_pdf(ctx, number), "application/pdf"
        else:
            content, media = services.billing.invoice(ctx, number)[1], "application/json"
    name = f'attachment; filename="{number}.{kind}"'
    return Response(content, media_type=media, headers={**_HEADERS, "Content-Disposition": name})


@get("/sign-in", operation_id="dashboardSignInForm", include_in_schema=False)
def sign_in_form() -> Response[str]:
    return _page("sign_in.html", {"user": "", "domain": "Default", "said": ""})


@post("/sign-in", operation_id="dashboardSignIn", include_in_schema=False)
def sign_in(request: Request, body: bytes) -> Response[Any]:
    fields = form(request, body)
    user, domain = fields.get("user", ""), fields.get("domain", "Default")
    try:
        token = with_password(services_of(request), user, fields.get("password", ""), domain)
    except Unauthenticated as error:
        said = error.message if "project" in error.message else "Wrong user or password."
        return _page("sign_in.html", {"user": user, "domain": domain, "said": said}, status=401)
    return _to("/dashboard", request, token)


@post("/sign-out", operation_id="dashboardSignOut", include_in_schema=False)
def sign_out(request: Request, body: bytes) -> Response[Any]:
    """The token ends too, not only the cookie."""
    form(request, body)
    services = services_of(request)
    token = request.cookies.get(NAME, "")
    with reading(request, token=token or "-") as ctx:
        caller, now = ctx.caller, ctx.now
    with services.database.transaction() as db:
        services.identity.tokens.revoke(RequestContext(db, caller, now), token)
    return _to("/dashboard/sign-in", request, "")


@post("/project", operation_id="dashboardProject", include_in_schema=False)
def switch_project(request: Request, body: bytes) -> Response[Any]:
    fields = form(request, body)
    token = in_project(services_of(request), request.cookies.get(NAME, ""), fields.get("project", ""))
    return _to("/dashboard", request, token)


@get("/static/{name:str}", operation_id="dashboardStatic", include_in_schema=False)
def static(name: str) -> Response[bytes]:
    if name not in {file.name for file in _STATIC.iterdir()}:
        raise HTTPException(status_code=404, detail="There is no such file.")
    return Response((_STATIC / name).read_bytes(), media_type="text/css", headers={"Cache-Control": "max-age=300"})


def _to(path: str, request: Request, token: str) -> Response[Any]:
    answer = Redirect(path, status_code=303)
    answer.set_cookie(cookie(request, token))
    return answer


def told(request: Request, error: Exception) -> Response[Any]:
    """Whoever is not signed in is asked to; anything else is one sentence."""
    if isinstance(error, Unauthenticated):
        return _to("/dashboard/sign-in", request, "")
    status = error.status if isinstance(error, Fault) else getattr(error, "status_code", 500)
    said = error.message if isinstance(error, Fault) else getattr(error, "detail", _UNFORESEEN)
    if status == 500:
        logger.error("dashboard failed", exc_info=error)
    return _page("told.html", {"said": said}, status=status)


router = Router(
    path="/dashboard",
    route_handlers=[overview, invoices, invoice, sign_in_form, sign_in, sign_out, switch_project, static],
    exception_handlers={Exception: told, HTTPException: told},
)
