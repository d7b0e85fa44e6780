"""`stratiform db`: the schema of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from stratiform.app import home_folder
from stratiform.interfaces.cli.confirmation import Yes, confirm
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session

if TYPE_CHECKING:
    from stratiform.kit.database import Database

app = typer.Typer(help="Manage the database schema.", no_args_is_help=True)


@app.command("upgrade")
def db_upgrade() -> None:
    """Upgrade the schema to the newest revision."""
    from stratiform.app import database_schema

    with _open_database() as base:
        database_schema.upgrade(base)


@app.command("downgrade")
def db_downgrade(revision: str, yes: Yes = False) -> None:
    """Downgrade to REVISION (`base`: drop all tables). First stop all programs.

    Data that the older schema cannot store is deleted, after confirmation.
    """
    if home_folder.list_running_programs(session.home):
        raise CliError(
            f"Stratiform is running in {session.home}",
            "stop it with `stratiform down`, in every home that uses this database",
        )
    from stratiform.app import database_schema

    with _open_database() as base:
        losses = database_schema.list_deleted_data(base, revision)
        if losses:
            confirm(f"Downgrade to {revision} and delete {', '.join(losses)}", yes=yes)
        database_schema.downgrade(base, revision)
        typer.echo(f"Revision: {database_schema.current_revision(base) or 'none'}")


@app.command("list")
def db_list() -> None:
    """List the revisions, oldest first; * marks those that are applied."""
    from stratiform.app import database_schema

    with _open_database() as base:
        for step in database_schema.list_revisions(base):
            typer.echo(f"{'*' if step.applied else ' '} {step.revision}  {step.message}")


@contextmanager
def _open_database() -> "Iterator[Database]":
    from stratiform.app.settings import load_settings  # SQLAlchemy takes longer to load than the help
    from stratiform.kit.database import Database

    home_folder.prepare_folder(session.home)
    base = Database(load_settings(session.home).database)
    try:
        yield base
    finally:
        base.close()
