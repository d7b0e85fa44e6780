"""Signed notes and checkpoints, which can be verified with the signer's public key.

Sources: C2SP signed-note, C2SP tlog-checkpoint; keys are encoded as in Go's golang.org/x/mod/sumdb/note. Signatures
are Ed25519 (RFC 8032).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from stratiform.kit.errors import Invalid
from stratiform.kit.merkle_tree import HASH_BYTES

#: The signature type, a byte before the key.
_ED25519 = b"\x01"
_KEY_BYTES = 32
_ID_BYTES = 4

#: The standard requires support for at least 16 signatures.
_MAX_SIGNATURES = 64

_SECRET_PREFIX = "PRIVATE+KEY+"  # noqa: S105 - not a password
_SIGNATURE = re.compile("— ([^ +]+) ([A-Za-z0-9+/=]+)")
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile("0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the signer's unique name. Its text is `NAME+ID+KEY`."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_encode_base64(_ED25519 + self.key)}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Parse the text of a public key. Raises: Invalid."""
        name, _, rest = text.strip().partition("+")
        key_id, _, key = rest.partition("+")
        verifier = cls(name, _decode_key(key))
        if not _NAME.fullmatch(name) or key_id != verifier.id.hex():
            raise Invalid("invalid public key", hint="a public key is one line: NAME+ID+KEY")
        return verifier

    def verify(self, text: str, signature: bytes) -> bool:
        """Return True if `signature` is this signer's signature of `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with the signer's name. `secret` is its text."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "Signer":
        """Generate a key. Raises: Invalid if the name is empty, or contains spaces or a plus sign."""
        if not _NAME.fullmatch(name):
            raise Invalid(f"invalid signer name '{name}': it must not be empty or contain spaces or plus signs")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self._private_key().public_key().public_bytes_raw())

    @property
    def secret(self) -> str:
        return f"{_SECRET_PREFIX}{self.name}+{self.verifier.id.hex()}+{_encode_base64(_ED25519 + self.seed)}"

    @classmethod
    def parse(cls, secret: str) -> "Signer":
        """Parse the text of a private key. Raises: Invalid, without any part of `secret`."""
        name, _, rest = secret.strip().removeprefix(_SECRET_PREFIX).partition("+")
        key_id, _, key = rest.partition("+")
        signer = cls(name, _decode_key(key))
        if not secret.startswith(_SECRET_PREFIX) or not _NAME.fullmatch(name) or key_id != signer.verifier.id.hex():
            raise Invalid("invalid private key")
        return signer

    def sign(self, text: str) -> bytes:
        """Return the signature of `text`."""
        return self._private_key().sign(text.encode())

    def _private_key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def sign_note(text: str, *signers: Signer) -> str:
    """Return `text` as a note with signatures. Raises: Invalid unless the text ends with a newline."""
    _check_text(text)
    lines = [f"— {signer.name} {_encode_base64(signer.verifier.id + signer.sign(text))}\n" for signer in signers]
    return f"{text}\n{''.join(lines)}"


def verify_note(note: str, verifiers: Iterable[Verifier]) -> tuple[str, list[Verifier]]:
    """Return the text of a note, and those of `verifiers` that signed it.

    Raises: Invalid if the note is malformed, none of `verifiers` signed it, or a signature of one is wrong.
    """
    text, separator, signatures = note.rpartition("\n\n")
    text += "\n"
    lines = signatures.split("\n")
    if not separator or lines.pop() or not lines or len(lines) > _MAX_SIGNATURES:
        raise Invalid("malformed signed note")
    _check_text(text)
    by_key = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    signed_by = []
    for line in lines:
        verifier, signature = _parse_signature(line, by_key)
        if verifier is None:
            continue
        if not verifier.verify(text, signature):
            raise Invalid(f"invalid signature of {verifier.name}: the text was modified")
        signed_by.append(verifier)
    if not signed_by:
        raise Invalid("the note is not signed by a trusted key")
    return text, signed_by


def list_signers(note: str) -> list[tuple[str, str]]:
    """Return name and key id (hexadecimal) of each signature of a note that can be decoded, without verification."""
    signers = []
    for line in note.rpartition("\n\n")[2].split("\n"):
        match = _SIGNATURE.fullmatch(line)
        with suppress(Invalid):
            if match is not None:
                signers.append((match[1], _decode_base64(match[2])[:_ID_BYTES].hex()))
    return signers


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of a log's Merkle tree at a size. `origin` is the name of the log."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        """Return the text of the checkpoint's note."""
        return f"{self.origin}\n{self.size}\n{_encode_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Parse the text of a note, ignoring extension lines. Raises: Invalid."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
            raise Invalid("malformed checkpoint")
        root = _decode_base64(lines[2])
        if len(root) != HASH_BYTES:
            raise Invalid("malformed checkpoint")
        return cls(lines[0], int(lines[1]), root)


def _parse_signature(line: str, by_key: dict[tuple[str, bytes], Verifier]) -> tuple[Verifier | None, bytes]:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise Invalid("malformed signed note")
    signature = _decode_base64(match[2])
    return by_key.get((match[1], signature[:_ID_BYTES])), signature[_ID_BYTES:]


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise Invalid("the text of a note must end with a newline and have no other control characters")


def _decode_key(text: str) -> bytes:
    key = _decode_base64(text)
    if len(key) != len(_ED25519) + _KEY_BYTES or not key.startswith(_ED25519):
        raise Invalid("not an Ed25519 key")
    return key[len(_ED25519) :]


def _encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode_base64(text: str) -> bytes:
    """Decode base64 strictly: only one text is valid for the same bytes, so that any change of a note is detected.

    Raises: Invalid.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("invalid base64") from error
    if _encode_base64(data) != text:
        raise Invalid("invalid base64")
    return data
