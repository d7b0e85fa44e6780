"""Tokens of a Keystone whose users use this installation (`identity_mode = "keystone"`).

The Keystone is contacted before a request's transaction, which then finds the token in the cache. Its projects and
domains have rows like all others, which are written from its tokens, so that accounts, placement and names of projects
do not distinguish them. Users and roles have none: a token has all that is needed of them.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stratiform.kit import outbox
from stratiform.kit.clock import MINUTE_US, SECOND_US, Clock, Micros, parse_iso
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Unavailable
from stratiform.services.identity import repository
from stratiform.services.identity.errors import AuthenticationFailed, KeystoneUnreachable
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
from stratiform.services.identity.service.token_cache import TokenCache
from stratiform.services.identity.service.token_encoding import decode_token
from stratiform.services.identity.service.tokens import build_caller

if TYPE_CHECKING:
    from stratiform.services.identity.service.keystone_client import KeystoneClient

#: How long a token is valid after its validation in a request whose transaction has to wait.
_WAIT_US = MINUTE_US

#: The projects and the earlier tokens of a user are cached for this time.
_SESSION_TTL_US = 60 * MINUTE_US

#: Rejected tokens are cached, and no requests are sent to a Keystone that did not respond, for these times.
_REJECTED_TTL_US = 10 * SECOND_US
_DOWN_US = 5 * SECOND_US

#: Requests that are sent to the Keystone at the same time, and how long others wait for them, so that other requests
#: are still processed while the Keystone is slow.
_MAX_REQUESTS = 8
_MAX_WAIT_S = 2.0

_TOKEN = re.compile(r"[A-Za-z0-9_.~+/=-]{32,8192}")


class KeystoneStatus:
    """Whether the Keystone responds, and how many requests it can get. Thread-safe."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(_MAX_REQUESTS)
        self._down_until: Micros = 0
        self._message = "Unable to validate the token, Keystone does not respond in time"

    @contextmanager
    def request(self, clock: Clock) -> Iterator[None]:
        """Wait for a slot. Raises Unavailable without one, and if the Keystone did not respond recently."""
        if clock.now() < self._down_until or not self._slots.acquire(timeout=_MAX_WAIT_S):
            raise Unavailable(self._message)
        try:
            yield
        except KeystoneUnreachable as error:
            self._down_until, self._message = clock.now() + _DOWN_US, error.message
            raise
        finally:
            self._slots.release()


@dataclass(frozen=True, slots=True)
class KeystoneTokens:
    """The accepted tokens of one Keystone."""

    client: "KeystoneClient"
    keys: KeyRepository
    directory: DirectoryCache
    privileges: OperatorPrivileges
    clock: Clock
    _status: KeystoneStatus = field(default_factory=KeystoneStatus)
    _tokens: TokenCache[Token] = field(default_factory=TokenCache)
    _rejected: TokenCache[bool] = field(default_factory=lambda: TokenCache(_REJECTED_TTL_US))
    _projects: TokenCache[Sequence[Project]] = field(default_factory=lambda: TokenCache(_SESSION_TTL_US))
    _earlier: TokenCache[tuple[str, ...]] = field(default_factory=lambda: TokenCache(_SESSION_TTL_US))

    def prepare(self, database: Database, token_id: str) -> None:
        """Validate a token at the Keystone, unless it is cached or one of this installation.

        Slow: do not call it in a transaction. A token that is not valid is left to `authenticate`.

        Raises: Unavailable
        """
        now = self.clock.now()
        is_known = self._tokens.find(token_id, now) is not None or self._rejected.find(token_id, now) is not None
        if is_known or not _TOKEN.fullmatch(token_id) or self.is_own(token_id):
            return
        try:
            with self._status.request(self.clock):
                validated = self.client.validate(token_id)
        except AuthenticationFailed:
            self._tokens.delete(token_id)
            self._rejected.put(token_id, True, now)
            return
        if not self._save_scope(database, validated, now):
            self._tokens.delete(token_id)
        else:
            self._tokens.put(token_id, _build_token(validated, self.privileges), now, validated.expiry)

    def find(self, token_id: str, now: Micros) -> Token | None:
        """Return a token that was prepared for this request, whose transaction may have waited."""
        return self._tokens.find(token_id, now, grace_us=_WAIT_US)

    def has_local_user(self, database: Database, user: str, domain: str) -> bool:
        """Return whether this installation itself has a user of this name, who does not sign in at the Keystone."""
        with database.read_transaction() as db:
            row = repository.find_by_name(db, repository.projects, domain, "")
            return row is not None and repository.find_by_name(db, repository.users, user, row.id) is not None

    def sign_in(self, user: str, password: str, domain: str) -> str | None:
        """Return a token for the user's first project; None without a project.

        Slow: do not call it in a transaction. Raises: AuthenticationFailed, Unavailable
        """
        with self._status.request(self.clock):
            unscoped = self.client.sign_in(user, password, domain)
            projects = self.client.list_projects(unscoped)
        return self.scope_to_project(unscoped, projects[0][0]) if projects else None

    def scope_to_project(self, token_id: str, project_id: str) -> str:
        """Exchange a token for one of a project.

        Slow: do not call it in a transaction. Raises: AuthenticationFailed, Unavailable
        """
        with self._status.request(self.clock):
            scoped = self.client.scope_to_project(token_id, project_id)
            projects = [Project(id_, name, "") for id_, name in self.client.list_projects(scoped)]
        now = self.clock.now()
        self._projects.put(scoped, projects, now)
        self._earlier.put(scoped, (*(self._earlier.find(token_id, now) or ()), token_id), now)
        return scoped

    def list_projects(self, token_id: str, token: Token) -> Sequence[Project]:
        """Return the projects of the user of a token that this process has requested; of another, only its own."""
        cached = self._projects.find(token_id, self.clock.now())
        return cached if cached is not None else [token.project] if token.project is not None else []

    def revoke(self, token_id: str) -> None:
        """Revoke a token, and those for which it was exchanged in this process.

        Slow: do not call it in a transaction. Raises: Unavailable
        """
        for each in (*(self._earlier.find(token_id, self.clock.now()) or ()), token_id):
            with self._status.request(self.clock):
                self.client.revoke(each)
            self._tokens.delete(each)

    def is_own(self, token_id: str) -> bool:
        """Return whether a token is one of this installation; it need not be valid."""
        try:
            decode_token(self.keys, token_id)
        except AuthenticationFailed:
            return False
        return True

    def _save_scope(self, database: Database, token: KeystoneToken, now: Micros) -> bool:
        """Write the rows of the project or domain of a token if they are missing or have changed.

        Returns False if an operator has disabled one of them.
        """
        expected = _build_scope(token)
        with database.read_transaction() as db:
            changes = [project for project in expected if _find_change(db, project) is not None]
        if changes:
            with database.transaction() as db:
                self.directory.invalidate(db, now)  # first, because it locks: other requests may save the same rows
                for project in expected:
                    _save(db, project, now)
        with database.read_transaction() as db:
            rows = [repository.projects.find(db, project.id) for project in expected]
        return all(row is not None and row.enabled for row in rows)


def _build_scope(token: KeystoneToken) -> list[Project]:
    """Return the rows of a token's scope, the domain first."""
    if token.project is not None:
        return [_build_domain(token.project.domain), _build_project(token.project)]
    return [_build_domain(token.domain)] if token.domain is not None else []


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
    changed = replace(stored or expected, name=name)
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
