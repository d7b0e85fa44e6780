"""An identity service with a database of its own, without the other services."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stratiform.app.bootstrap import CATALOG
from stratiform.kit.clock import ManualClock
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Database, metadata
from stratiform.kit.ids import SequentialIds
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.identity.model import (
    ADMIN_PROJECT,
    AuthRequest,
    ListQuery,
    PasswordAuth,
    Project,
    ResourceRef,
    ScopeRequest,
    SecurityCompliance,
    Token,
    User,
)
from stratiform.services.identity.model.backends import IdentityBackends
from stratiform.services.identity.service import IdentityService
from stratiform.services.identity.service.password_hasher import PasswordHasher

URL = "http://cloud.example"


@dataclass(frozen=True, slots=True)
class IdentityHarness:
    """A bootstrapped installation with the users "admin" (admin-pass) and "demo" (demo-pass)."""

    identity: IdentityService
    database: Database
    clock: ManualClock

    @contextmanager
    def transaction(self, caller: Caller = SYSTEM) -> Iterator[RequestContext]:
        with self.database.transaction() as db:
            yield RequestContext(db, caller, self.clock.now())

    @contextmanager
    def snapshot(self, caller: Caller = SYSTEM) -> Iterator[RequestContext]:
        with self.database.read_transaction() as db:
            yield RequestContext(db, caller, self.clock.now())

    def authenticate(self, request: AuthRequest) -> tuple[str, Token]:
        return self.identity.authentication.sign_in(self.database, self.clock, request)

    def issue_token(self, name: str = "demo", password: str = "", scope: ScopeRequest | None = None) -> str:
        return self.authenticate(AuthRequest((password_auth(name, password),), scope))[0]

    def validate(self, token_id: str) -> Token:
        with self.database.read_transaction() as db:
            return self.identity.tokens.validate(db, token_id, self.clock.now())

    def caller(self, token_id: str) -> Caller:
        with self.database.read_transaction() as db:
            return self.identity.authenticate(db, token_id, self.clock.now())

    def user(self, name: str) -> User:
        with self.snapshot() as ctx:
            return self.identity.users.list(ctx, list_query(name=name)).items[0]

    def project(self, name: str) -> Project:
        with self.snapshot() as ctx:
            return self.identity.projects.list(ctx, list_query(name=name)).items[0]

    def role_id(self, name: str) -> str:
        with self.snapshot() as ctx:
            return self.identity.roles.list(ctx, list_query(name=name)).items[0].id


#: Tables of the kit to which the service writes.
_SHARED = ("outbox", "work")


def list_query(**filters: str | bool) -> ListQuery:
    return ListQuery(filters=filters)


def password_auth(name: str, password: str = "", domain: str = "Default") -> PasswordAuth:
    return PasswordAuth(ResourceRef(name=name, domain_name=domain), password or f"{name}-pass")


def second_process(harness: IdentityHarness, **compliance: Any) -> IdentityHarness:
    """Return an identity service with the same database and keys, and a cache of its own."""
    keys = harness.identity.tokens.keys
    identity = IdentityService.build(
        SequentialIds(), keys, keys, PasswordHasher(4), compliance=SecurityCompliance(**compliance)
    )
    return IdentityHarness(identity, harness.database, harness.clock)


@contextmanager
def open_harness(
    url: str,
    folder: Path,
    *,
    admin_project_name: str = ADMIN_PROJECT,
    backends: IdentityBackends = IdentityBackends(),
    **compliance: Any,
) -> Iterator[IdentityHarness]:
    database = Database(url)
    tables = [table for name, table in metadata.tables.items() if name.startswith("identity_") or name in _SHARED]
    metadata.create_all(database.engine, tables=tables)
    keys = KeyRepository(folder / "keys")
    keys.create()
    clock = ManualClock()
    identity = IdentityService.build(
        SequentialIds(),
        keys,
        keys,
        PasswordHasher(4),
        compliance=SecurityCompliance(**compliance),
        admin_project_name=admin_project_name,
        backends=backends,
        clock=clock,
    )
    harness = IdentityHarness(identity, database, clock)
    with harness.transaction() as ctx:
        identity.bootstrap(ctx.db, ctx.now, admin_password="admin-pass")
        identity.update_catalog(ctx.db, ctx.now, url=URL, region="RegionOne", catalog=CATALOG)
        identity.ensure_demo_project(ctx, "demo-pass")
    yield harness
    database.close()
