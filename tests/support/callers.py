"""A stack with people in it, and their tokens: an operator, and two projects with a member and a reader each."""

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
from support.stacks import Bench, served

PASSWORD = "correct horse"
PROJECTS = ("green", "blue")
ROLES = ("member", "reader")


@dataclass(frozen=True, slots=True)
class People:
    """Asks the API in-process. Who: `admin`, `green` or `blue` (members), `green-reader`, `blue-reader`, "" nobody."""

    of: Bench
    client: TestClient[Any]
    tokens: dict[str, str]
    projects: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, who: str = "green", **more: Any) -> httpx.Response:
        headers = {**more.pop("headers", {}), **({"X-Auth-Token": self.tokens[who]} if who else {})}
        return self.client.request(method, path, headers=headers, **more)

    def ok(self, method: str, path: str, who: str = "green", **more: Any) -> Any:
        """The body of an answer that must be a success."""
        answer = self.ask(method, path, who, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def people(of: Bench) -> Iterator[People]:
    identity, now = of.services.identity, of.clock.now()
    with of.services.database.transaction() as db:
        identity.bootstrap(
            db, now, url=of.services.url, region=of.services.region, admin_password=PASSWORD, catalog=CATALOG
        )
        projects = _projects(of, db)
    with of.services.database.transaction() as db:
        admin_project = (
            identity.projects.list(RequestContext(db, SYSTEM, now), IdentityQuery({"name": "admin"})).items[0].id
        )
        tokens = {"admin": _token(of, db, "admin", admin_project)}
        for name, project_id in projects.items():
            tokens[name] = _token(of, db, f"{name}-member", project_id)
            tokens[f"{name}-reader"] = _token(of, db, f"{name}-reader", project_id)
    with TestClient(served(of.services), base_url=of.services.url) as client:
        yield People(of, client, tokens, projects | {"admin": admin_project})


def _projects(of: Bench, db: Connection) -> dict[str, str]:
    identity, ctx = of.services.identity, RequestContext(db, SYSTEM, of.clock.now())
    made: dict[str, str] = {}
    for name in PROJECTS:
        project = identity.projects.create(ctx, NewProject(name, domain_id="default"))
        made[name] = project.id
        for role in ROLES:
            sealed = identity.passwords.hash(PASSWORD)
            user = identity.users.create(ctx, NewUser(f"{name}-{role}", domain_id="default", password=sealed))
            role_id = identity.roles.list(ctx, IdentityQuery({"name": role})).items[0].id
            identity.assignments.grant(ctx, Assignment(role_id, "user", user.id, "project", project.id))
    return made


def _token(of: Bench, db: Connection, user: str, project_id: str) -> str:
    sign_ins, now = of.services.identity.authentication, of.clock.now()
    named = ResourceRef(name=user, domain_id="default")
    asked = AuthRequest((PasswordAuth(named, PASSWORD),), ScopeRequest("project", ResourceRef(id=project_id)))
    found = sign_ins.resolve(db, asked, now)
    sign_ins.verify(found)
    return sign_ins.issue(db, asked, found, now)[0]
