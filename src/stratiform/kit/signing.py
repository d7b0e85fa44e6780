"""Keys that sign, in a folder of their own: one signs, those before it are known by what they leave behind.

`N` is the N-th key as a text that only its owner may read; `N.pub` says what its public part is, as a note that the
key itself signed, and the one before it: whoever knows one key follows the notes to the next. When a key is replaced
its private part goes, so that it can sign nothing more. `last` is the last note that was signed here.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.signed_notes import Signer, Verifier, open_note, sign, signers_of

#: The first line of what a key is told in, so that no such note is ever taken for a checkpoint.
_HEADING = "stratiform ledger key v1"


class SigningKeys:
    """A repository of signing keys on disk. It is read each time, so that a key which another process made counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str) -> None:
        """Make the first key, named `name`; keeps what is there. Raises Invalid (no such name)."""
        with self._alone():
            if not self._numbers():
                self._add(1, Signer.generate(name), [])

    def rotate(self, *, stolen: bool = False) -> Verifier:
        """From now on a new key signs. The old one vouches for it, unless it was `stolen`. Raises Conflict."""
        with self._alone():
            number, old = self._newest()
            new = Signer.generate(old.name)
            self._add(number + 1, new, [] if stolen else [old])
            (self._folder / str(number)).unlink()
        return new.verifier

    def signer(self) -> Signer:
        """The one that signs. Raises Conflict where there is none."""
        return self._newest()[1]

    def last(self) -> str | None:
        """The last note that was signed here; None where there is none."""
        file = self._folder / "last"
        return file.read_text() if file.exists() else None

    def remember(self, note: str) -> None:
        """Keep `note` as the last one, where no database can hide it."""
        with self._alone():
            self._write("last", note)

    def told(self) -> list[str]:
        """The notes that tell of the public keys, the oldest first."""
        numbers = (int(file.stem) for file in self._folder.glob("*.pub") if file.stem.isdecimal())
        return [(self._folder / f"{number}.pub").read_text() for number in sorted(numbers)]

    def verifiers(self) -> list[Verifier]:
        """All public keys, the oldest first."""
        return [_verifier_in(note) for note in self.told()]

    def _newest(self) -> tuple[int, Signer]:
        numbers = self._numbers()
        if not numbers:
            raise Conflict(f"no key that signs in {self._folder}", hint="copy the folder from where it was made")
        return numbers[-1], Signer.parse((self._folder / str(numbers[-1])).read_text())

    def _numbers(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        return sorted(int(entry.name) for entry in self._folder.iterdir() if entry.name.isdecimal())

    def _add(self, number: int, new: Signer, before: Sequence[Signer]) -> None:
        """The public part first: a key that signs is always told of."""
        self._write(f"{number}.pub", sign(f"{_HEADING}\n{new.verifier}\n", *before, new))
        self._write(str(number), new.secret + "\n")

    def _write(self, name: str, text: str) -> None:
        partial = self._folder / f".{name}"
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        partial.rename(self._folder / name)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Programs of one home may start together, and only one makes the key."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(self._folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def trusted(notes: Iterable[str], known: Iterable[Verifier]) -> list[Verifier]:
    """`known`, and whoever is vouched for by one of them, as `notes` (the oldest first) tell."""
    found = list(known)
    for note in notes:
        try:
            open_note(note, found)
            new = _verifier_in(note)
        except Invalid:  # it vouches for somebody whom nobody known vouches for
            continue
        if new not in found:
            found.append(new)
    return found


def names(note: str) -> str:
    """By whom a note says that it is signed, to be told."""
    return ", ".join(f"{name}+{key}" for name, key in signers_of(note)) or "nobody"


def _verifier_in(note: str) -> Verifier:
    heading, _, rest = note.partition("\n")
    found = Verifier.parse(rest.partition("\n")[0])
    if heading != _HEADING:
        raise Invalid("this tells of no key of a ledger")
    open_note(note, [found])
    return found
