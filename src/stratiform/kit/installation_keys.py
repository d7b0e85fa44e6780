"""The keys of an installation: files in its homes, and check values of them in the database.

A database without its keys is of little use: tokens, credentials of clouds and the signed ledger depend on them. The
first start creates the keys, and stores check values in the database by which later starts recognize them. They contain
nothing secret: the installation ID, a value that a key has encrypted, and the public notes of the ledger keys.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, String, select

from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection, LongText, define_table, upsert
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.signing_keys import SigningKeys

check_value_table = define_table(
    "installation_key",
    Column("name", String(16), primary_key=True),
    Column("check_value", LongText, nullable=False),
)

#: What keys encrypt as their check value.
_PLAINTEXT = b"stratiform"

#: What is lost with each key.
_EFFECTS = {
    "tokens": "tokens cannot be validated",
    "secrets": "cloud credentials cannot be decrypted",
    "ledger": "the ledger cannot be signed",
    "installation": "resources in clouds cannot be recognized",
}


_FOREIGN = "these keys do not belong to the database"


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """A key that is missing, corrupt, or not of this installation. `name`: `tokens`, `secrets`, `ledger`, …"""

    name: str
    path: Path
    problem: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}; {_EFFECTS[self.name]}"


@dataclass(frozen=True, slots=True)
class InstallationKeys:
    """The keys in the directory of a home."""

    directory: Path

    @property
    def tokens(self) -> KeyRepository:
        return KeyRepository(self.directory / "tokens")

    @property
    def secrets(self) -> KeyRepository:
        return KeyRepository(self.directory / "secrets")

    @property
    def ledger(self) -> SigningKeys:
        return SigningKeys(self.directory / "ledger")

    @property
    def installation_id(self) -> str:
        """The ID that separates our resources in a cloud from those of other installations."""
        return self._id_file.read_text().strip()

    def create(self, ids: Ids) -> None:
        """Create the keys that are missing."""
        self.tokens.create()
        self.secrets.create()
        if not self._id_file.exists():
            self.write_id(ids.hex())
        self.ledger.create(f"stratiform/{self.installation_id}")

    def write_id(self, installation_id: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._id_file.with_name(".installation")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(installation_id)
        partial.rename(self._id_file)

    def list_problems(self, check_values: Mapping[str, str]) -> list[KeyProblem]:
        """Return the keys that do not fit the check values of all keys."""
        return [
            *self._check_repository("tokens", self.tokens, check_values["tokens"]),
            *self._check_repository("secrets", self.secrets, check_values["secrets"]),
            *self._check_ledger(check_values["ledger"]),
            *self._check_id(check_values["installation"]),
        ]

    def describe(self, check_values: Mapping[str, str]) -> dict[str, str]:
        """Return the check values of the current keys. What the newest key of a repository has encrypted is kept."""
        return {
            "tokens": self._encrypt(self.tokens, check_values.get("tokens", "")),
            "secrets": self._encrypt(self.secrets, check_values.get("secrets", "")),
            "ledger": self.merge_ledger_notes(check_values.get("ledger", "")),
            "installation": self.installation_id,
        }

    def merge_ledger_notes(self, check_value: str) -> str:
        """Return the check value of the ledger keys with the public notes of the current ones."""
        stored, notes = _parse_notes(check_value), self.ledger.list_key_notes()
        return json.dumps([*stored, *(note for note in notes if note not in stored)])

    def replace(self, name: str, check_values: Mapping[str, str]) -> dict[str, str]:
        """Replace a lost key, and return the check values with that of the new one.

        What the old key has encrypted cannot be decrypted any more. Of a ledger key, the public part is restored.
        """
        if name == "ledger":
            self.ledger.replace(f"stratiform/{check_values['installation']}", _parse_notes(check_values["ledger"]))
            return {**check_values, "ledger": self.merge_ledger_notes(check_values["ledger"])}
        keys = self.tokens if name == "tokens" else self.secrets
        keys.replace()
        return {**check_values, name: self._encrypt(keys, "")}

    @property
    def _id_file(self) -> Path:
        return self.directory / "installation"

    def _check_repository(self, name: str, keys: KeyRepository, check_value: str) -> Iterator[KeyProblem]:
        invalid = keys.list_invalid_keys()
        for path in invalid:
            yield KeyProblem(name, path, "not a valid key")
        if invalid:
            return
        if not keys.exists():
            yield KeyProblem(name, self.directory / name, "no keys")
        elif not _can_decrypt(keys, check_value):
            yield KeyProblem(name, self.directory / name, _FOREIGN)

    def _check_ledger(self, check_value: str) -> Iterator[KeyProblem]:
        problems = self.ledger.list_problems()
        for path, problem in problems:
            yield KeyProblem("ledger", path, problem)
        if not problems and not set(_parse_notes(check_value)) & set(self.ledger.list_key_notes()):
            yield KeyProblem("ledger", self.directory / "ledger", _FOREIGN)

    def _check_id(self, check_value: str) -> Iterator[KeyProblem]:
        try:
            installation_id = self.installation_id
        except (OSError, UnicodeDecodeError):
            yield KeyProblem("installation", self._id_file, "missing")
            return
        if not installation_id:
            yield KeyProblem("installation", self._id_file, "empty")
        elif installation_id != check_value:
            yield KeyProblem("installation", self._id_file, f"not the ID in the database, {check_value}")

    def _encrypt(self, keys: KeyRepository, check_value: str) -> str:
        is_current = bool(check_value) and keys.is_encrypted_with_newest(check_value.encode())
        return check_value if is_current else keys.encrypt(_PLAINTEXT).decode()


def read_check_values(db: Connection) -> dict[str, str]:
    """Return the check values by name; empty before the first start."""
    return dict(db.execute(select(check_value_table.c.name, check_value_table.c.check_value)).tuples().all())


def save_check_values(db: Connection, check_values: Mapping[str, str]) -> None:
    """Save the check values of keys."""
    for name, text in check_values.items():
        values = {"name": name, "check_value": text}
        upsert(db, check_value_table, values, key=["name"], on_conflict={"check_value": text})


def _can_decrypt(keys: KeyRepository, check_value: str) -> bool:
    try:
        return keys.decrypt(check_value.encode()) == _PLAINTEXT
    except Invalid:
        return False


def _parse_notes(check_value: str) -> list[str]:
    return [str(note) for note in json.loads(check_value)] if check_value else []
