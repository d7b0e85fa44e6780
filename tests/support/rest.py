"""The REST face over a test's stack: an operator, a customer and a reader of theirs, signed in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.testing import TestClient

from stratiform.app.bootstrap import CATALOG
from stratiform.interfaces.endpoints.dispatch import router
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.parameters import takes_what_it_knows
from stratiform.interfaces.rest.problems import render_problem
from stratiform.services.identity.model import AuthRequest, PasswordAuth, ResourceRef, ScopeRequest
from support.stacks import Bench

PASSWORD = "open sesame"


@dataclass(frozen=True, slots=True)
class Rest:
    """Requests below `/api/v1`, as the operator unless another token is given."""

    http: TestClient[Litestar]
    admin: str
    demo: str
    demo_project: str

    def __call__(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> httpx.Response:
        headers = {"X-Auth-Token": self.admin if token is None else token}
        return self.http.request(method, f"/api/v1/{path}", json=body, headers=headers if token != "" else {})


@contextmanager
def rest(bench: Bench, handlers: Sequence[Any] = ()) -> Iterator[Rest]:
    """A server with these handlers, the users "admin" and "demo", and the project "demo"."""
    services, now = bench.services, bench.clock.now()
    with services.database.transaction() as db:
        services.identity.bootstrap(
            db, now, url=services.url, region=services.region, admin_password=PASSWORD, catalog=CATALOG
        )
        project = services.identity.ensure_demo_project(bench.ctx(db), PASSWORD)
    remaining = Router(
        path="/api/v1",
        route_handlers=list(handlers),
        guards=[takes_what_it_knows],
        exception_handlers={Exception: render_problem, HTTPException: render_problem},
    )
    app = Litestar(route_handlers=[router(api), remaining], state=State({"services": services}), openapi_config=None)
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Rest(http, sign_in(bench, "admin"), sign_in(bench, "demo"), project.id)


def sign_in(bench: Bench, name: str, project: str = "") -> str:
    """A token of the user `name` for the project of the same name, or another."""
    ways, now = bench.services.identity.authentication, bench.clock.now()
    scope = ScopeRequest("project", ResourceRef(name=project or name, domain_name="Default"))
    asked = AuthRequest((PasswordAuth(ResourceRef(name=name, domain_name="Default"), PASSWORD),), scope)
    with bench.services.database.transaction() as db:
        found = ways.resolve(db, asked, now)
        ways.verify(found)
        return ways.issue(db, asked, found, now)[0]
