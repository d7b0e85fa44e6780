"""Validation of tokens by a remote Keystone.

Source: Identity API v3, "Validate and show information for token".
"""

import hashlib
import threading
from dataclasses import dataclass, field

import msgspec
from keystoneauth1 import session as sessions
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import v3

from stratiform.interfaces.services import Services
from stratiform.kit.clock import MINUTE_US, Micros, parse_iso
from stratiform.kit.errors import Unauthenticated, Unavailable
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.policy import Caller

#: A validated token is cached for this time at most, so a revoked token is rejected after it.
_CACHE_TTL_US = MINUTE_US

#: Maximum number of cached tokens; the oldest is evicted first.
_CACHE_SIZE = 1000

_TIMEOUT_S = 10

#: Roles that a role implies. Older Keystones have the role `_member_` and no `reader`.
_IMPLIED_ROLES = {
    "admin": ("manager", "member", "reader"),
    "manager": ("member", "reader"),
    "member": ("reader",),
    "_member_": ("member", "reader"),
}


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The user that validates tokens; it needs the role `service` or `admin`."""

    username: str
    password: str = field(repr=False)
    project_name: str = "service"
    user_domain_id: str = ""
    user_domain_name: str = "Default"
    project_domain_name: str = "Default"


class RemoteKeystone:
    """A Keystone v3 at `url`, as a `TokenValidator` with a cache."""

    def __init__(self, url: str, user: ServiceUser) -> None:
        base = url.rstrip("/")
        self._url = base if base.endswith("/v3") else f"{base}/v3"
        auth = v3.Password(
            auth_url=self._url,
            username=user.username,
            password=user.password,
            project_name=user.project_name,
            project_domain_name=user.project_domain_name,
            user_domain_id=user.user_domain_id or None,
            user_domain_name=None if user.user_domain_id else user.user_domain_name,
        )
        self._session = sessions.Session(auth=auth, timeout=_TIMEOUT_S)
        self._cache: dict[bytes, tuple[Micros, Caller]] = {}
        self._lock = threading.Lock()

    def __call__(self, services: Services, token: str) -> Caller:
        """Raises Unauthenticated, Unavailable."""
        key, now = hashlib.sha256(token.encode()).digest(), services.clock.now()
        cached_until, caller = self._cache.get(key, (0, None))
        if caller is not None and now < cached_until:
            return caller
        expires_at, caller = self._validate(token)
        if now >= expires_at:
            raise Unauthenticated("Invalid token")
        with self._lock:
            self._cache.pop(key, None)
            while len(self._cache) >= _CACHE_SIZE:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = (min(expires_at, now + _CACHE_TTL_US), caller)
        return caller

    def _validate(self, token: str) -> tuple[Micros, Caller]:
        """Return the expiry and the owner of a token."""
        if not token.isascii() or not token.isprintable():
            raise Unauthenticated("Invalid token")
        try:
            response = self._session.get(
                f"{self._url}/auth/tokens?nocatalog=1",
                headers={"X-Subject-Token": token, "Accept": "application/json"},
                raise_exc=False,
            )
        except ClientException as error:
            raise Unavailable(
                f"Unable to validate the token, no response from Keystone: {type(error).__name__}"
            ) from error
        if response.status_code == 404:
            raise Unauthenticated("Invalid token")
        if response.status_code != 200:
            raise Unavailable(f"Unable to validate the token, unexpected status from Keystone: {response.status_code}")
        try:
            return _parse_token(response.content)
        except (*NOT_JSON, ValueError) as error:
            raise Unavailable("Unable to validate the token, invalid response from Keystone") from error


class _Reference(msgspec.Struct):
    id: str
    name: str = ""


class _Role(msgspec.Struct):
    name: str


class _Token(msgspec.Struct):
    user: _Reference
    expires_at: str
    project: _Reference | None = None
    domain: _Reference | None = None
    roles: list[_Role] = []
    system: dict[str, bool] | None = None


class _Response(msgspec.Struct):
    token: _Token


def _parse_token(body: bytes) -> tuple[Micros, Caller]:
    """Return the expiry and the owner of the token in a response. Raises ValueError, and those of `NOT_JSON`."""
    token = msgspec.json.decode(body, type=_Response).token
    roles = {role.name.lower() for role in token.roles}
    caller = Caller(
        user_id=token.user.id,
        user_name=token.user.name,
        project_id=None if token.project is None else token.project.id,
        project_name="" if token.project is None else token.project.name,
        domain_id=None if token.domain is None else token.domain.id,
        system=token.system is not None,
        roles=frozenset(roles.union(*(_IMPLIED_ROLES.get(role, ()) for role in roles))),
    )
    return parse_iso(token.expires_at), caller
