"""Key pairs: public keys by name, and their fingerprints."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stratiform.kit.clock import Micros, to_datetime
from stratiform.kit.errors import Invalid
from stratiform.services.compute.errors import InvalidField

_RSA_BITS = 2048
_CERTIFICATE_DAYS = 3650
_NAME = re.compile(r"[\w@. _-]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A public key of a user. Source: Compute API, "Keypairs"."""

    id: str
    user_id: str
    name: str
    type: str
    public_key: str
    fingerprint: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A new key; the private half is returned once and not stored."""

    public_key: str
    private_key: str


def generate_key(key_type: str, comment: str, now: Micros) -> GeneratedKey:
    """Generate an RSA key, for the type x509 with a certificate that it signs itself.

    Takes tens of milliseconds: call it with no transaction open.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    if key_type == "x509":
        return GeneratedKey(_sign_certificate(key, comment, now), private.decode())
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return GeneratedKey(f"{public.decode()} {comment}", private.decode())


def _sign_certificate(key: rsa.RSAPrivateKey, name: str, now: Micros) -> str:
    """Return a certificate in PEM for the authentication of a client, valid for ten years."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = to_datetime(now)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=_CERTIFICATE_DAYS))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def validate_keypair_name(name: str) -> None:
    """Raises InvalidField unless it has 1 to 255 letters, digits, spaces or `@ . _ -`."""
    if not _NAME.fullmatch(name) or name != name.strip():
        raise InvalidField("name", name, f"{name!r} does not match '^[a-zA-Z0-9-_ @.]+$'")


def compute_key_fingerprint(key_type: str, public_key: str) -> str:
    """Return the MD5 fingerprint of an ssh key, or the SHA-1 one of an x509 certificate, as Nova does.

    Raises: Invalid
    """
    try:
        if key_type == "x509":
            digest = x509.load_pem_x509_certificate(public_key.encode()).fingerprint(hashes.SHA1())  # noqa: S303 - Nova's fingerprint
        else:
            serialization.load_ssh_public_key(public_key.strip().encode())
            blob = base64.b64decode(public_key.split()[1], validate=True)
            digest = hashlib.md5(blob, usedforsecurity=False).digest()
    except (ValueError, IndexError, UnsupportedAlgorithm) as error:
        raise Invalid("Keypair data is invalid: failed to generate fingerprint") from error
    return digest.hex(":")
