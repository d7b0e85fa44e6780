"""`stratiform keys rotate secrets`, while programs are running."""

import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from stratiform.app.secret_rotation import RotationResult, rotate_secret_key
from stratiform.kit.errors import Invalid
from stratiform.services.identity.errors import DuplicateResource
from stratiform.services.identity.model.simple_resources import SimpleResource
from stratiform.services.identity.repository import find_simple_resource, save_simple_resource
from support.programs import Cli, copy_home
from support.stacks import ServiceHarness, build_harness


@pytest.fixture
def cli(tmp_path: Path, stopped_home: Path) -> Iterator[Cli]:
    """A home that was started once."""
    cli = Cli(tmp_path / "home")
    copy_home(stopped_home, cli.home)
    yield cli
    cli.stop()


@pytest.fixture
def harness(home: Path, database_url: str) -> Iterator[ServiceHarness]:
    home.mkdir()
    harness = build_harness(home, database_url)
    yield harness
    harness.services.database.close()


def add_cloud(harness: ServiceHarness, name: str) -> str:
    accounts = harness.services.clouds.accounts
    with harness.services.database.transaction() as db:
        return accounts.create(harness.ctx(db), "memory", name, {"password": f"password of {name}"}).id


def add_credential(harness: ServiceHarness, blob: bytes) -> None:
    """Store a user's credential as the API does."""
    encrypted = harness.services.identity.credentials.keys.encrypt(blob).decode()
    record = SimpleResource("credential", "c1", "c1", "u1", {"type": "cert", "blob": encrypted})
    with harness.services.database.transaction() as db:
        save_simple_resource(db, record, DuplicateResource("credential"), is_new=True)


def read_credential(harness: ServiceHarness, home: Path) -> bytes:
    """Return the blob, decrypted with nothing but the newest key."""
    with harness.services.database.read_transaction() as db:
        record = find_simple_resource(db, "credential", "c1")
    assert record is not None
    newest = max(int(name) for name in list_keys(home))
    return Fernet((home / "keys" / "secrets" / str(newest)).read_bytes()).decrypt(record.attributes["blob"].encode())


def load_password(harness: ServiceHarness, cloud_id: str) -> str:
    accounts = harness.services.clouds.accounts
    with harness.services.database.read_transaction() as db:
        return accounts.settings.load(db, accounts.get_by_id(db, cloud_id))["password"]


def list_keys(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "keys" / "secrets").iterdir() if path.name.isdecimal())


def test_running_programs_use_the_new_key(cli: Cli) -> None:
    cli("up", "--detach")
    cli("clouds", "set", "memory", "--zones", "zone-1")
    before = list_keys(cli.home)
    for option in ((), ("--data-keys",), ()):
        assert "1 cloud accounts and" in cli("keys", "rotate", "secrets", *option)
        assert "memory:memory" in cli("clouds", "check", "memory")
    assert list_keys(cli.home) != before
    assert "1" not in list_keys(cli.home), "the first key is deleted"
    cli("down")
    cli("up", "--detach")
    assert "memory:memory" in cli("clouds", "check", "memory")


def test_lost_keys_are_not_rotated(cli: Cli) -> None:
    shutil.rmtree(cli.home / "keys" / "secrets")
    assert "/keys/secrets: no keys" in cli("keys", "rotate", "secrets", exit_code=1)
    assert not (cli.home / "keys" / "secrets").exists()


def test_rotations_lose_no_secret(harness: ServiceHarness, home: Path) -> None:
    cloud_ids = {name: add_cloud(harness, name) for name in ("a", "b")}
    add_credential(harness, b"blob")
    for new_data_keys in (False, True, False, False):
        result = rotate_secret_key(harness.services, home, new_data_keys=new_data_keys)
        assert result == RotationResult(clouds=2, credentials=1)
        assert read_credential(harness, home) == b"blob"
        for name, cloud_id in cloud_ids.items():
            assert load_password(harness, cloud_id) == f"password of {name}"
    assert len(list_keys(home)) == 3


def test_no_key_is_changed_if_a_secret_cannot_be_decrypted(harness: ServiceHarness, home: Path) -> None:
    add_cloud(harness, "a")
    cloud_id = add_cloud(harness, "b")
    with harness.services.database.transaction() as db:
        db.execute(text("UPDATE clouds_cloud SET secrets = 'x.y' WHERE id = :id"), {"id": cloud_id})
    before = list_keys(home)
    with pytest.raises(Invalid, match="cloud 'b' cannot be decrypted"):
        rotate_secret_key(harness.services, home)
    assert list_keys(home) == before


def test_rotations_wait_for_each_other(harness: ServiceHarness, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_cloud(harness, "a")
    locked = []

    def reencrypt(*_: object) -> int:
        with (home / "keys" / "secrets" / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                locked.append(list_keys(home))
        return 0

    monkeypatch.setattr(type(harness.services.identity.credentials), "reencrypt", reencrypt)
    rotate_secret_key(harness.services, home)
    assert len(locked) == 2, "both before the keys are changed and after"
    assert locked[0] != locked[1]
    rotate_secret_key(harness.services, home)
    assert len(locked) == 4, "the first rotation has released the lock"


def test_interrupted_rotation_is_completed_by_the_next_one(
    harness: ServiceHarness, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud_id = add_cloud(harness, "a")
    credentials = harness.services.identity.credentials
    calls = iter((0, RuntimeError("killed"), 0, RuntimeError("killed")))

    def reencrypt(*_: object) -> int:
        result = next(calls)
        if isinstance(result, Exception):
            raise result
        return result

    with monkeypatch.context() as patch:
        patch.setattr(type(credentials), "reencrypt", reencrypt)
        for _ in range(2):
            with pytest.raises(RuntimeError):
                rotate_secret_key(harness.services, home)
    assert load_password(harness, cloud_id) == "password of a"
    assert rotate_secret_key(harness.services, home).clouds == 1
    assert load_password(harness, cloud_id) == "password of a"
