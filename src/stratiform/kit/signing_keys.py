"""A repository of signing keys: one key signs, earlier keys remain verifiable.

File `N` is the N-th private key, readable only by its owner. `N.pub` is a note with the public key, signed by the key
itself and by its predecessor, so that a verifier who trusts one key can follow the notes to the next. Rotation
deletes the old private key. `last` is the last note that was signed here.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.signed_notes import Signer, Verifier, list_signers, sign_note, verify_note

T = TypeVar("T")

#: The first line of a key note, so that it can't be mistaken for a checkpoint.
_HEADING = "stratiform ledger key v1"


class SigningKeys:
    """Signing keys in a directory. It is read at each call, so that keys created by another process are used."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, name: str) -> None:
        """Create the first key with the signer name `name`, unless there is one. Raises: Invalid."""
        with self._lock():
            if not self._key_numbers():
                self._add(1, Signer.generate(name), [])

    def rotate(self, *, compromised: bool = False) -> Verifier:
        """Replace the signing key. The old key signs the new one unless it is `compromised`. Raises: Conflict."""
        with self._lock():
            number, old = self._newest()
            new = Signer.generate(old.name)
            self._add(number + 1, new, [] if compromised else [old])
            (self._directory / str(number)).unlink()
        return new.verifier

    def list_problems(self) -> list[tuple[Path, str]]:
        """Return the files that are missing or corrupt, each with its problem."""
        numbers = self._key_numbers()
        if not numbers:
            return [(self._directory, "no keys")]
        private = self._directory / str(numbers[-1])
        public = {file for file in self._directory.glob("*.pub") if file.stem.isdecimal()}
        invalid = [(file, "not a valid public key") for file in sorted(public) if _try(_parse_key_note, file) is None]
        signer = _try(Signer.parse, private)
        if signer is None:
            invalid.append((private, "not a valid key"))
        elif not invalid and signer.verifier not in self.list_verifiers():
            invalid.append((private.with_suffix(".pub"), "not the public key of the signing key"))
        return invalid

    def replace(self, name: str, notes: Sequence[str]) -> Verifier:
        """Create a key with the signer name `name` in place of a lost one, with the key notes of the earlier keys."""
        with self._lock():  # it creates the directory
            for file in list(self._directory.iterdir()):
                if file.stem.isdecimal() and file.suffix in ("", ".pub"):
                    file.unlink()
            for number, note in enumerate(notes, 1):
                self._write(f"{number}.pub", note)
            new = Signer.generate(name)
            self._add(len(notes) + 1, new, [])
        return new.verifier

    def get_signer(self) -> Signer:
        """Return the signing key. Raises: Conflict if there is none."""
        return self._newest()[1]

    def read_last_note(self) -> str | None:
        """Return the last note that was signed here, if any."""
        file = self._directory / "last"
        return file.read_text() if file.exists() else None

    def save_last_note(self, note: str) -> None:
        """Save the last note outside of the database, so that a rollback of the database is detected."""
        with self._lock():
            self._write("last", note)

    def list_key_notes(self) -> list[str]:
        """Return the notes with the public keys, oldest first."""
        numbers = (int(file.stem) for file in self._directory.glob("*.pub") if file.stem.isdecimal())
        return [(self._directory / f"{number}.pub").read_text() for number in sorted(numbers)]

    def list_verifiers(self) -> list[Verifier]:
        """Return all public keys, oldest first."""
        return [_parse_key_note(note) for note in self.list_key_notes()]

    def _newest(self) -> tuple[int, Signer]:
        numbers = self._key_numbers()
        if not numbers:
            raise Conflict(f"no signing key in {self._directory}", hint="copy the directory from the original host")
        return numbers[-1], Signer.parse((self._directory / str(numbers[-1])).read_text())

    def _key_numbers(self) -> list[int]:
        if not self._directory.is_dir():
            return []
        return sorted(int(entry.name) for entry in self._directory.iterdir() if entry.name.isdecimal())

    def _add(self, number: int, new: Signer, predecessors: Sequence[Signer]) -> None:
        """Write the public key first, so that a private key without a public key is never used."""
        self._write(f"{number}.pub", sign_note(f"{_HEADING}\n{new.verifier}\n", *predecessors, new))
        self._write(str(number), new.secret + "\n")

    def _write(self, name: str, text: str) -> None:
        partial = self._directory / f".{name}"
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        partial.rename(self._directory / name)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Lock the directory, because several programs may start at the same time."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._directory / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _try(parse: Callable[[str], T], file: Path) -> T | None:
    """Return the key in a file, or None if it is not valid."""
    try:
        return parse(file.read_text())
    except (Invalid, OSError, ValueError):
        return None


def list_trusted_verifiers(key_notes: Iterable[str], trusted: Iterable[Verifier]) -> list[Verifier]:
    """Return `trusted` and all keys that they vouch for, directly or not, in key notes (oldest first)."""
    verifiers = list(trusted)
    for note in key_notes:
        try:
            verify_note(note, verifiers)
            new = _parse_key_note(note)
        except Invalid:  # no trusted key signed this note
            continue
        if new not in verifiers:
            verifiers.append(new)
    return verifiers


def format_signers(note: str) -> str:
    """Return the names and key ids of a note's signatures, for messages."""
    return ", ".join(f"{name}+{key_id}" for name, key_id in list_signers(note)) or "none"


def _parse_key_note(note: str) -> Verifier:
    heading, _, rest = note.partition("\n")
    verifier = Verifier.parse(rest.partition("\n")[0])
    if heading != _HEADING:
        raise Invalid("the note does not contain a ledger key")
    verify_note(note, [verifier])
    return verifier
