"""Every route of the whole application is closed to whoever is nobody; what is open is listed here."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from support.stacks import Bench, served

#: Answered without a token: version documents, the descriptions of the API, and where the secret is in the body.
OPEN = {
    ("GET", "/"),
    *(("GET", f"/{service}") for service in ("identity", "compute", "network", "volume", "image")),
    ("GET", "/identity/v3"),
    ("GET", "/compute/v2.1"),
    ("GET", "/network/v2.0"),
    ("GET", "/volume/v3"),
    ("GET", "/image/v2"),
    ("POST", "/identity/v3/auth/tokens"),
    ("POST", "/identity/v3/users/{user_id:str}/password"),
    ("GET", "/almanach/info"),
    ("GET", "/almanach/v1/info"),
}

#: The dashboard's pages for whoever is not signed in; its others lead to the first of these.
SIGN_IN = {
    ("GET", "/dashboard/sign-in"),
    ("POST", "/dashboard/sign-in"),
    ("GET", "/dashboard/static/{name:str}"),
}


@pytest.fixture
def http(stack_bench: Bench) -> Iterator[TestClient[Litestar]]:
    with TestClient(served(stack_bench.services), raise_server_exceptions=False) as client:
        yield client


def closed(app: Litestar, *, dashboard: bool = False) -> list[tuple[str, str]]:
    """Method and path of every route that is not open: of the APIs, or of the dashboard."""
    every = {
        (method, route.path)
        for route in app.routes
        if route.path.startswith("/dashboard") is dashboard and not route.path.startswith("/api/docs")
        for method in getattr(route, "methods", ())
        if method != "OPTIONS"
    }
    return sorted(every - OPEN - SIGN_IN)


def ask(http: TestClient[Litestar], method: str, path: str, **more: Any) -> Any:
    return http.request(method, re.sub(r"\{[^}]*\}", "x", path), follow_redirects=False, **more)


def test_what_is_open_is_there(http: TestClient[Litestar]) -> None:
    there = {(method, route.path) for route in http.app.routes for method in getattr(route, "methods", ())}
    assert there >= OPEN | SIGN_IN


def test_no_token_is_401_whatever_else_is_asked(http: TestClient[Litestar]) -> None:
    """The token is missed before the body is: an API says nothing else to nobody."""
    for method, path in closed(http.app):
        answer = ask(http, method, path, content=b"{" if method in ("POST", "PUT", "PATCH") else None)
        assert answer.status_code == 401, f"{method} {path}: {answer.status_code} {answer.text}"


def test_a_token_that_is_none_opens_nothing(http: TestClient[Litestar]) -> None:
    for method, path in closed(http.app):
        answer = ask(http, method, path, headers={"X-Auth-Token": "gAAAAA-none"})
        assert answer.status_code in (400, 401, 404, 415), f"{method} {path}: {answer.status_code} {answer.text}"


def test_the_dashboard_leads_to_signing_in(http: TestClient[Litestar]) -> None:
    for method, path in closed(http.app, dashboard=True):
        answer = ask(http, method, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/sign-in"), f"{method} {path}"
