"""Backups: everything is restored, into an empty home and database of any kind, or nothing."""

import gzip
import io
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import select, text

from stratiform.app import database_schema
from stratiform.app.backup import tables
from stratiform.app.backup.archive import read_members, verify_archive
from stratiform.app.backup.restoring import BackupRestorer
from stratiform.app.backup.saving import BackupWriter
from stratiform.app.home_keys import check_keys, prepare_keys
from stratiform.app.settings import Settings
from stratiform.kit.database import Database, metadata
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.outbox import Event, append_event
from support.billing import BillingHarness, billing_harness
from support.databases import empty_database
from support.ledger import listing, recorded
from support.money import machine
from support.ports import free_port
from support.programs import Cli
from support.stacks import ServiceHarness, build_harness

#: Each kind of database as source and as target, and each step from one kind to another.
PAIRS = [
    ("sqlite", "sqlite"),
    ("postgresql", "postgresql"),
    ("mariadb", "mariadb"),
    ("sqlite", "postgresql"),
    ("postgresql", "mariadb"),
    ("mariadb", "sqlite"),
]


@contextmanager
def installation(home: Path, server: str) -> Iterator[ServiceHarness]:
    """Services of an installation with usage, invoices and files, in a database that the migrations have created."""
    home.mkdir()
    with empty_database(server, home) as url:
        database = Database(url)
        database_schema.upgrade(database)
        database.close()
        stack = build_harness(home, url, tables=False)
        prepare_keys(home, stack.services.database)
        fill(stack)
        (home / "images").mkdir()
        (home / "images" / "i1").write_bytes(b"\0image" * 100_000)
        (home / "clouds.yaml").write_text("clouds: {}\n")
        yield stack
        stack.services.database.close()


def fill(stack: ServiceHarness) -> None:
    with stack.services.database.transaction() as db:
        stack.services.ingest.messages.ingest(db, "openstack", recorded(), stack.clock.now())
        append_event(db, Event("m-1", "type", "publisher", 1, "memory", {"name": "Grüße 漢字", "number": 2**60}))
        stack.services.compute.flavors.create_defaults(stack.ctx(db))
    billing = billing_harness(stack)
    billing.ingest(machine("m1", "p1", "2026-11-02T00:00:00"))
    billing.at("2026-12-10T00:00:00").close("acme", "2026-11")
    billing.at("2027-01-10T00:00:00").close("acme", "2026-12")
    with stack.services.database.transaction() as db:
        stack.services.proof.checkpoints.create(db, stack.clock.now())


def back_up(stack: ServiceHarness, home: Path, file: Path) -> None:
    url = stack.services.database.engine.url.render_as_string(hide_password=False)
    BackupWriter(Settings(home=home, database_url=url), stack.services.database, stack.clock).write(file)


