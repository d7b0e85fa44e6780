"""Sign-in by a browser (WebSSO): the authorization code flow of OpenID Connect.

The state between the two requests is encrypted in the `state` parameter, and bound to the browser by a cookie, so
that an attacker cannot make another's browser use the attacker's sign-in. Source: RFC 6749, 10.12; RFC 9700, 4.7.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

import msgspec

from stratiform.kit.clock import MINUTE_US, Clock, Micros
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Database
from stratiform.kit.errors import Invalid
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import Token
from stratiform.services.identity.service.federation import Federation

#: How long a user may take to sign in at the provider.
_STATE_TTL_US = 10 * MINUTE_US


@dataclass(frozen=True, slots=True)
class WebSignInRequest:
    """Where to send the browser, and the value of the cookie that it must return with the response."""

    url: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebSignIn:
    """A completed sign-in: the token is sent to the dashboard at `origin`."""

    origin: str
    token_id: str = field(repr=False)
    token: Token


class _State(msgspec.Struct, array_like=True):
    idp_id: str
    protocol_id: str
    origin: str
    nonce: str
    verifier: str
    cookie_hash: str
    expires_at: Micros


@dataclass(frozen=True, slots=True)
class WebSignIns:
    """Operations on `/auth/OS-FEDERATION/…/websso`. `redirect_uri` is registered at the provider."""

    keys: KeyRepository
    federation: Federation
    trusted_dashboards: tuple[str, ...]

    def start(self, clock: Clock, idp_id: str, protocol_id: str, *, origin: str, redirect_uri: str) -> WebSignInRequest:
        """Return where the browser signs in. Slow: do not call it in a transaction.

        Raises: AuthenticationFailed for an origin that is not a trusted dashboard, SimpleResourceNotFound, Unavailable
        """
        client = self.federation.get_client(idp_id, protocol_id)
        if not origin:
            raise Invalid("Request must have an origin query parameter")
        if origin not in self.trusted_dashboards:
            raise AuthenticationFailed
        nonce, verifier, cookie = (secrets.token_urlsafe(32) for _ in range(3))
        state = _State(idp_id, protocol_id, origin, nonce, verifier, _hash(cookie), clock.now() + _STATE_TTL_US)
        url = client.build_authorization_url(
            state=self.keys.encrypt(msgspec.msgpack.encode(state)).decode(),
            nonce=nonce,
            challenge=base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
            redirect_uri=redirect_uri,
        )
        return WebSignInRequest(url, cookie)

    def complete(
        self,
        database: Database,
        clock: Clock,
        idp_id: str,
        protocol_id: str,
        *,
        state: str,
        cookie: str,
        code: str,
        redirect_uri: str,
    ) -> WebSignIn:
        """Return the token of the user who signed in. Slow: do not call it in a transaction.

        Raises: AuthenticationFailed, Unavailable
        """
        started = self._decode(state)
        is_same = (started.idp_id, started.protocol_id) == (idp_id, protocol_id)
        is_browser = hmac.compare_digest(started.cookie_hash, _hash(cookie))
        if not code or not is_same or not is_browser or clock.now() >= started.expires_at:
            raise AuthenticationFailed
        client = self.federation.get_client(idp_id, protocol_id)
        claims = client.exchange_code(code, verifier=started.verifier, nonce=started.nonce, redirect_uri=redirect_uri)
        return WebSignIn(started.origin, *self.federation.sign_in(database, clock, client.settings, claims))

    def _decode(self, state: str) -> _State:
        try:
            return msgspec.msgpack.decode(self.keys.decrypt(state.encode()), type=_State)
        except (Invalid, msgspec.MsgspecError, ValueError) as error:
            raise AuthenticationFailed from error


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
