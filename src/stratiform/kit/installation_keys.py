"""The keys of an installation: files in its homes, and evidence of them in the database.

A database without its keys is of little use: tokens, credentials of clouds and the signed ledger depend on them. The
first start creates the keys, and stores evidence in the database by which later starts recognize them. The evidence
contains nothing secret: the installation ID, a value that a key has encrypted, and the public notes of the ledger keys.
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

evidence_table = define_table(
    "installation_key",
    Column("name", String(16), primary_key=True),
    Column("evidence", LongText, nullable=False),
)

#: What keys encrypt as evidence.
_PLAINTEXT = b"stratiform"

#: What is lost with each key.
_EFFECTS = {
    "tokens": "tokens can't be validated",
    "secrets": "the credentials of clouds can't be decrypted",
    "ledger": "the ledger can't be signed",
    "installation": "resources in clouds can't be recognized",
}


_FOREIGN = "not the keys of the database"


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
        descriptor = os.open(self._id_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(installation_id)

    def list_problems(self, evidence: Mapping[str, str]) -> list[KeyProblem]:
        """Return the keys that do not fit the evidence; "" fits every valid key."""
        return [
            *self._check_repository("tokens", self.tokens, evidence["tokens"]),
            *self._check_repository("secrets", self.secrets, evidence["secrets"]),
            *self._check_ledger(evidence["ledger"]),
            *self._check_id(evidence["installation"]),
        ]

    def describe(self, evidence: Mapping[str, str]) -> dict[str, str]:
        """Return the evidence of the current keys. What the newest key of a repository has encrypted is kept."""
        return {
            "tokens": self._encrypt(self.tokens, evidence.get("tokens", "")),
            "secrets": self._encrypt(self.secrets, evidence.get("secrets", "")),
            "ledger": self.merge_ledger_notes(evidence.get("ledger", "")),
            "installation": self.installation_id,
        }

    def merge_ledger_notes(self, evidence: str) -> str:
        """Return the evidence of the ledger keys with the public notes of the current ones."""
        known, notes = _parse_notes(evidence), self.ledger.list_key_notes()
        return json.dumps([*known, *(note for note in notes if note not in known)])

    def replace(self, name: str, evidence: Mapping[str, str]) -> dict[str, str]:
        """Replace a lost key, and return the evidence with the new one.

        What the old key has encrypted can't be decrypted any more. Of a ledger key, the public part is restored.
        """
        if name == "ledger":
            self.ledger.replace(f"stratiform/{evidence['installation']}", _parse_notes(evidence["ledger"]))
            return {**evidence, "ledger": self.merge_ledger_notes(evidence["ledger"])}
        keys = self.tokens if name == "tokens" else self.secrets
        keys.replace()
        return {**evidence, name: self._encrypt(keys, "")}

    @property
    def _id_file(self) -> Path:
        return self.directory / "installation"

    def _check_repository(self, name: str, keys: KeyRepository, evidence: str) -> Iterator[KeyProblem]:
        invalid = keys.list_invalid_keys()
        for path in invalid:
            yield KeyProblem(name, path, "not a valid key")
        if invalid:
            return
        if not keys.exists():
            yield KeyProblem(name, self.directory / name, "no keys")
        elif evidence and not _can_decrypt(keys, evidence):
            yield KeyProblem(name, self.directory / name, _FOREIGN)

    def _check_ledger(self, evidence: str) -> Iterator[KeyProblem]:
        problems = self.ledger.list_problems()
        for path, problem in problems:
            yield KeyProblem("ledger", path, problem)
        known = _parse_notes(evidence)
        if known and not problems and not set(known) & set(self.ledger.list_key_notes()):
            yield KeyProblem("ledger", self.directory / "ledger", _FOREIGN)

    def _check_id(self, evidence: str) -> Iterator[KeyProblem]:
        try:
            installation_id = self.installation_id
        except (OSError, UnicodeDecodeError):
            yield KeyProblem("installation", self._id_file, "missing")
            return
        if not installation_id:
            yield KeyProblem("installation", self._id_file, "empty")
        elif evidence and installation_id != evidence:
            yield KeyProblem("installation", self._id_file, f"not the ID in the database, {evidence}")

    def _encrypt(self, keys: KeyRepository, evidence: str) -> str:
        is_current = bool(evidence) and keys.is_encrypted_with_newest(evidence.encode())
        return evidence if is_current else keys.encrypt(_PLAINTEXT).decode()


def read_evidence(db: Connection) -> dict[str, str]:
    """Return the evidence by name; empty before the first start."""
    return dict(db.execute(select(evidence_table.c.name, evidence_table.c.evidence)).tuples().all())


def save_evidence(db: Connection, evidence: Mapping[str, str]) -> None:
    """Save the evidence of all keys."""
    for name, text in evidence.items():
        values = {"name": name, "evidence": text}
        upsert(db, evidence_table, values, key=["name"], on_conflict={"evidence": text})


def _can_decrypt(keys: KeyRepository, evidence: str) -> bool:
    try:
        return keys.decrypt(evidence.encode()) == _PLAINTEXT
    except Invalid:
        return False


def _parse_notes(evidence: str) -> list[str]:
    return [str(note) for note in json.loads(evidence)] if evidence else []