def dump(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows as the program reads them."""
    with database.read_transaction() as db:
        return {
            name: sorted(map(tuple, db.execute(select(table))), key=repr) for name, table in metadata.tables.items()
        }


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_everything_is_restored(tmp_path: Path, source: str, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_CHUNK_BYTES", 20_000)
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "backup.tar.zst"
    with installation(old, source) as stack, empty_database(target, tmp_path) as url:
        back_up(stack, old, file)
        monkeypatch.setenv("STRATIFORM_DATABASE_URL", url)
        manifest = BackupRestorer(new).restore(file)
        with closing(Database(url)) as database:
            assert dump(database) == dump(stack.services.database)
            assert manifest.tables["metering_event"] > 500
            assert manifest.tables["billing_document"] == 2
            check_keys(new, database)
        with closing(build_harness(new, url, tables=False).services.database):
            restored = build_harness(new, url, tables=False)
            with stack.services.database.read_transaction() as before, restored.services.database.transaction() as db:
                assert listing(restored.services.ledger, db) == listing(stack.services.ledger, before)
                restored.services.proof.checkpoints.create(db, stack.clock.now())
            restored.clock.at = stack.clock.now()
            BillingHarness(restored).ingest(machine("m2", "p1", "2027-01-02T00:00:00"))  # generates keys
            restored.services.database.close()
        for name in ("images/i1", "clouds.yaml", "keys/ledger/1", "keys/secrets/1", "keys/installation"):
            assert (new / name).read_bytes() == (old / name).read_bytes()
        assert not (new / ".restore").exists()


def test_backup_has_the_state_of_one_instant(tmp_path: Path) -> None:
    """Every number of events that is visible comes with the segments and tiles of the same transaction."""
    stop = threading.Event()
    with installation(tmp_path / "old", "sqlite") as stack:

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                BillingHarness(stack).ingest(machine(f"new-{number}", "p1", "2027-01-02T00:00:00"))

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for number in range(3):
                back_up(stack, tmp_path / "old", tmp_path / f"{number}.tar")
        finally:
            stop.set()
            thread.join()
    sizes = []
    for number in range(3):
        home = tmp_path / f"home-{number}"
        BackupRestorer(home).restore(tmp_path / f"{number}.tar")
        restored = build_harness(home, tables=False)
        with restored.services.database.transaction() as db:
            created = restored.services.proof.checkpoints.create(db, stack.clock.now())
            sizes.append(created.size)
        restored.services.database.close()
    assert sizes == sorted(sizes)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backup")
    with installation(folder / "old", "sqlite") as stack:
        back_up(stack, folder / "old", folder / "backup.tar")
    return folder / "backup.tar"


def test_archive_has_one_manifest_and_private_permissions(archive: Path) -> None:
    assert archive.stat().st_mode & 0o077 == 0
    with tarfile.open(archive) as tar:
        names = tar.getnames()
    assert names[-1] == "manifest.json"
    assert set(verify_archive(archive).members) == set(names[:-1])
    assert not [name for name in names if name.endswith((".pid", ".lock", ".log", "stratiform.db", "address"))]


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.zst"])
def test_compressed_archives(archive: Path, tmp_path: Path, suffix: str) -> None:
    home = tmp_path / "home"
    BackupRestorer(home).restore(archive)
    file = tmp_path / f"again{suffix}"
    settings = Settings(home=home)
    with closing(Database(settings.database)) as database:
        BackupWriter(settings, database, build_harness(tmp_path / "clock").clock).write(file)
        with pytest.raises(Invalid, match="already exists"):
            BackupWriter(settings, database, build_harness(tmp_path / "clock").clock).write(file)
    assert verify_archive(file).tables == verify_archive(archive).tables


def test_name_that_is_not_a_tar_file_is_rejected(tmp_path: Path) -> None:
    with installation(tmp_path / "old", "sqlite") as stack:
        with pytest.raises(Invalid, match=r"use .tar|does not have the suffix of a tar archive"):
            back_up(stack, tmp_path / "old", tmp_path / "backup.zip")
        assert not list(tmp_path.glob("*backup*"))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def drop_manifest(file: Path) -> None:
    rewrite(file, lambda name: name != "manifest.json")


def drop_key(file: Path) -> None:
    rewrite(file, lambda name: name != "home/keys/secrets/1")


def escape(file: Path) -> None:
    rewrite(file, lambda _name: True, prefix="../")


def rewrite(file: Path, keep: object, prefix: str = "") -> None:
    assert callable(keep)
    source = file.with_suffix(".source")
    shutil.copy(file, source)
    with tarfile.open(file, "w") as tar:
        for name, content in read_members(source):
            if keep(name):
                data = content.read()
                info = tarfile.TarInfo(prefix + name)
                info.size = len(data)

                tar.addfile(info, io.BytesIO(data))


@pytest.mark.parametrize("damage", [truncate, flip, drop_manifest, drop_key, escape])
def test_damaged_archive_restores_nothing(archive: Path, tmp_path: Path, damage: object) -> None:
    file, home = tmp_path / "damaged.tar", tmp_path / "home"
    shutil.copy(archive, file)
    assert callable(damage)
    damage(file)
    with pytest.raises(Invalid):
        BackupRestorer(home).restore(file)
    assert not home.exists()
    assert not (tmp_path / "manifest.json").exists()


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.zst"])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.9])
def test_archive_that_ends_early_is_refused(archive: Path, tmp_path: Path, suffix: str, share: float) -> None:
    file, home = tmp_path / f"cut.{suffix}", tmp_path / "home"
    content = archive.read_bytes()
    if suffix == "tar.gz":
        content = gzip.compress(content)
    elif suffix == "tar.zst":
        content = zstandard.ZstdCompressor().compress(content)
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Invalid):
        BackupRestorer(home).restore(file)
    assert not home.exists()


def test_home_or_database_that_is_not_empty_is_refused(archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    BackupRestorer(home).restore(archive)
    with pytest.raises(Conflict, match="is not empty"):
        BackupRestorer(home).restore(archive)
    other = tmp_path / "other"
    other.mkdir()
    (other / "stratiform.toml").write_text(f'database_url = "sqlite:///{home}/stratiform.db"\n')
    before = (home / "stratiform.db").read_bytes()
    with pytest.raises(Conflict, match="The database is not empty"):
        BackupRestorer(other).restore(archive)
    assert [path.name for path in other.iterdir()] == ["stratiform.toml"]
    assert (home / "stratiform.db").read_bytes() == before


def test_failed_restoration_leaves_an_empty_home(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"

    def fail(*_: object) -> int:
        raise Invalid("no space")

    with monkeypatch.context() as patch:
        patch.setattr(tables, "insert_chunk", fail)
        with pytest.raises(Invalid, match="no space"):
            BackupRestorer(home).restore(archive)
    assert list(home.iterdir()) == []
    BackupRestorer(home).restore(archive)


def test_home_with_lost_keys_is_not_backed_up(tmp_path: Path) -> None:
    with installation(tmp_path / "old", "sqlite") as stack:
        shutil.rmtree(tmp_path / "old" / "keys" / "secrets")
        with pytest.raises(Conflict, match="secrets: no keys"):
            back_up(stack, tmp_path / "old", tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


def test_backup_of_an_unknown_revision_is_rejected(tmp_path: Path) -> None:
    old, home = tmp_path / "old", tmp_path / "home"
    with installation(old, "sqlite") as stack:
        with stack.services.database.transaction() as db:
            db.execute(text("UPDATE alembic_version SET version_num = '0012'"))
        back_up(stack, old, tmp_path / "backup.tar")
    with pytest.raises(Invalid, match="0012"):
        BackupRestorer(home).restore(tmp_path / "backup.tar")
    assert not list(home.glob("stratiform.db*"))


def test_running_installation_is_backed_up_and_restored(tmp_path: Path) -> None:
    """The restored home starts, bills and proves the same as the old one."""
    cli, other, file = Cli(tmp_path / "home"), Cli(tmp_path / "other"), tmp_path / "backup.tar.zst"
    try:
        cli("up", "--detach", "--port", free_port())
        messages = tmp_path / "messages.jsonl"
        messages.write_bytes(b"\n".join(recorded()))
        cli("usage", "import", messages)
        assert " tables, " in cli("backup", file)
        cli("down")
        assert "is not empty" in cli.error_line("restore", file)
        assert f"{other.home}: " in other("restore", file)
        other("up", "--detach", "--port", free_port())
        assert other("usage", "list") == cli("usage", "list")
        export = tmp_path / "export.jsonl"
        other("usage", "export", export)
        assert "Verified" in cli("usage", "verify", export)
    finally:
        cli.stop()
        other.stop()
