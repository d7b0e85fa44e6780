"""Signed notes and checkpoints: texts that anyone can check who has the signer's public key.

Sources: C2SP signed-note, C2SP tlog-checkpoint; the texts of keys are those of Go's golang.org/x/mod/sumdb/note.
Signatures are Ed25519 (RFC 8032).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stratiform.kit.errors import Invalid
from stratiform.kit.merkle import HASH_BYTES

#: The kind of signature, as a byte before the key.
_ED25519 = b"\x01"
_KEY_BYTES = 32
_ID_BYTES = 4

#: As many signatures are looked at; the standard asks for 16 at least.
_MOST_SIGNATURES = 64

_SECRET = "PRIVATE+KEY+"  # noqa: S105 - how such a text begins
_SIGNATURE = re.compile("— ([^ +]+) ([A-Za-z0-9+/=]+)")
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile("0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name, which no other signer bears. `str` is its text: `NAME+ID+KEY`."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.key)}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Raises Invalid."""
        name, _, rest = text.strip().partition("+")
        told, _, key = rest.partition("+")
        found = cls(name, _key_of(key))
        if not _NAME.fullmatch(name) or told != found.id.hex():
            raise Invalid("this is no public key of a signer", hint="it is one line: NAME+ID+KEY")
        return found

    def verifies(self, text: str, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name. `secret` is its text, which only a file of its own may hold."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "Signer":
        """Raises Invalid where no signer may be named so."""
        if not _NAME.fullmatch(name):
            raise Invalid("the name of a signer has neither spaces nor a plus sign")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self._private().public_key().public_bytes_raw())

    @property
    def secret(self) -> str:
        return f"{_SECRET}{self.name}+{self.verifier.id.hex()}+{_base64(_ED25519 + self.seed)}"

    @classmethod
    def parse(cls, secret: str) -> "Signer":
        """Raises Invalid, without telling anything of `secret`."""
        name, _, rest = secret.strip().removeprefix(_SECRET).partition("+")
        told, _, key = rest.partition("+")
        found = cls(name, _key_of(key))
        if not secret.startswith(_SECRET) or not _NAME.fullmatch(name) or told != found.verifier.id.hex():
            raise Invalid("this is no private key of a signer")
        return found

    def signature(self, text: str) -> bytes:
        return self._private().sign(text.encode())

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def sign(text: str, *signers: Signer) -> str:
    """`text`, which ends with a newline, as a note with the signatures of `signers`."""
    lines = [
        f"— {signer.name} {_base64(signer.verifier.id + signer.signature(_signable(text)))}\n" for signer in signers
    ]
    return f"{text}\n{''.join(lines)}"


def open_note(note: str, known: Iterable[Verifier]) -> tuple[str, list[Verifier]]:
    """The text of `note`, and who of `known` signed it: one at least.

    Raises Invalid where the note can't be understood, none of `known` signed it, or a signature of one is wrong.
    """
    text, dash, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = signatures.split("\n")
    if not dash or lines.pop() or not lines or len(lines) > _MOST_SIGNATURES:
        raise Invalid("this is no signed note")
    _signable(text)
    keys = {(verifier.name, verifier.id): verifier for verifier in known}
    signed = []
    for line in lines:
        verifier, signature = _signed(line, keys)
        if verifier is None:
            continue
        if not verifier.verifies(text, signature):
            raise Invalid(f"the signature of {verifier.name} is wrong: the text isn't what was signed")
        signed.append(verifier)
    if not signed:
        raise Invalid("the note is signed by none of the known keys")
    return text, signed


def signers_of(note: str) -> list[tuple[str, str]]:
    """Name and id (hexadecimal) of everyone by whom `note` says that it is signed; nothing is checked."""
    found = [_SIGNATURE.fullmatch(line) for line in note.rpartition("\n\n")[2].split("\n")]
    return [(match[1], _bytes(match[2])[:_ID_BYTES].hex()) for match in found if match is not None]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log was at a size: `origin` names the log, `root` is the root of its Merkle tree."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Raises Invalid. Lines after the third are of no meaning to us."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
            raise Invalid("this is no checkpoint of a log")
        root = _bytes(lines[2])
        if len(root) != HASH_BYTES:
            raise Invalid("this is no checkpoint of a log")
        return cls(lines[0], int(lines[1]), root)


def _signed(line: str, keys: dict[tuple[str, bytes], Verifier]) -> tuple[Verifier | None, bytes]:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise Invalid("this is no signed note")
    signature = _bytes(match[2])
    return keys.get((match[1], signature[:_ID_BYTES])), signature[_ID_BYTES:]


def _signable(text: str) -> str:
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise Invalid("the text of a note ends with a newline and has no other control characters")
    return text


def _key_of(text: str) -> bytes:
    found = _bytes(text)
    if len(found) != len(_ED25519) + _KEY_BYTES or not found.startswith(_ED25519):
        raise Invalid("this is no Ed25519 key of a signer")
    return found[len(_ED25519) :]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    """Raises Invalid, also where the text has bits that say nothing: nothing of a note may be changed unnoticed."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("base64 expected") from error
    if _base64(found) != text:
        raise Invalid("base64 expected")
    return found
