"""Settings of the metadata service."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import cast

from stratiform.interfaces.http import Request


@dataclass(frozen=True, slots=True)
class MetadataSettings:
    """The secret that Neutron's metadata agent signs with. Without one, every request is refused."""

    shared_secret: str = field(default="", repr=False)

    def is_signature_valid(self, server_id: str, signature: str) -> bool:
        """Return True if `signature` is the HMAC-SHA256 of the server's id in hexadecimal digits."""
        if not self.shared_secret:
            return False
        expected = hmac.new(self.shared_secret.encode(), server_id.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.encode())


def get_settings(request: Request) -> MetadataSettings:
    """Return the settings from the application's state."""
    return cast("MetadataSettings", request.app.state.metadata)
