"""The schema of the database: up, down, and where it stands."""

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from stratiform import migrations, services
from stratiform.kit.db import Database, metadata
from stratiform.kit.errors import Invalid
from stratiform.migrations import HEAD

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["Step", "downgrade", "history", "load_tables", "metadata", "standing", "upgrade"]


@dataclass(frozen=True, slots=True)
class Step:
    """One revision; `applied` says whether the database has it."""

    revision: str
    message: str
    applied: bool


def load_tables() -> None:
    """Import every `tables.py`, so that the metadata is whole."""
    for service in pkgutil.iter_modules(services.__path__):
        folder = Path(services.__path__[0]) / service.name
        if (folder / "tables.py").exists():
            import_module(f"stratiform.services.{service.name}.tables")
    import_module("stratiform.kit.outbox")
    import_module("stratiform.kit.work")


def standing(database: Database) -> str:
    """The revision that the database is at; "" where it is empty."""
    with database.snapshot() as db:
        if not inspect(db).has_table("alembic_version"):
            return ""
        return str(db.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def upgrade(database: Database) -> None:
    """Bring the database to the newest revision; does nothing where it is there."""
    if standing(database) != HEAD:
        from alembic import command  # costs a second of start-up, and is needed once a release

        with database.transaction() as db:
            command.upgrade(_config(db), "head")


def downgrade(database: Database, revision: str) -> None:
    """Go back to `revision` (`base`: to nothing). Raises Invalid where there is no such revision."""
    from alembic import command
    from alembic.util import CommandError

    with database.transaction() as db:
        try:
            command.downgrade(_config(db), revision)
        except CommandError as error:
            raise Invalid(str(error), hint="`stratiform db list` names the revisions") from error


def history(database: Database) -> list[Step]:
    """Every revision, oldest first."""
    from alembic.script import ScriptDirectory

    at = standing(database)
    with database.snapshot() as db:
        script = ScriptDirectory.from_config(_config(db))
    steps = list(reversed(list(script.walk_revisions())))
    reached = next((i for i, step in enumerate(steps) if step.revision == at), -1)
    return [Step(step.revision, (step.doc or "").rstrip("."), i <= reached) for i, step in enumerate(steps)]


def _config(connection: object) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    return config
