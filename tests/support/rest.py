"""The REST API over the services of a test, for an operator and a customer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from stratiform.app.bootstrap import CATALOG
from stratiform.interfaces.endpoints.dispatch import build_router
from stratiform.interfaces.rest.api import api
from stratiform.services.identity.model import AuthRequest, PasswordAuth, ResourceRef, ScopeRequest
from support.stacks import ServiceHarness, prepare

PASSWORD = "open sesame"


@dataclass(frozen=True, slots=True)
class Rest:
    """Send requests below `/api/v1`, as the operator unless `token` is set (""; no token)."""

    http: TestClient[Litestar]
    admin: str
    demo: str
    demo_project: str

    def __call__(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> httpx.Response:
        headers = {"X-Auth-Token": self.admin if token is None else token}
        return self.http.request(method, f"/api/v1/{path}", json=body, headers=headers if token != "" else {})


@contextmanager
def rest(harness: ServiceHarness) -> Iterator[Rest]:
    """Serve the API for the users "admin" and "demo" and the project "demo"."""
    admin_token, demo_token, project_id = prepare(harness, "rest", _create_users)
    app = _application()
    app.state.services = harness.services
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Rest(http, admin_token, demo_token, project_id)


@cache
def _application() -> Litestar:
    return Litestar(route_handlers=[build_router(api)], openapi_config=None)


def _create_users(harness: ServiceHarness) -> tuple[str, str, str]:
    """Return a token of the operator, one of the customer, and the customer's project id."""
    services, now = harness.services, harness.clock.now()
    with services.database.transaction() as db:
        services.identity.bootstrap(db, now, admin_password=PASSWORD)
        services.identity.update_catalog(db, now, url=services.url, region=services.region, catalog=CATALOG)
        project = services.identity.ensure_demo_project(harness.ctx(db), PASSWORD)
    return sign_in(harness, "admin"), sign_in(harness, "demo"), project.id


def sign_in(harness: ServiceHarness, name: str, project: str = "", scope: ScopeRequest | None = None) -> str:
    """Return a token of a user for the project of the same name, another, or another scope."""
    authentication, now = harness.services.identity.authentication, harness.clock.now()
    scope = scope or ScopeRequest("project", ResourceRef(name=project or name, domain_name="Default"))
    request = AuthRequest((PasswordAuth(ResourceRef(name=name, domain_name="Default"), PASSWORD),), scope)
    with harness.services.database.transaction() as db:
        identity = authentication.resolve_methods(db, request, now)
        authentication.verify_secrets(identity)
        return authentication.issue_token(db, request, identity, now)[0]
