"""Callers of the API with their tokens: an operator, and two projects with a member and a reader each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from litestar.testing import TestClient

from stratiform.app.bootstrap import CATALOG
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.policy import SYSTEM
from stratiform.services.identity.model import (
    Assignment,
    AuthRequest,
    NewProject,
    NewUser,
    PasswordAuth,
    ResourceRef,
    ScopeRequest,
)
from stratiform.services.identity.model import ListQuery as IdentityQuery
from support.stacks import Bench, cached_application, prepare

PASSWORD = "correct horse"
PROJECTS = ("green", "blue")
ROLES = ("member", "reader")


@dataclass(frozen=True, slots=True)
class Callers:
    """Send requests to the API in-process.

    Callers: `admin`; `green` and `blue`, members of the projects of these names; `green-reader`, `blue-reader`; and ""
    for no token.
    """

    bench: Bench
    client: TestClient[Any]
    tokens: dict[str, str]
    projects: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, caller: str = "green", **options: Any) -> httpx.Response:
        headers = {**options.pop("headers", {}), **({"X-Auth-Token": self.tokens[caller]} if caller else {})}
        return self.client.request(method, path, headers=headers, **options)

    def ok(self, method: str, path: str, caller: str = "green", **options: Any) -> Any:
        """Return the body of a successful response."""
        response = self.request(method, path, caller, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None


@contextmanager
def open_callers(bench: Bench) -> Iterator[Callers]:
    tokens, projects = prepare(bench, "callers", _create_callers)
    with TestClient(cached_application(bench.services), base_url=bench.services.url) as client:
        yield Callers(bench, client, dict(tokens), dict(projects))


def _create_callers(bench: Bench) -> tuple[dict[str, str], dict[str, str]]:
    """Create projects and users. Return the tokens by caller, and the project ids by name."""
    identity, now = bench.services.identity, bench.clock.now()
    with bench.services.database.transaction() as db:
        identity.bootstrap(db, now, admin_password=PASSWORD)
        identity.update_catalog(db, now, url=bench.services.url, region=bench.services.region, catalog=CATALOG)
        projects = _create_projects(bench, db)
    with bench.services.database.transaction() as db:
        ctx = RequestContext(db, SYSTEM, now)
        admin_project_id = identity.projects.list(ctx, IdentityQuery({"name": "admin"})).items[0].id
        tokens = {"admin": _create_token(bench, db, "admin", admin_project_id)}
        for name, project_id in projects.items():
            tokens[name] = _create_token(bench, db, f"{name}-member", project_id)
            tokens[f"{name}-reader"] = _create_token(bench, db, f"{name}-reader", project_id)
    return tokens, projects | {"admin": admin_project_id}


def _create_projects(bench: Bench, db: Connection) -> dict[str, str]:
    """Create the projects with a user for each role. Return their ids by name."""
    identity, ctx = bench.services.identity, RequestContext(db, SYSTEM, bench.clock.now())
    projects: dict[str, str] = {}
    for name in PROJECTS:
        project = identity.projects.create(ctx, NewProject(name, domain_id="default"))
        projects[name] = project.id
        for role in ROLES:
            password = identity.passwords.hash(PASSWORD)
            user = identity.users.create(ctx, NewUser(f"{name}-{role}", domain_id="default", password=password))
            role_id = identity.roles.list(ctx, IdentityQuery({"name": role})).items[0].id
            identity.assignments.grant(ctx, Assignment(role_id, "user", user.id, "project", project.id))
    return projects


def _create_token(bench: Bench, db: Connection, user: str, project_id: str) -> str:
    authentication, now = bench.services.identity.authentication, bench.clock.now()
    password = PasswordAuth(ResourceRef(name=user, domain_id="default"), PASSWORD)
    request = AuthRequest((password,), ScopeRequest("project", ResourceRef(id=project_id)))
    identity = authentication.resolve(db, request, now)
    authentication.verify(identity)
    return authentication.issue(db, request, identity, now)[0]
