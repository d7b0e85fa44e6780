"""Every route of the application requires authentication, except those listed here."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from support.stacks import ServiceHarness, cached_application

#: Routes without a token: version documents, descriptions of the API, and requests that another secret authenticates.
OPEN = {
    ("GET", "/"),
    *(("GET", f"/{service}") for service in ("identity", "compute", "network", "volume", "image")),
    ("GET", "/identity/v3"),
    ("GET", "/compute/v2.1"),
    ("GET", "/network/v2.0"),
    ("GET", "/volume/v3"),
    ("GET", "/image/v2"),
    ("GET", "/image/versions"),
    ("POST", "/identity/v3/OS-OAUTH1/access_token"),  # not supported, with or without a token
    ("POST", "/identity/v3/OS-OAUTH1/request_token"),
    ("POST", "/identity/v3/auth/tokens"),
    ("POST", "/identity/v3/users/{user_id:str}/password"),
    ("GET", "/almanach"),
    ("GET", "/almanach/v1"),
    ("GET", "/almanach/info"),
    ("GET", "/almanach/v1/info"),
    ("GET", "/api/v1/server-proof"),
    *(
        (method, f"{prefix}/healthcheck")
        for method in ("GET", "HEAD")
        for prefix in ("", "/identity", "/compute", "/network", "/volume", "/image")
    ),
    ("GET", "/metadata"),  # signed by Neutron's proxy
    ("GET", "/metadata/{item:path}"),
    ("POST", "/metadata/{item:path}"),
    ("GET", "/console/novnc/{file:path}"),
    ("GET", "/identity/v3/auth/OS-FEDERATION/websso/{protocol_id:str}"),
    ("GET", "/identity/v3/auth/OS-FEDERATION/identity_providers/{idp_id:str}/protocols/{protocol_id:str}/websso"),
}

#: Pages of the portal without a session; all others redirect to the first.
SIGN_IN = {
    ("GET", "/dashboard/sign-in"),
    ("POST", "/dashboard/sign-in"),
    ("GET", "/dashboard/static/{name:str}"),
}


@pytest.fixture
def http(service_harness: ServiceHarness) -> Iterator[TestClient[Litestar]]:
    with TestClient(cached_application(service_harness.services), raise_server_exceptions=False) as client:
        yield client


def protected_routes(app: Litestar, *, portal: bool = False) -> list[tuple[str, str]]:
    """Return method and path of the routes of the APIs, or of the portal, that are not open."""
    routes = {
        (method, route.path)
        for route in app.routes
        if route.path.startswith("/dashboard") is portal and not route.path.startswith("/api/docs")
        for method in getattr(route, "methods", ())
        if method != "OPTIONS"
    }
    return sorted(routes - OPEN - SIGN_IN)


def send(http: TestClient[Litestar], method: str, path: str, **options: Any) -> Any:
    """Send a request with the value `x` for each path parameter."""
    return http.request(method, re.sub(r"\{[^}]*\}", "x", path), follow_redirects=False, **options)


def test_listed_open_routes_exist(http: TestClient[Litestar]) -> None:
    routes = {(method, route.path) for route in http.app.routes for method in getattr(route, "methods", ())}
    assert routes >= OPEN | SIGN_IN


def test_requests_without_a_token_return_401_before_the_body_is_decoded(http: TestClient[Litestar]) -> None:
    for method, path in protected_routes(http.app):
        response = send(http, method, path, content=b"{" if method in ("POST", "PUT", "PATCH") else None)
        assert response.status_code == 401, f"{method} {path}: {response.status_code} {response.text}"


def test_invalid_tokens_are_refused(http: TestClient[Litestar]) -> None:
    for method, path in protected_routes(http.app):
        response = send(http, method, path, headers={"X-Auth-Token": "gAAAAA-none"})
        assert response.status_code in (400, 401, 404, 415), f"{method} {path}: {response.status_code} {response.text}"


def test_portal_redirects_to_the_sign_in_page(http: TestClient[Litestar]) -> None:
    for method, path in protected_routes(http.app, portal=True):
        response = send(http, method, path)
        assert (response.status_code, response.headers["location"]) == (303, "/dashboard/sign-in"), f"{method} {path}"
