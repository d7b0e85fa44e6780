"""The schema of the database: upgrade, downgrade and its revisions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from stratiform import migrations
from stratiform.kit.database import Database, metadata
from stratiform.kit.database_errors import translate_errors
from stratiform.kit.errors import Conflict, Invalid
from stratiform.migrations import HEAD, OLDEST

if TYPE_CHECKING:
    from alembic.config import Config

#: Where Alembic stores the revision of a database, as Alembic declares it.
_revision_table = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)

__all__ = [
    "Revision",
    "current_revision",
    "downgrade",
    "import_tables",
    "list_deleted_data",
    "list_revisions",
    "metadata",
    "migrate",
    "upgrade",
]


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision; `applied`: the database has it."""

    revision: str
    message: str
    applied: bool


def import_tables() -> None:
    """Import every module that declares tables, so that the metadata is complete."""
    for module in ("app.manifests", "kit.installation_keys", "kit.outbox", "kit.work_queue"):
        import_module(f"stratiform.{module}")


def current_revision(database: Database) -> str:
    """Return the revision of the database; "" if it is empty."""
    with database.read_transaction() as db:
        if not inspect(db).has_table("alembic_version"):
            return ""
        return str(db.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def require_newest_revision(database: Database) -> None:
    """Raises Conflict unless the database has the newest revision."""
    revision = current_revision(database)
    if revision != HEAD:
        raise Conflict(
            f"The database schema has revision '{revision}', but this release requires '{HEAD}'",
            hint="run `stratiform up` or `stratiform db upgrade`",
        )


def upgrade(database: Database, revision: str = HEAD) -> None:
    """Upgrade the database to a revision, by default the newest. Raises Invalid for an unknown revision."""
    current = current_revision(database)
    if not current and revision == HEAD:
        _create_tables(database)
    elif current != revision:
        migrate(database, revision)


def migrate(database: Database, revision: str = HEAD) -> None:
    """Run the migrations up to a revision. Raises Invalid for an unknown revision."""
    from alembic import command  # takes a second to import, and is needed once per release

    with _schema_transaction(database) as db, _known_revision():
        command.upgrade(_config(db), revision)


def _create_tables(database: Database) -> None:
    """Create all tables at once, because the migrations of all releases take ten times as long.

    Tables that exist are kept: MariaDB has no transactions for them, so a start that was killed leaves some.
    """
    import_tables()
    with database.transaction() as db:
        metadata.create_all(db)
        _revision_table.create(db, checkfirst=True)
        db.execute(_revision_table.insert().values(version_num=HEAD))


def downgrade(database: Database, revision: str) -> None:
    """Downgrade to `revision` (`base`: drop all tables). Raises Invalid for an unknown revision."""
    from alembic import command

    with _schema_transaction(database) as db, _known_revision():
        command.downgrade(_config(db), revision)


@contextmanager
def _schema_transaction(database: Database) -> Iterator[Connection]:
    """Open a transaction that changes tables. Raises Conflict if a row would refer to a row that does not exist.

    SQLite changes a column by creating the table anew. To drop the former table deletes its rows, and so those that
    refer to them, unless foreign keys are off. Source: sqlite.org/lang_altertable.html, section 7.
    """
    if database.dialect != "sqlite":
        with database.transaction() as db:
            yield db
        return
    with translate_errors(), database.engine.connect() as db:
        driver = db.connection.cursor()
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with db.begin():
                yield db
                if violation := db.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise Conflict(f"Rows of table {violation[0]} refer to rows of {violation[2]} that do not exist")
        finally:
            driver.execute("PRAGMA foreign_keys = ON")
            driver.close()


def list_deleted_data(database: Database, revision: str) -> list[str]:
    """Return what a downgrade to `revision` deletes, such as "documents (12)".

    Raises Invalid for an unknown revision.
    """
    from alembic.script import ScriptDirectory

    current = current_revision(database)
    losses: dict[str, int] = {}
    with database.read_transaction() as db, _known_revision():
        tables = set(inspect(db).get_table_names())
        scripts = ScriptDirectory.from_config(_config(db)).iterate_revisions(current or None, revision)
        for script in scripts:
            for name, source in script.module.LOSSES.items():
                if source.split()[0] in tables:
                    count = db.execute(text(f"SELECT count(*) FROM {source}")).scalar_one()  # noqa: S608 - our constants
                    losses[name] = losses.get(name, 0) + int(count)
    return [f"{name} ({count})" for name, count in losses.items() if count]


@contextmanager
def _known_revision() -> Iterator[None]:
    """Raise Invalid for a revision that Alembic does not know."""
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    try:
        yield
    except (CommandError, RevisionError) as error:
        hint = f"`stratiform db list` prints the revisions; databases before {OLDEST} have no upgrade"
        raise Invalid(str(error), hint=hint) from error


def list_revisions(database: Database) -> list[Revision]:
    """Return every revision, oldest first."""
    from alembic.script import ScriptDirectory

    current = current_revision(database)
    with database.read_transaction() as db:
        directory = ScriptDirectory.from_config(_config(db))
    scripts = list(reversed(list(directory.walk_revisions())))
    last_applied = next((index for index, script in enumerate(scripts) if script.revision == current), -1)
    return [
        Revision(script.revision, (script.doc or "").rstrip("."), index <= last_applied)
        for index, script in enumerate(scripts)
    ]


def _config(connection: object) -> "Config":
    from alembic.config import Config

    import_tables()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config
