"""Validation of tokens of Almanach's API by a remote Keystone, also if the other APIs use this installation's users."""

from stratiform.interfaces.services import Services
from stratiform.kit.errors import Unauthenticated
from stratiform.kit.policy import Caller
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model.keystone import KeystoneSettings, KeystoneToken
from stratiform.services.identity.service.keystone_client import KeystoneClient
from stratiform.services.identity.service.token_cache import TokenCache

#: Maximum number of cached tokens; the oldest is evicted first.
_CACHE_SIZE = 1000


class RemoteKeystone:
    """A `TokenValidator` with a cache."""

    def __init__(self, settings: KeystoneSettings) -> None:
        self._client = KeystoneClient(settings)
        self._cache: TokenCache[Caller] = TokenCache(size=_CACHE_SIZE)

    def __call__(self, services: Services, token: str) -> Caller:
        """Raises Unauthenticated, Unavailable."""
        now = services.clock.now()
        caller = self._cache.find(token, now)
        if caller is not None:
            return caller
        try:
            validated = self._client.validate(token)
        except AuthenticationFailed as error:
            raise Unauthenticated("Invalid token") from error
        credential = validated.application_credential
        if now >= validated.expiry or (credential is not None and credential.access_rules is not None):
            raise Unauthenticated("Invalid token")
        caller = _build_caller(validated)
        self._cache.put(token, caller, now, validated.expiry)
        return caller


def _build_caller(token: KeystoneToken) -> Caller:
    return Caller(
        user_id=token.user.id,
        user_name=token.user.name,
        project_id=None if token.project is None else token.project.id,
        project_name="" if token.project is None else token.project.name,
        domain_id=None if token.domain is None else token.domain.id,
        system=token.system is not None,
        roles=token.role_names,
    )
