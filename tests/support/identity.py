"""Identity alone on a database of its own: no other service is needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stratiform.kit.clock import ManualClock
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Connection, Database, metadata
from stratiform.kit.ids import CountingIds
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.identity.model import ByPassword, Named, Project, Query, ScopeAsked, SignIn, Token, User
from stratiform.services.identity.service import IdentityService

URL = "http://cloud.example"


@dataclass(frozen=True, slots=True)
class Desk:
    """An installation with its admin (admin-pass) and its demo user (demo-pass)."""

    identity: IdentityService
    database: Database
    clock: ManualClock

    @contextmanager
    def writing(self, caller: Caller = SYSTEM) -> Iterator[RequestContext]:
        with self.database.transaction() as db:
            yield RequestContext(db, caller, self.clock.now())

    @contextmanager
    def reading(self, caller: Caller = SYSTEM) -> Iterator[RequestContext]:
        with self.database.snapshot() as db:
            yield RequestContext(db, caller, self.clock.now())

    def sign_in(self, asked: SignIn) -> tuple[str, Token]:
        with self.database.snapshot() as db:
            found = self.identity.sign_ins.look_up(db, asked, self.clock.now())
        self.identity.sign_ins.prove(found)
        with self.database.snapshot() as db:
            return self.identity.sign_ins.issue(db, asked, found, self.clock.now())

    def token(self, name: str = "demo", password: str = "", scope: ScopeAsked | None = None) -> str:
        return self.sign_in(SignIn((by_password(name, password),), scope))[0]

    def valid(self, text: str) -> Token:
        with self.database.snapshot() as db:
            return self.identity.tokens.valid(db, text, self.clock.now())

    def caller(self, text: str) -> Caller:
        with self.database.snapshot() as db:
            return self.identity.caller(db, text, self.clock.now())

    def user(self, name: str) -> User:
        with self.database.snapshot() as db:
            return one(db, self.identity, name)

    def project(self, name: str) -> Project:
        with self.reading() as ctx:
            found = self.identity.projects.reachable(ctx.db, self.user(name).id, query())
        return found[0]


def one(db: Connection, identity: IdentityService, name: str) -> User:
    ctx = RequestContext(db, SYSTEM, 0)
    return identity.users.all(ctx, query(name=name)).items[0]


def query(**equal: str | bool) -> Query:
    return Query(equal=equal)


def by_password(name: str, password: str = "", domain: str = "Default") -> ByPassword:
    return ByPassword(Named(name=name, domain_name=domain), password or f"{name}-pass")


def second(desk: Desk) -> Desk:
    """Another process on the same database and keys."""
    keys = desk.identity.tokens.keys
    return Desk(IdentityService(CountingIds(), keys, 4), desk.database, desk.clock)


@contextmanager
def open_desk(url: str, folder: Path) -> Iterator[Desk]:
    database = Database(url)
    tables = [table for name, table in metadata.tables.items() if name.startswith("identity_")]
    metadata.create_all(database.engine, tables=tables)
    keys = Keys(folder / "keys")
    keys.create()
    made = Desk(IdentityService(CountingIds(), keys, 4), database, ManualClock())
    with made.writing() as ctx:
        made.identity.bootstrap(ctx.db, ctx.now, url=URL, region="RegionOne", admin_password="admin-pass")
        made.identity.ensure_demo(ctx, "demo-pass")
    yield made
    database.close()
