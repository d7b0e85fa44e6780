"""Writing of a backup while the programs run."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from stratiform import __version__
from stratiform.app import database_schema
from stratiform.app.backup import tables
from stratiform.app.backup.archive import ArchiveWriter, Manifest, create_archive
from stratiform.app.backup.home_files import list_files, open_consistently, read_key_files
from stratiform.app.home_folder import LAST_NOTE
from stratiform.app.home_keys import check_keys
from stratiform.app.settings import Settings
from stratiform.kit.clock import SECOND_US, Clock, format_iso_seconds
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Conflict
from stratiform.migrations import HEAD

#: The last note that was signed here. It is written often, and has the state from before the database's.


@dataclass(frozen=True, slots=True)
class BackupWriter:
    """Writes the backup of a home to an archive."""

    settings: Settings
    database: Database
    clock: Clock

    def write(self, file: Path) -> Manifest:
        """Write the archive. Raises: Conflict if keys are lost or change meanwhile; Invalid if the file exists."""
        revision = database_schema.current_revision(self.database)
        if not revision:
            raise Conflict(f"The database of {self.settings.home} is empty", hint="`stratiform up` creates it")
        if revision == HEAD:
            check_keys(self.settings.home, self.database)
        now = self.clock.now()
        with create_archive(file, now // SECOND_US) as archive:
            # Before the database: the log must contain everything that the last note covers.
            keys = read_key_files(self.settings.home)
            with self.database.snapshot() as db:
                rows = self._write_tables(archive, db)
            for name, content in keys.items():
                archive.add(f"home/{name}", content)
            self._write_files(archive, file)
            self._require_same_keys(keys)
            return archive.finish(
                program=__version__, created_at=format_iso_seconds(now), revision=revision, tables=rows
            )

    def _write_tables(self, archive: ArchiveWriter, db: Connection) -> dict[str, int]:
        """Write all rows and return their number by table."""
        rows = dict.fromkeys(tables.list_tables(db), 0)
        for name in rows:
            for chunk in tables.iterate_chunks(db, name):
                archive.add(f"database/{name}/{chunk.number:06}", chunk.content)
                rows[name] += chunk.rows
        return rows

    def _write_files(self, archive: ArchiveWriter, file: Path) -> None:
        """Write the files of the home, without keys and database. A file that is deleted meanwhile is left out."""
        home = self.settings.home
        for path in list_files(home, frozenset({file, *_database_files(self.settings)})):
            if home / "keys" in path.parents:
                continue
            try:
                with open_consistently(path) as (source, size):
                    archive.add_stream(f"home/{path.relative_to(home)}", source, size)
            except FileNotFoundError:
                continue

    def _require_same_keys(self, before: dict[str, bytes]) -> None:
        """The keys were read before the rows, so a rotation in between would be missing. Raises: Conflict."""
        after = read_key_files(self.settings.home)
        for keys in (before := dict(before), after):
            keys.pop(LAST_NOTE, None)
        if before != after:
            raise Conflict("A key changed during the backup", hint="run the backup again")


def _database_files(settings: Settings) -> list[Path]:
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    return [Path(url.database).absolute()]
