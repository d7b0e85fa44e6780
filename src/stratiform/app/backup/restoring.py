"""Restoring of a backup into an empty home and an empty database."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import inspect

from stratiform.app import database_schema
from stratiform.app.backup import tables
from stratiform.app.backup.archive import Manifest, read_members, verify_archive
from stratiform.app.home_folder import prepare_folder
from stratiform.app.home_keys import check_keys
from stratiform.app.settings import load_settings
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Conflict, Fault, Invalid

#: The files are restored here first, so that a home is complete or empty.
_STAGE = ".restore"

#: A home may have this file before: it selects the database, and is kept.
_SETTINGS = "stratiform.toml"


@dataclass(frozen=True, slots=True)
class BackupRestorer:
    """Restores a backup into `home`."""

    home: Path

    def restore(self, file: Path) -> Manifest:
        """Restore the whole backup, or nothing.

        Raises: Invalid if the archive is damaged; Conflict if the home or the database is not empty.
        """
        manifest = verify_archive(file)
        self._require_empty_home()
        prepare_folder(self.home)
        stage = self.home / _STAGE
        shutil.rmtree(stage, ignore_errors=True)
        try:
            self._extract_files(file, stage)
            self._restore_database(file, manifest, stage)
            for path in sorted(stage.iterdir()):
                path.rename(self.home / path.name)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        return manifest

    def _require_empty_home(self) -> None:
        if self.home.is_dir() and {path.name for path in self.home.iterdir()} - {_STAGE, _SETTINGS}:
            raise Conflict(f"{self.home} is not empty", hint="choose a new home with --home")

    def _extract_files(self, file: Path, stage: Path) -> None:
        stage.mkdir(mode=0o700)
        for name, source in read_members(file):
            area, _, path = name.partition("/")
            if area != "home" or (path == _SETTINGS and (self.home / _SETTINGS).exists()):
                continue
            target = stage / path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with target.open("wb") as sink:
                shutil.copyfileobj(source, sink)

    def _restore_database(self, file: Path, manifest: Manifest, stage: Path) -> None:
        """Restore the rows at the revision of the backup, and upgrade them to that of this program."""
        settings_home = self.home if (self.home / _SETTINGS).exists() else stage
        database_url = load_settings(settings_home).database_url
        database = Database(load_settings(self.home, database_url=database_url or None).database)
        try:
            _require_empty_database(database)
            try:
                database_schema.upgrade(database, manifest.revision)
                _insert_rows(file, manifest, database)
                database_schema.upgrade(database)
                check_keys(stage, database)
            except BaseException:
                _empty(database)
                self._delete_own_database()
                raise
        finally:
            database.close()

    def _delete_own_database(self) -> None:
        for path in self.home.glob("stratiform.db*"):
            path.unlink()


def _require_empty_database(database: Database) -> None:
    with database.read_transaction() as db:
        if set(inspect(db).get_table_names()) - {tables.REVISION_TABLE}:
            raise Conflict(
                "The database is not empty",
                hint=f"set another database_url in HOME/{_SETTINGS} or STRATIFORM_DATABASE_URL",
            )


def _insert_rows(file: Path, manifest: Manifest, database: Database) -> None:
    """Insert all rows in one transaction. Raises: Invalid if their number differs."""
    names = list(manifest.tables)
    rows = dict.fromkeys(names, 0)
    with database.transaction() as db, tables.deferred_foreign_keys(db, names):
        tables.delete_rows(db, names)
        for name, source in read_members(file):
            area, _, path = name.partition("/")
            if area == "database":
                table = path.partition("/")[0]
                rows[table] += _insert_chunk(db, table, source)
        if rows != manifest.tables:
            raise Invalid(f"{file} is corrupt: the number of rows does not match the manifest")
    with database.transaction() as db:
        tables.continue_sequences(db, names)


def _insert_chunk(db: Connection, table: str, source: IO[bytes]) -> int:
    return tables.insert_chunk(db, table, source.read())


def _empty(database: Database) -> None:
    """Remove what a failed restoration has created."""
    with suppress(Fault):
        database_schema.downgrade(database, "base")
