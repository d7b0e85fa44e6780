"""The routes of the dashboard, below `/dashboard`."""

import dataclasses
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape
from litestar import MediaType, Response, Router
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from stratiform.interfaces.http import Request, get, get_services, post, read_transaction
from stratiform.interfaces.portal.browser_sessions import (
    COOKIE_NAME,
    NoProject,
    build_cookie,
    list_projects,
    open_session_context,
    parse_form,
    revoke,
    scope_to_project,
    sign_in_with_password,
)
from stratiform.interfaces.portal.views import InvoicesPage, OverviewPage, build_invoices, build_overview
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Fault, NotFound, Unauthenticated

_templates = Environment(loader=PackageLoader("stratiform.interfaces.portal"), autoescape=select_autoescape())
_STATIC_FOLDER = Path(__file__).parent / "static"

#: No scripts, and nothing inline: only our style sheet, the icon, and forms to this site.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
}

#: The formats of an invoice, by the extension of the file.
_INVOICE_TYPES = {"pdf": "application/pdf", "json": "application/json"}


@get("/", operation_id="dashboardOverview", include_in_schema=False)
def show_overview(request: Request) -> Response[str]:
    with open_session_context(request) as ctx:
        return _render_page(request, ctx, "overview.html", build_overview(get_services(request), ctx))


@get("/invoices", operation_id="dashboardInvoices", include_in_schema=False)
def list_invoices(request: Request) -> Response[str]:
    with open_session_context(request) as ctx:
        return _render_page(request, ctx, "invoices.html", build_invoices(get_services(request), ctx))


@get("/invoices/{number:str}/{extension:str}", operation_id="dashboardInvoice", include_in_schema=False)
def download_invoice(request: Request, number: str, extension: str) -> Response[bytes]:
    documents = get_services(request).billing.documents
    with open_session_context(request) as ctx:
        if extension not in _INVOICE_TYPES:
            raise NotFound(f"Invoices are not available in the format '{extension}'.")
        content = documents.render_pdf(ctx, number) if extension == "pdf" else documents.get(ctx, number).content
    disposition = f'attachment; filename="{number}.{extension}"'
    return Response(content, media_type=_INVOICE_TYPES[extension], headers={"Content-Disposition": disposition})


@get("/sign-in", operation_id="dashboardSignInForm", include_in_schema=False)
def show_sign_in() -> Response[str]:
    return _render_sign_in("", "Default")


@post("/sign-in", operation_id="dashboardSignIn", include_in_schema=False)
def sign_in(request: Request, body: bytes) -> Response[str] | Redirect:
    fields = parse_form(request, body)
    user, domain = fields.get("user", ""), fields.get("domain", "Default")
    try:
        token = sign_in_with_password(get_services(request), user, fields.get("password", ""), domain)
    except NoProject as error:
        return _render_sign_in(user, domain, error.message)
    except Unauthenticated:
        return _render_sign_in(user, domain, "Invalid user name or password.")
    return _redirect("/dashboard", request, token)


@post("/sign-out", operation_id="dashboardSignOut", include_in_schema=False)
def sign_out(request: Request, body: bytes) -> Redirect:
    """Revoke the tokens of the session, and delete the cookie."""
    parse_form(request, body)
    services = get_services(request)
    token = request.cookies.get(COOKIE_NAME, "")
    with read_transaction(request, token=token or "-") as ctx:
        caller = ctx.caller
    revoke(services, caller, token)
    return _redirect("/dashboard/sign-in", request, "")


@post("/project", operation_id="dashboardProject", include_in_schema=False)
def switch_project(request: Request, body: bytes) -> Redirect:
    fields = parse_form(request, body)
    token = scope_to_project(get_services(request), request.cookies.get(COOKIE_NAME, ""), fields.get("project", ""))
    return _redirect("/dashboard", request, token)


@get("/static/{name:str}", operation_id="dashboardStatic", include_in_schema=False)
def get_static_file(name: str) -> Response[bytes]:
    if name not in {file.name for file in _STATIC_FOLDER.iterdir()}:
        raise HTTPException(status_code=404, detail=f"File {name} not found")
    content = (_STATIC_FOLDER / name).read_bytes()
    return Response(content, media_type="text/css", headers={"Cache-Control": "max-age=300"})


def render_error(request: Request, error: Exception) -> Response[str] | Redirect:
    """Return the sign-in page if the session is not valid, otherwise a page with the error message."""
    if isinstance(error, Unauthenticated):
        return _redirect("/dashboard/sign-in", request, "")
    if isinstance(error, Fault):
        status, message = error.status, error.message
    elif isinstance(error, HTTPException):
        status, message = error.status_code, error.detail
    else:
        status, message = 500, "An unexpected error occurred; see the server log."
    session = _find_session(request) if status < 500 else {}
    return _render("error.html", session | {"error": message, "status": status}, status)


def _find_session(request: Request) -> dict[str, object]:
    """Return what the navigation of a page needs; without a valid session, nothing."""
    try:
        with open_session_context(request, prepares=False) as ctx:  # error handlers run in the event loop
            return _build_session(request, ctx)
    except Fault:
        return {}


def _render_page(
    request: Request, ctx: RequestContext, template: str, page: OverviewPage | InvoicesPage
) -> Response[str]:
    fields = {field.name: getattr(page, field.name) for field in dataclasses.fields(page)}
    return _render(template, _build_session(request, ctx) | fields)


def _build_session(request: Request, ctx: RequestContext) -> dict[str, object]:
    return {"caller": ctx.caller, "projects": list_projects(request, ctx)}


def _render_sign_in(user: str, domain: str, error: str = "") -> Response[str]:
    return _render("sign_in.html", {"user": user, "domain": domain, "error": error}, 401 if error else 200)


def _render(template: str, values: dict[str, object], status: int = 200) -> Response[str]:
    html = _templates.get_template(template).render(values)
    return Response(html, media_type=MediaType.HTML, status_code=status, headers=_HEADERS)


def _redirect(path: str, request: Request, token: str) -> Redirect:
    response = Redirect(path, status_code=303)
    response.set_cookie(build_cookie(request, token))
    return response


router = Router(
    path="/dashboard",
    route_handlers=[
        show_overview,
        list_invoices,
        download_invoice,
        show_sign_in,
        sign_in,
        sign_out,
        switch_project,
        get_static_file,
    ],
    exception_handlers={Exception: render_error, HTTPException: render_error},
)
