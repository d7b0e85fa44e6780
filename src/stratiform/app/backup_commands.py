"""`stratiform backup` and `stratiform restore`."""

from pathlib import Path
from typing import Annotated

import typer

from stratiform.interfaces.cli.session import session
from stratiform.interfaces.cli.text import print_line


def save_backup(
    file: Annotated[Path, typer.Argument(help="New archive: .tar, .tar.gz or .tar.zst.", metavar="FILE")],
) -> None:
    """Back up the database, keys and other files of this home to one archive. Programs can keep running.

    The archive contains private keys and passwords: only its owner can read it; encrypt it before you copy it.
    """
    from stratiform.app.backup.saving import BackupWriter
    from stratiform.app.settings import load_settings
    from stratiform.kit.clock import SystemClock
    from stratiform.kit.database import Database

    settings, target = load_settings(session.home), file.absolute()
    database = Database(settings.database)
    try:
        manifest = BackupWriter(settings, database, SystemClock()).write(target)
    finally:
        database.close()
    rows, files = sum(manifest.tables.values()), _count_files(manifest.members)
    print_line(f"{file}: {rows} rows from {len(manifest.tables)} tables, {files} files, {target.stat().st_size} bytes")


def restore_backup(
    file: Annotated[Path, typer.Argument(help="Archive created by `stratiform backup`.", metavar="FILE")],
) -> None:
    """Restore a backup to an empty home and an empty database, on any supported database system.

    The home may contain stratiform.toml with another `database_url`; this file is kept.
    """
    from stratiform.app.backup.restoring import BackupRestorer

    manifest = BackupRestorer(session.home).restore(file)
    rows, files = sum(manifest.tables.values()), _count_files(manifest.members)
    print_line(f"{session.home}: {rows} rows from {len(manifest.tables)} tables and {files} files restored")
    print_line(f"Restored to {manifest.created_at}. Later exports and checkpoints contradict the restored ledger.")
    print_line("Before you run `stratiform up`, permanently stop the installation that was backed up.")


def _count_files(members: object) -> int:
    assert isinstance(members, dict)
    return sum(name.startswith("home/") for name in members)
