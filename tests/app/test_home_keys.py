"""A home with lost or corrupt keys is not started: each key is one line, with what depends on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.ports import free_port
from support.processes import wait_until
from support.programs import Cli, copy_home


@pytest.fixture
def cli(tmp_path: Path, stopped_home: Path) -> Iterator[Cli]:
    """A home that was started once."""
    cli = Cli(tmp_path / "home")
    copy_home(stopped_home, cli.home)
    yield cli
    cli.stop()


def error_lines(cli: Cli, *arguments: object) -> list[str]:
    return cli(*arguments, exit_code=1).splitlines()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda keys: (keys / name).write_bytes(content)


def delete(name: str) -> Callable[[Path], object]:
    return lambda keys: (keys / name).unlink() if (keys / name).is_file() else shutil.rmtree(keys / name)


def both(first: Callable[[Path], object], second: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda keys: (first(keys), second(keys))


DAMAGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "lost secrets": (delete("secrets"), ["secrets: no keys; cloud credentials cannot be decrypted"]),
    "empty secret": (write("secrets/1", b""), ["secrets/1: not a valid key; cloud credentials cannot"]),
    "lost secret": (delete("secrets/1"), ["secrets: these keys do not belong to the database; cloud credentials"]),
    "lost tokens": (delete("tokens"), ["tokens: no keys; tokens cannot be validated"]),
    "corrupt token key": (write("tokens/1", b"garbage\n"), ["tokens/1: not a valid key; tokens cannot be validated"]),
    "binary token key": (write("tokens/0", b"\xff\x00"), ["tokens/0: not a valid"]),
    "lost ledger": (delete("ledger"), ["ledger: no keys; the ledger cannot be signed"]),
    "corrupt ledger key": (write("ledger/1", b"garbage\n"), ["ledger/1: not a valid key; the ledger cannot be signed"]),
    "corrupt public key": (write("ledger/1.pub", b"x"), ["ledger/1.pub: not a valid public key; the ledger cannot"]),
    "lost public key": (delete("ledger/1.pub"), ["ledger/1.pub: not the public key of the signing key; the ledger"]),
    "other id": (write("installation", b"0" * 32), ["installation: not the ID in the database, "]),
    "two": (
        both(delete("secrets"), write("tokens/0", b"")),
        ["tokens/0: not a valid key", "secrets: no keys"],
    ),
    "everything": (
        shutil.rmtree,
        ["tokens: no keys", "secrets: no keys", "ledger: no keys", "installation: missing"],
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_start_with_lost_or_corrupt_keys_is_refused(cli: Cli, damage: str) -> None:
    inflict, expected = DAMAGES[damage]
    keys = cli.home / "keys"
    inflict(keys)
    before = contents(keys)
    first, *lines = error_lines(cli, "up")
    assert first == f"stratiform: Keys in {cli.home} are lost or corrupt, so nothing was started:"
    assert len(lines) == len(expected)
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(f"  {keys}/{start}")
    assert "restore the directory keys from a backup" in lines[-1]
    assert contents(keys) == before, "no key was created"


def test_programs_and_commands_refuse_lost_keys(cli: Cli) -> None:
    shutil.rmtree(cli.home / "keys" / "secrets")
    for command in (["api"], ["worker"], ["account", "list"], ["up", "--detach"]):
        first, line, *_ = error_lines(cli, *command)
        assert "are lost or corrupt" in first
        assert "/keys/secrets: no keys" in line
    assert not (cli.home / "keys" / "secrets").exists()


def test_keys_of_another_installation_are_refused(cli: Cli, tmp_path: Path) -> None:
    other = Cli(tmp_path / "other")
    other("up", "--detach", "--port", free_port())
    other("down")
    shutil.rmtree(cli.home / "keys")
    shutil.copytree(other.home / "keys", cli.home / "keys")
    lines = error_lines(cli, "up")
    assert sum("these keys do not belong to the database" in line for line in lines) == 3
    assert "not the ID in the database" in lines[-1]


def test_lost_database_is_not_replaced_by_an_empty_one(cli: Cli) -> None:
    note = cli.home / "keys" / "ledger" / "last"
    cli("up", "--detach")
    wait_until(note.exists, "no checkpoint was signed")
    cli("down")
    signed = note.read_bytes()
    for file in cli.home.glob("stratiform.db*"):
        file.unlink()
    for _ in range(2):
        (line,) = error_lines(cli, "up", "--detach")
        assert "The database is empty, but the ledger of" in line
        assert "(check database_url" in line
    assert note.read_bytes() == signed


def test_lost_id_is_restored_from_the_database(cli: Cli) -> None:
    file = cli.home / "keys" / "installation"
    before = file.read_text()
    file.unlink()
    cli("up", "--detach")
    assert file.read_text() == before


def test_rotated_ledger_key_can_be_lost_before_the_next_start(cli: Cli) -> None:
    cli("keys", "rotate", "ledger")
    keys = cli("keys", "show", "ledger").splitlines()
    shutil.rmtree(cli.home / "keys" / "ledger")
    cli("keys", "replace", "ledger", "--yes")
    assert cli("keys", "show", "ledger").splitlines()[:2] == keys


def test_ledger_key_is_rotated_without_the_database(cli: Cli) -> None:
    (cli.home / "stratiform.toml").write_text(f'database_url = "postgresql+psycopg://u@127.0.0.1:{free_port()}/x"\n')
    assert cli("keys", "rotate", "ledger").startswith("stratiform/")


def test_rotated_ledger_key_is_accepted(cli: Cli) -> None:
    cli("keys", "rotate", "ledger")
    cli("up", "--detach")
    cli("down")
    (cli.home / "keys" / "ledger" / "1.pub").unlink()
    cli("up", "--detach")


def test_lost_keys_can_be_replaced(cli: Cli) -> None:
    cli("up", "--detach")
    assert "stratiform down" in cli.error_line("keys", "replace", "tokens", "--yes")
    cli("usage", "export", cli.home.parent / "before.jsonl")  # signs a checkpoint
    first_key = cli("keys", "show", "ledger").strip()
    cli("down")
    shutil.rmtree(cli.home / "keys")
    assert "not confirmed" in cli.error_line("keys", "replace", "tokens")
    for name in ("tokens", "secrets", "ledger"):
        cli("keys", "replace", name, "--yes")
    cli("up", "--detach")
    assert "cannot be decrypted" in cli.error_line("clouds", "check", "memory")
    cli("clouds", "set", "memory", "--zones", "zone-1")
    assert "memory:memory" in cli("clouds", "check", "memory")
    restored, new = cli("keys", "show", "ledger").splitlines()
    assert restored == first_key, "the database has the public part of the lost key"
    export = cli.home.parent / "after.jsonl"
    cli("usage", "export", export)
    assert "Verified" in cli("usage", "verify", export, "--key", new)


def test_lost_password_of_the_operator_can_be_replaced(cli: Cli) -> None:
    (cli.home / "clouds.yaml").unlink()
    assert "`stratiform keys replace password`" in cli.error_line("up")
    cli("keys", "replace", "password", "--yes")
    cli("up", "--detach")
    assert cli("account", "list", "--format", "json").strip() == "[]"
