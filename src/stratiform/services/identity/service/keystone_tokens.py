"""Tokens of a Keystone whose users use this installation (`identity_mode = "keystone"`).

The Keystone is contacted before a request's transaction, which then finds the token in the cache. Its projects and
domains have rows like all others, which are written from its tokens, so that accounts, placement and names of projects
do not distinguish them. Users and roles have none: a token has all that is needed of them.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from stratiform.kit import outbox
from stratiform.kit.clock import MINUTE_US, Clock, Micros, parse_iso
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection, Database
from stratiform.services.identity import repository
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import (
    DEFAULT_DOMAIN,
    ApplicationCredential,
    Project,
    Role,
    Token,
    TokenClaims,
    TokenScope,
    User,
)
from stratiform.services.identity.model.keystone import KeystoneDomain, KeystoneReference, KeystoneToken
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges
from stratiform.services.identity.service.token_encoding import decode_token
from stratiform.services.identity.service.tokens import build_caller

if TYPE_CHECKING:
    from stratiform.services.identity.service.keystone_client import KeystoneClient

#: A validated token is cached for this time at most, so a revoked token is rejected after it.
_TOKEN_TTL_US = MINUTE_US

#: The projects of a user are cached for this time; the Keystone itself decides on a change of the project.
_PROJECTS_TTL_US = 60 * MINUTE_US

#: Default of the maximum number of cached tokens; the oldest is evicted first.
_CACHE_SIZE = 10_000

T = TypeVar("T")


class TokenCache(Generic[T]):
    """What was made of validated tokens, without the tokens themselves. Thread-safe."""

    def __init__(self, ttl_us: Micros = _TOKEN_TTL_US, size: int = _CACHE_SIZE) -> None:
        self._ttl_us, self._size = ttl_us, size
        self._entries: dict[bytes, tuple[Micros, T]] = {}
        self._lock = threading.Lock()

    def find(self, token_id: str, now: Micros) -> T | None:
        cached_until, entry = self._entries.get(_digest(token_id), (0, None))
        return entry if now < cached_until else None

    def put(self, token_id: str, entry: T, now: Micros, expiry: Micros | None = None) -> None:
        """Keep `entry` for the time of this cache, or until `expiry` if that is earlier."""
        key = _digest(token_id)
        with self._lock:
            self._entries.pop(key, None)
            while len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            cached_until = now + self._ttl_us
            self._entries[key] = (cached_until if expiry is None else min(expiry, cached_until), entry)

    def delete(self, token_id: str) -> None:
        with self._lock:
            self._entries.pop(_digest(token_id), None)


@dataclass(frozen=True, slots=True)
class KeystoneTokens:
    """The accepted tokens of one Keystone."""

    client: "KeystoneClient"
    keys: KeyRepository
    directory: DirectoryCache
    privileges: OperatorPrivileges
    clock: Clock
    _tokens: TokenCache[Token] = field(default_factory=TokenCache)
    _projects: TokenCache[Sequence[Project]] = field(default_factory=lambda: TokenCache(_PROJECTS_TTL_US))

    def prepare(self, database: Database, token_id: str) -> None:
        """Validate a token at the Keystone, unless it is cached or one of this installation.

        Slow: do not call it in a transaction. A token that is not valid is left to `Tokens.validate`.

        Raises: Unavailable
        """
        now = self.clock.now()
        if not token_id or self._tokens.find(token_id, now) is not None or self.is_own(token_id):
            return
        try:
            validated = self.client.validate(token_id)
        except AuthenticationFailed:
            return
        self._save_scope(database, validated, now)
        self._tokens.put(token_id, _build_token(validated, self.privileges), now, validated.expiry)

    def find(self, token_id: str, now: Micros) -> Token | None:
        """Return a token that was prepared."""
        return self._tokens.find(token_id, now)

    def sign_in(self, user: str, password: str, domain: str) -> str | None:
        """Return a token for the user's first project; None without a project.

        Slow: do not call it in a transaction. Raises: AuthenticationFailed, Unavailable
        """
        unscoped = self.client.sign_in(user, password, domain)
        projects = self.client.list_projects(unscoped)
        return self.scope_to_project(unscoped, projects[0][0]) if projects else None

    def scope_to_project(self, token_id: str, project_id: str) -> str:
        """Exchange a token for one of a project.

        Slow: do not call it in a transaction. Raises: AuthenticationFailed, Unavailable
        """
        scoped = self.client.scope_to_project(token_id, project_id)
        projects = [Project(id_, name, "") for id_, name in self.client.list_projects(scoped)]
        self._projects.put(scoped, projects, self.clock.now())
        return scoped

    def list_projects(self, token_id: str, token: Token) -> Sequence[Project]:
        """Return the projects of the user of a token that this process has requested; of another, only its own."""
        cached = self._projects.find(token_id, self.clock.now())
        return cached if cached is not None else [token.project] if token.project is not None else []

    def revoke(self, token_id: str) -> None:
        """Revoke a token. Slow: do not call it in a transaction. Raises: Unavailable"""
        self._tokens.delete(token_id)
        self.client.revoke(token_id)

    def is_own(self, token_id: str) -> bool:
        """Return whether a token is one of this installation; it need not be valid."""
        try:
            decode_token(self.keys, token_id)
        except AuthenticationFailed:
            return False
        return True

    def _save_scope(self, database: Database, token: KeystoneToken, now: Micros) -> None:
        """Write the rows of the project or domain of a token if they are missing or have changed."""
        scope = token.project or token.domain
        if scope is None:
            return
        domain = scope.domain if isinstance(scope, KeystoneReference) else scope
        expected = [_build_domain(domain)]
        if isinstance(scope, KeystoneReference):
            expected.append(_build_project(scope))
        with database.read_transaction() as db:
            if not any(_find_change(db, project) for project in expected):
                return
        with database.transaction() as db:
            for project in expected:
                _save(db, project, now)
            self.directory.invalidate(db, now)


def _digest(token_id: str) -> bytes:
    return hashlib.sha256(token_id.encode()).digest()


def _build_domain(domain: KeystoneDomain) -> Project:
    return Project(domain.id, domain.name or domain.id, "", is_domain=True)


def _build_project(project: KeystoneReference) -> Project:
    return Project(project.id, project.name or project.id, project.domain.id, parent_id=project.domain.id)


def _find_change(db: Connection, expected: Project) -> Project | None:
    """Return the row to write, or None if it is up to date.

    A name that another project of the domain has is followed by the id.
    """
    stored: Project | None = repository.projects.find(db, expected.id)
    if stored is not None and (stored.id == DEFAULT_DOMAIN or stored.is_domain != expected.is_domain):
        return None
    other = repository.find_by_name(db, repository.projects, expected.name, expected.domain_id)
    name = f"{expected.name} ({expected.id})" if other is not None and other.id != expected.id else expected.name
    changed = replace(stored or expected, name=name, enabled=True)
    return changed if changed != stored else None


def _save(db: Connection, expected: Project, now: Micros) -> None:
    project = _find_change(db, expected)
    if project is None:
        return
    is_new = repository.projects.find(db, project.id) is None
    write = repository.projects.insert if is_new else repository.projects.save
    write(db, project)
    if not project.is_domain:
        outbox.append_name(db, "project", project.id, project.name, now)


def _build_token(token: KeystoneToken, privileges: OperatorPrivileges) -> Token:
    scope = _get_scope(token)
    project = _build_project(token.project) if token.project is not None else None
    domain = _build_domain(token.domain) if token.domain is not None else None
    roles = tuple(Role(role.id or role.name, role.name) for role in token.roles)
    roles += tuple(Role(name, name) for name in sorted(token.role_names - {role.name for role in roles}))
    claims = TokenClaims(
        user_id=token.user.id,
        methods=token.methods,
        scope=scope,
        issued_at=parse_iso(token.issued_at) if token.issued_at else 0,
        expires_at=token.expiry,
        audit_ids=token.audit_ids,
    )
    user = User(token.user.id, token.user.name, token.user.domain.id)
    caller_roles = privileges.list_caller_roles(roles, scope, project or domain)
    return Token(
        claims=claims,
        user=user,
        user_domain=_build_domain(token.user.domain),
        roles=roles,
        caller=build_caller(user, scope, caller_roles, project or domain),
        project=project,
        project_domain=_build_domain(token.project.domain) if token.project is not None else domain,
        domain=domain,
        application_credential=_build_credential(token),
    )


def _get_scope(token: KeystoneToken) -> TokenScope:
    if token.project is not None:
        return TokenScope("project", token.project.id)
    if token.domain is not None:
        return TokenScope("domain", token.domain.id)
    return TokenScope("system" if token.system is not None else "unscoped")


def _build_credential(token: KeystoneToken) -> ApplicationCredential | None:
    credential = token.application_credential
    if credential is None:
        return None
    return ApplicationCredential(
        credential.id,
        credential.name,
        token.user.id,
        token.project.id if token.project is not None else "",
        secret="",
        unrestricted=not credential.restricted,
        access_rules=credential.access_rules,
    )
