"""A whole stack for a test: real services on a real database, a clock that stands still, ids that count."""

from dataclasses import dataclass
from pathlib import Path

from litestar import Litestar

from stratiform.app.api import application
from stratiform.app.settings import Settings
from stratiform.app.wiring import build
from stratiform.interfaces.services import Services
from stratiform.kit.clock import ManualClock
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.ids import SequentialIds
from stratiform.kit.policy import SYSTEM, Caller
from support.databases import create_tables


@dataclass(frozen=True, slots=True)
class Bench:
    """A stack under test, and its hands."""

    services: Services
    clock: ManualClock
    ids: SequentialIds

    def ctx(self, db: Connection, caller: Caller = SYSTEM) -> RequestContext:
        return RequestContext(db, caller, self.clock.now(), "req-test")


def bench(home: Path, database_url: str = "", *, tables: bool = True) -> Bench:
    """A stack in `home` with every table made (unless not wanted), and nothing in them."""
    clock, ids = ManualClock(), SequentialIds()
    settings = Settings(home=home, database_url=database_url, bcrypt_rounds=4)
    services = build(settings, clock=clock, ids=ids)
    if tables:
        create_tables(services.database)
    return Bench(services, clock, ids)


def customer(project_id: str = "p1", *roles: str) -> Caller:
    """A caller with `roles` (member, if none are named) in `project_id`."""
    given = roles or ("member",)
    implied = {"admin": {"admin", "member", "reader"}, "member": {"member", "reader"}, "reader": {"reader"}}
    return Caller(
        user_id="u1", project_id=project_id, roles=frozenset().union(*(implied.get(role, {role}) for role in given))
    )


def served(services: Services) -> Litestar:
    """The application over `stack`. One is made in a process: its four hundred routes take longer than most tests."""
    if not _made:
        _made.append(application(services))
    _made[0].state.services = services
    return _made[0]


_made: list[Litestar] = []
