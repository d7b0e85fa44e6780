"""Client of one OpenID Connect provider.

Source: OpenID Connect Core 1.0, OpenID Connect Discovery 1.0, RFC 7662 (introspection), RFC 7636 (PKCE), RFC 9700.
"""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from stratiform.kit.clock import MINUTE_US, SECOND_US, Clock, Micros
from stratiform.kit.errors import Unavailable
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model.oidc import OidcSettings

_TIMEOUT_S = 10
_MAX_BYTES = 1024 * 1024
_OK = 200

#: Asymmetric signatures only: with a symmetric one, the public keys could be used as secrets.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]

#: How much the clocks may differ.
_LEEWAY_S = 60

#: How long discovery and keys are cached, and how soon keys are read again for a token with an unknown one.
_CACHE_US = 60 * MINUTE_US
_KEYS_MIN_AGE_US = 30 * SECOND_US

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Document:
    content: dict[str, Any]
    read_at: Micros


class OidcClient:
    """Verifies tokens of a provider, and exchanges the codes of browser sign-ins. Thread-safe.

    All methods may contact the provider: do not call them in a transaction. They raise Unavailable if it cannot be
    reached.
    """

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: dict[str, _Document] = {}

    def verify_access_token(self, token: str) -> Claims:
        """Return the claims of an access token that was issued for this client. Raises: AuthenticationFailed."""
        claims = self._introspect(token) if self.settings.introspection else self._decode(token)
        self._require_audience(claims)
        return self._with_userinfo(claims, token) if self.settings.userinfo else claims

    def build_authorization_url(self, *, state: str, nonce: str, challenge: str, redirect_uri: str) -> str:
        """Return the URL at which a browser signs in. `challenge`: the S256 challenge of PKCE."""
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = self._get_endpoint("authorization_endpoint")
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def exchange_code(self, code: str, *, verifier: str, nonce: str, redirect_uri: str) -> Claims:
        """Return the claims of the user who signed in. Raises: AuthenticationFailed."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.settings.client_id,
        }
        response = self._post(self._get_endpoint("token_endpoint"), form)
        claims = self._decode(str(response.get("id_token", "")))
        audience = claims.get("aud")
        if claims.get("nonce") != nonce or self.settings.client_id not in (
            audience if isinstance(audience, list) else [audience]
        ):
            raise AuthenticationFailed
        access_token = str(response.get("access_token", ""))
        return self._with_userinfo(claims, access_token) if self.settings.userinfo else claims

    def _decode(self, token: str) -> Claims:
        try:
            return self._validate(jwt.decode(token, self._load_keys(), algorithms=_ALGORITHMS))
        except (JoseError, ValueError):
            pass  # the provider may have a new key
        try:
            return self._validate(jwt.decode(token, self._load_keys(_KEYS_MIN_AGE_US), algorithms=_ALGORITHMS))
        except (JoseError, ValueError) as error:
            raise AuthenticationFailed from error

    def _validate(self, token: jwt.Token) -> Claims:
        registry = jwt.JWTClaimsRegistry(
            now=self._clock.now() // SECOND_US,
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self.settings.issuer},
            sub={"essential": True},
            exp={"essential": True},
        )
        registry.validate(token.claims)
        return token.claims

    def _introspect(self, token: str) -> Claims:
        endpoint = self._get_endpoint("introspection_endpoint")
        claims = self._post(endpoint, {"token": token, "token_type_hint": "access_token"})
        expires_at = claims.get("exp")
        is_expired = isinstance(expires_at, int) and expires_at + _LEEWAY_S < self._clock.now() // SECOND_US
        if claims.get("active") is not True or is_expired or not claims.get("sub"):
            raise AuthenticationFailed
        if claims.get("iss", self.settings.issuer) != self.settings.issuer:
            raise AuthenticationFailed
        return claims

    def _require_audience(self, claims: Claims) -> None:
        """Refuse tokens for other clients of the provider, which those could otherwise use here."""
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if self.settings.audience:
            is_own = self.settings.audience in audiences
        else:
            is_own = self.settings.client_id in [*audiences, claims.get("azp"), claims.get("client_id")]
        if not is_own:
            raise AuthenticationFailed

    def _with_userinfo(self, claims: Claims, access_token: str) -> Claims:
        endpoint = self._get_endpoint("userinfo_endpoint")
        userinfo = self._request("GET", endpoint, headers={"Authorization": f"Bearer {access_token}"})
        if userinfo.get("sub") != claims["sub"]:
            raise AuthenticationFailed
        return {**userinfo, **claims}

    def _load_keys(self, max_age_us: Micros = _CACHE_US) -> KeySet:
        return KeySet.import_key_set(self._load(self._get_endpoint("jwks_uri"), max_age_us))  # type: ignore[arg-type]

    def _get_endpoint(self, name: str) -> str:
        issuer = self.settings.issuer
        document = self._load(issuer.rstrip("/") + "/.well-known/openid-configuration", _CACHE_US)
        endpoint = document.get(name)
        if document.get("issuer") != issuer or not isinstance(endpoint, str):
            raise _unavailable(f"invalid discovery document issuer={issuer} endpoint={name}")
        return endpoint

    def _load(self, url: str, max_age_us: Micros) -> dict[str, Any]:
        now = self._clock.now()
        with self._lock:
            cached = self._cache.get(url)
        if cached is None or not 0 <= now - cached.read_at < max_age_us:
            cached = _Document(self._request("GET", url), now)
            with self._lock:
                self._cache[url] = cached
        return cached.content

    def _post(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        settings = self.settings
        if settings.client_secret:
            return self._request("POST", url, data=form, auth=(settings.client_id, settings.client_secret))
        return self._request("POST", url, data={**form, "client_id": settings.client_id})

    def _request(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        """Return a JSON object; redirects are not followed. Raises: AuthenticationFailed for 4xx, Unavailable."""
        verify = ssl.create_default_context(cafile=self.settings.cacert or None)
        try:
            with (
                httpx.Client(timeout=_TIMEOUT_S, trust_env=False, verify=verify) as http,
                http.stream(method, url, **options) as response,
            ):
                content = b""
                for block in response.iter_bytes():
                    content += block
                    if len(content) > _MAX_BYTES:
                        raise _unavailable(f"response is too large url={url}")
            if response.is_client_error:
                raise AuthenticationFailed
            body = httpx.Response(response.status_code, content=content).json() if content else None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise _unavailable(f"identity provider not reachable url={url} error={type(error).__name__}") from error
        if response.status_code != _OK or not isinstance(body, dict):
            raise _unavailable(f"unexpected response url={url} status={response.status_code}")
        return body


def _unavailable(reason: str) -> Unavailable:
    return Unavailable("The identity provider is unavailable. Try again later.", reason=reason)
