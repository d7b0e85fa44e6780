"""Callers of the API with their tokens: an operator, and two projects with a member and a reader each."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from litestar.testing import TestClient

from stratiform.app.bootstrap import CATALOG
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.policy import SYSTEM
from stratiform.services.identity.model import (
    AuthRequest,
    NewProject,
    NewUser,
    PasswordAuth,
    ResourceRef,
    RoleAssignment,
    ScopeRequest,
)
from stratiform.services.identity.model import ListQuery as IdentityQuery
from support.stacks import ServiceHarness, cached_application, prepare

PASSWORD = "correct horse"
PROJECTS = ("green", "blue")
ROLES = ("member", "reader")


@dataclass(frozen=True, slots=True)
class Callers:
    """Send requests to the API in-process.

    Callers: `admin`; `green` and `blue`, members of the projects of these names; `green-reader`, `blue-reader`; and ""
    for no token.
    """

    harness: ServiceHarness
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
def open_callers(harness: ServiceHarness) -> Iterator[Callers]:
    tokens, projects = prepare(harness, "callers", _create_callers)
    with TestClient(cached_application(harness.services), base_url=harness.services.url) as client:
        client.headers["Accept"] = "application/json"  # as the SDKs; otherwise, errors of Glance are HTML
        yield Callers(harness, client, dict(tokens), dict(projects))


def _create_callers(harness: ServiceHarness) -> tuple[dict[str, str], dict[str, str]]:
    """Create projects and users. Return the tokens by caller, and the project ids by name."""
    identity, now = harness.services.identity, harness.clock.now()
    with harness.services.database.transaction() as db:
        identity.bootstrap(db, now, admin_password=PASSWORD)
        identity.update_catalog(db, now, url=harness.services.url, region=harness.services.region, catalog=CATALOG)
        projects = _create_projects(harness, db)
    with harness.services.database.transaction() as db:
        ctx = RequestContext(db, SYSTEM, now)
        admin_project_id = identity.projects.list(ctx, IdentityQuery({"name": "admin"})).items[0].id
        tokens = {"admin": _create_token(harness, db, "admin", admin_project_id)}
        for name, project_id in projects.items():
            tokens[name] = _create_token(harness, db, f"{name}-member", project_id)
            tokens[f"{name}-reader"] = _create_token(harness, db, f"{name}-reader", project_id)
    return tokens, projects | {"admin": admin_project_id}


def _create_projects(harness: ServiceHarness, db: Connection) -> dict[str, str]:
    """Create the projects with a user for each role. Return their ids by name."""
    identity, ctx = harness.services.identity, RequestContext(db, SYSTEM, harness.clock.now())
    projects: dict[str, str] = {}
    for name in PROJECTS:
        project = identity.projects.create(ctx, NewProject(name, domain_id="default"))
        projects[name] = project.id
        for role in ROLES:
            password = identity.passwords.hash(PASSWORD)
            user = identity.users.create(ctx, NewUser(f"{name}-{role}", domain_id="default", password=password))
            role_id = identity.roles.list(ctx, IdentityQuery({"name": role})).items[0].id
            identity.role_assignments.grant(ctx, RoleAssignment(role_id, "user", user.id, "project", project.id))
    return projects


def _create_token(harness: ServiceHarness, db: Connection, user: str, project_id: str) -> str:
    authentication, now = harness.services.identity.authentication, harness.clock.now()
    password = PasswordAuth(ResourceRef(name=user, domain_id="default"), PASSWORD)
    request = AuthRequest((password,), ScopeRequest("project", ResourceRef(id=project_id)))
    identity = authentication.resolve_methods(db, request, now)
    authentication.verify_secrets(identity)
    return authentication.issue_token(db, request, identity, now)[0]
