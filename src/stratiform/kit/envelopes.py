"""Envelope encryption: a data key encrypts a secret, and a key of the installation encrypts the data key.

An envelope is the text `DATA_KEY.SECRET`, both Fernet tokens, which contain no dot. After a rotation of the
installation's keys only the data key needs to be encrypted again. Source: NIST SP 800-57 part 1, "key wrapping".
"""

from cryptography.fernet import Fernet, InvalidToken

from stratiform.kit.crypto import KeyRepository
from stratiform.kit.errors import Invalid

_SEPARATOR = "."


def seal_envelope(keys: KeyRepository, secret: bytes) -> str:
    """Encrypt a secret with a new data key."""
    data_key = Fernet.generate_key()
    return _SEPARATOR.join((keys.encrypt(data_key).decode(), Fernet(data_key).encrypt(secret).decode()))


def open_envelope(keys: KeyRepository, envelope: str) -> bytes:
    """Return the secret. A text without a data key was encrypted with a key of the installation, before envelopes.

    Raises: Invalid if the keys or the text are not those of this installation.
    """
    wrapped_key, separator, token = envelope.partition(_SEPARATOR)
    if not separator:
        return keys.decrypt(envelope.encode())
    try:
        return Fernet(keys.decrypt(wrapped_key.encode())).decrypt(token.encode())
    except (InvalidToken, ValueError) as error:
        raise Invalid("not encrypted with its data key") from error


def rewrap_envelope(keys: KeyRepository, envelope: str, *, new_data_key: bool = False) -> str:
    """Encrypt the data key with the newest key of the installation; the secret only if its data key is replaced.

    Raises: Invalid as `open_envelope`.
    """
    wrapped_key, separator, token = envelope.partition(_SEPARATOR)
    if new_data_key or not separator:
        return seal_envelope(keys, open_envelope(keys, envelope))
    return _SEPARATOR.join((keys.encrypt(keys.decrypt(wrapped_key.encode())).decode(), token))
