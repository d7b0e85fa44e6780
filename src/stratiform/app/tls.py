"""TLS of the API and of Almanach's API: certificate and key in the files that the settings name."""

import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificate
from granian.constants import SSLProtocols

from stratiform.app.settings import Settings
from stratiform.kit.errors import Invalid

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate with its chain, and its key, in PEM format."""

    certificate: Path
    key: Path

    def server_options(self) -> dict[str, Any]:
        """Return granian's options."""
        return {"ssl_cert": self.certificate, "ssl_key": self.key, "ssl_protocol_min": SSLProtocols.tls12}


def find_tls_files(settings: Settings) -> TlsFiles | None:
    """Return the files of the settings; None without TLS. A certificate that has expired is logged.

    Raises: Invalid if a file is missing, cannot be read or is not PEM, or if certificate and key do not match.
    """
    if not settings.has_tls:
        return None
    files = TlsFiles(settings.home / settings.tls_certificate, settings.home / settings.tls_key)
    for name, file in (("tls_certificate", files.certificate), ("tls_key", files.key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise Invalid(f"{name}: cannot read {file}: {error.strerror}") from error
    try:
        # Without the password, OpenSSL would prompt for that of an encrypted key.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key, password="")
        expiry = load_pem_x509_certificate(files.certificate.read_bytes()).not_valid_after_utc
    except (ssl.SSLError, ValueError) as error:
        raise Invalid(
            f"tls_certificate and tls_key do not match, are not valid, or the key is encrypted: {error}",
            hint="both must be PEM files; the certificate file must contain the complete chain",
        ) from error
    if expiry < datetime.now(UTC):
        logger.warning("TLS certificate has expired file=%s expired_at=%s", files.certificate, expiry.isoformat())
    return files
