"""IAM tokens of a service account, in exchange for a JSON Web Token that its key signs.

Source: IAM guide, "Getting an IAM token for a service account".
"""

import threading
from collections.abc import Callable

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from stratiform.connectors.yandex.settings import ServiceAccountKey
from stratiform.kit.clock import HOUR_US, SECOND_US, Clock, Micros
from stratiform.kit.errors import Invalid

_JWT_LIFETIME_US = HOUR_US

#: An IAM token is valid for up to 12 hours; Yandex Cloud recommends a new one every hour.
_TOKEN_LIFETIME_US = HOUR_US


class TokenSource:
    """The current IAM token. Thread-safe. `exchange` sends a JWT to IAM and returns an IAM token."""

    def __init__(self, key: ServiceAccountKey, host: str, clock: Clock, exchange: Callable[[str], str]) -> None:
        try:
            self._signing_key = RSAKey.import_key(key.private_key, {"kid": key.id})
        except (JoseError, ValueError, TypeError):
            raise Invalid("setting 'service_account_key' has no valid RSA private key") from None
        self._key, self._audience = key, f"https://iam.{host}/iam/v1/tokens"
        self._clock, self._exchange = clock, exchange
        self._lock = threading.Lock()
        self._token, self._expires_at = "", 0

    def get(self) -> str:
        """Return a valid token; requests one if necessary. Raises: errors of contract.errors."""
        with self._lock:
            now = self._clock.now()
            if now >= self._expires_at:
                self._token = self._exchange(self._sign(now))
                self._expires_at = now + _TOKEN_LIFETIME_US
            return self._token

    def discard(self, token: str) -> None:
        """Request a new token next time, if the current one is `token`."""
        with self._lock:
            if self._token == token:
                self._expires_at = 0

    def _sign(self, now: Micros) -> str:
        claims = {
            "iss": self._key.service_account_id,
            "aud": self._audience,
            "iat": now // SECOND_US,
            "exp": (now + _JWT_LIFETIME_US) // SECOND_US,
        }
        header = {"typ": "JWT", "alg": "PS256", "kid": self._key.id}
        return jwt.encode(header, claims, self._signing_key, algorithms=["PS256"])
