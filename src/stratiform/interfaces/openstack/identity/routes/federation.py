"""`/OS-FEDERATION/…/auth` and WebSSO: sign-in of users of identity providers, and the scopes that they have."""

import base64
import hashlib
from html import escape
from typing import Any

from litestar import Response
from litestar.datastructures import Cookie

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.media_types import TEXT
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.routes.tokens import (
    build_token_response,
    list_available_domains,
    list_available_projects,
)
from stratiform.interfaces.openstack.identity.schemas import auth as schemas
from stratiform.interfaces.openstack.identity.schemas.domains import DomainsResponse
from stratiform.interfaces.openstack.identity.schemas.projects import ProjectsResponse
from stratiform.services.identity import policy
from stratiform.services.identity.errors import AuthenticationFailed, SimpleResourceNotFound
from stratiform.services.identity.service.web_sign_in import WebSignIn

_PROTOCOL = "/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}"
_COOKIE = "stratiform_websso"

#: The content of pages for browsers.
_PAGE = {"text/html": TEXT}

#: Sends the form without a click; the page contains no other script.
_SCRIPT = "document.forms[0].submit()"
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()


def _sign_in(request: ApiRequest, idp_id: str, protocol_id: str) -> ApiResponse[schemas.TokenResponse]:
    """Issue an unscoped token in exchange for a provider's access token in the `Authorization: Bearer` header."""
    scheme, _, access_token = request.http.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not access_token.strip():
        raise AuthenticationFailed
    services = request.services
    token_id, token = services.identity.federation.sign_in_with_access_token(
        services.database, services.clock, idp_id, protocol_id, access_token.strip()
    )
    return build_token_response(token_id, token, None)


@api.get(_PROTOCOL + "/auth", None, status=201, errors=(SimpleResourceNotFound,))
def sign_in_federated_user(request: ApiRequest, idp_id: str, protocol_id: str) -> ApiResponse[schemas.TokenResponse]:
    """Issue an unscoped token in exchange for a provider's access token in the `Authorization: Bearer` header."""
    return _sign_in(request, idp_id, protocol_id)


@api.post(_PROTOCOL + "/auth", None, status=201, errors=(SimpleResourceNotFound,))
def create_federated_token(request: ApiRequest, idp_id: str, protocol_id: str) -> ApiResponse[schemas.TokenResponse]:
    """Issue an unscoped token in exchange for a provider's access token in the `Authorization: Bearer` header."""
    return _sign_in(request, idp_id, protocol_id)


@api.get("/OS-FEDERATION/projects", policy.GET_AUTH_PROJECTS)
def list_federation_projects(request: ApiRequest) -> ProjectsResponse:
    return list_available_projects(request)


@api.get("/OS-FEDERATION/domains", policy.GET_AUTH_DOMAINS)
def list_federation_domains(request: ApiRequest) -> DomainsResponse:
    return list_available_domains(request)


@api.get("/auth/OS-FEDERATION/websso/{protocol_id}", None, errors=(SimpleResourceNotFound,), produces=_PAGE)
def start_web_sign_in(request: ApiRequest, protocol_id: str, query: schemas.WebSsoQuery) -> Response[Any]:
    """Redirect a browser to the only provider with a protocol."""
    idp_id = request.services.identity.federation.find_identity_provider_id(protocol_id)
    return _start(request, idp_id, protocol_id, query.origin)


@api.get("/auth" + _PROTOCOL + "/websso", None, errors=(SimpleResourceNotFound,), produces=_PAGE)
def start_provider_web_sign_in(
    request: ApiRequest, idp_id: str, protocol_id: str, query: schemas.WebSsoQuery
) -> Response[Any]:
    """Redirect a browser to a provider."""
    return _start(request, idp_id, protocol_id, query.origin)


@api.get("/auth" + _PROTOCOL + "/callback", None, errors=(SimpleResourceNotFound,), produces=_PAGE)
def complete_web_sign_in(
    request: ApiRequest, idp_id: str, protocol_id: str, query: schemas.WebSsoCallbackQuery
) -> Response[Any]:
    """Receive the browser from the provider, and send a token to the dashboard that started the sign-in."""
    services = request.services
    sign_in = services.identity.web_sign_ins.complete(
        services.database,
        services.clock,
        idp_id,
        protocol_id,
        state=query.state,
        cookie=request.http.cookies.get(_COOKIE, ""),
        code=query.code,
        redirect_uri=_build_redirect_uri(request, idp_id, protocol_id),
    )
    return _build_form(sign_in)


def _start(request: ApiRequest, idp_id: str, protocol_id: str, origin: str) -> Response[Any]:
    redirect_uri = _build_redirect_uri(request, idp_id, protocol_id)
    started = request.services.identity.web_sign_ins.start(
        request.services.clock, idp_id, protocol_id, origin=origin, redirect_uri=redirect_uri
    )
    cookie = Cookie(
        _COOKIE,
        path=f"{api.path}/auth/OS-FEDERATION",
        value=started.cookie,
        httponly=True,
        secure=request.services.url.startswith("https:"),
        samesite="lax",
    )
    return Response(b"", status_code=302, headers={"Location": started.url}, cookies=[cookie])


def _build_redirect_uri(request: ApiRequest, idp_id: str, protocol_id: str) -> str:
    path = f"auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/callback"
    return request.view.build_url(path)


def _build_form(sign_in: WebSignIn) -> Response[Any]:
    """Return a page that posts the token to the dashboard, as Keystone's template does."""
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign-in</title></head><body>'
        f'<form id="sso" name="sso" action="{escape(sign_in.origin)}" method="post">'
        f'<input type="hidden" name="token" value="{escape(sign_in.token_id)}">'
        f'<noscript><button type="submit">Continue</button></noscript></form><script>{_SCRIPT}</script></body></html>'
    )
    security = f"default-src 'none'; script-src 'sha256-{_SCRIPT_HASH}'; frame-ancestors 'none'"
    return Response(
        page.encode(),
        status_code=200,
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": security, "Referrer-Policy": "no-referrer"},
    )
