"""Users and groups in LDAP directories. They have rows like all others, which are written from the directory.

So role assignments, tokens and credentials do not distinguish them. The directory is read at each sign-in of a user,
and when the users or groups of its domain are listed. Source: keystone/identity/backends/ldap.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.services.identity import repository
from stratiform.services.identity.errors import NameConflict
from stratiform.services.identity.model import (
    ApplicationCredentialAuth,
    AuthMethod,
    Group,
    PasswordAuth,
    Project,
    ResourceRef,
    TotpAuth,
    User,
)
from stratiform.services.identity.model.ldap import LdapGroup, LdapSettings, LdapUser
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.references import find_domain_id, find_user

if TYPE_CHECKING:
    from stratiform.services.identity.service.ldap_client import LdapClient


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A user of a directory who signs in."""

    client: "LdapClient"
    user: LdapUser

    def check_password(self, password: str) -> bool:
        return self.client.check_password(self.user, password)


@dataclass(frozen=True, slots=True)
class Directories:
    """The directories by the name of their domain."""

    cache: DirectoryCache
    clients: "Mapping[str, LdapClient]" = field(default_factory=dict)

    def require_writable(self, db: Connection, domain_id: str) -> None:
        """Raises Forbidden for a domain whose users and groups are in a directory."""
        if self._find_client(db, domain_id) is not None:
            raise Forbidden("LDAP does not support write operations")

    def refresh_users(
        self, database: Database, methods: Iterable[AuthMethod], now: Micros
    ) -> dict[AuthMethod, DirectoryUser]:
        """Read the users of these methods from their directories, and return those that exist there.

        Slow: do not call it in a transaction. Raises: Unavailable
        """
        if not self.clients:
            return {}
        present = {}
        for method in methods:
            present.update(self._refresh(database, method, now))
        return present

    def synchronize(self, database: Database, domain_id: str, now: Micros) -> None:
        """Read all users and groups of a domain from its directory, if it has one. Disables users who are missing.

        Slow: do not call it in a transaction. Raises: Unavailable
        """
        if not self.clients:
            return
        with database.read_transaction() as db:
            client = self._find_client(db, domain_id)
        if client is None:
            return
        users, groups = client.list_users(), client.list_groups()
        with database.transaction() as db:
            for group in groups:
                _save_group(db, domain_id, group)
            has_changed = False
            for user in users:
                own = [group for group in groups if client.is_member(group, user)]
                has_changed |= _save_user(db, domain_id, user, own)
            missing = repository.list_entry_ids(db, domain_id, "user") - {
                build_public_id(domain_id, "user", user.local_id) for user in users
            }
            for user_id in sorted(missing):
                has_changed |= _disable_user(db, user_id)
            if has_changed:
                self.cache.invalidate(db, now)

    def _refresh(self, database: Database, method: AuthMethod, now: Micros) -> dict[AuthMethod, DirectoryUser]:
        with database.read_transaction() as db:
            stored, domain_id, name = _find_reference(db, method)
            client = self._find_client(db, domain_id)
            local_id = repository.find_local_id(db, stored.id) if stored is not None else None
        if client is None or (stored is not None and local_id is None):
            return {}
        user = client.find_user_by_id(local_id) if local_id else client.find_user(name)
        groups = client.list_user_groups(user) if user is not None else []
        with database.transaction() as db:
            if user is not None:
                has_changed = _save_user(db, domain_id, user, groups)
            else:
                has_changed = stored is not None and _disable_user(db, stored.id)
            if has_changed:
                self.cache.invalidate(db, now)
        return {} if user is None else {method: DirectoryUser(client, user)}

    def _find_client(self, db: Connection, domain_id: str) -> "LdapClient | None":
        if not self.clients or not domain_id:
            return None
        domain: Project | None = repository.projects.find(db, domain_id)
        return self.clients.get(domain.name) if domain is not None and domain.is_domain else None


def build_directories(settings: Sequence[LdapSettings], cache: DirectoryCache) -> Directories:
    """Raises Invalid for two directories of one domain."""
    if not settings:  # without one, the library of LDAP is not loaded
        return Directories(cache)
    from stratiform.services.identity.service.ldap_client import LdapClient

    clients: dict[str, LdapClient] = {}
    for directory in settings:
        if directory.domain in clients:
            raise Invalid(f"two [[ldap]] tables have the domain {directory.domain!r}")
        clients[directory.domain] = LdapClient(directory)
    return Directories(cache, clients)


def build_public_id(domain_id: str, kind: str, local_id: str) -> str:
    """Return the id of a user or group of a directory: the digest that Keystone uses, too."""
    return hashlib.sha256(f"{domain_id}{kind}{local_id}".encode()).hexdigest()


def _find_reference(db: Connection, method: AuthMethod) -> tuple[User | None, str, str]:
    """Return the stored user of a method, the user's domain and name. The user may be in a directory only."""
    ref = ResourceRef()
    if isinstance(method, PasswordAuth | TotpAuth):
        ref = method.user
    elif isinstance(method, ApplicationCredentialAuth):
        ref = method.user
        if method.credential.id:
            credential = repository.application_credentials.find(db, method.credential.id)
            ref = ResourceRef(id=credential.user_id if credential else "")
    if not ref.id and not ref.name:
        return None, "", ""
    user = find_user(db, ref)
    domain_id = user.domain_id if user is not None else find_domain_id(db, ref) if ref.name else ""
    return user, domain_id, ref.name


def _save_user(db: Connection, domain_id: str, entry: LdapUser, groups: Sequence[LdapGroup]) -> bool:
    """Write the row of a user, and the user's memberships. Return False if nothing has changed."""
    user_id = build_public_id(domain_id, "user", entry.local_id)
    stored = repository.users.find(db, user_id)
    extra = {name: text for name, text in (("email", entry.email), ("description", entry.description)) if text}
    user = replace(
        stored or User(user_id, entry.name, domain_id), name=entry.name, enabled=entry.enabled, password="", extra=extra
    )
    if stored is not None and stored.enabled and not user.enabled:
        user = replace(user, epoch=stored.epoch + 1)
    conflict = NameConflict("user", entry.name, domain_id)
    if stored is None:
        repository.insert_unique(db, repository.users, user, conflict)
        repository.ensure_directory_entry(db, user_id, domain_id, "user", entry.local_id)
    elif stored != user:
        repository.save_unique(db, repository.users, user, conflict)
    group_ids = [_save_group(db, domain_id, group) for group in groups]
    has_moved = repository.replace_directory_memberships(db, user_id, domain_id, group_ids)
    return has_moved or stored != user


def _save_group(db: Connection, domain_id: str, entry: LdapGroup) -> str:
    group_id = build_public_id(domain_id, "group", entry.local_id)
    stored = repository.groups.find(db, group_id)
    group = Group(group_id, entry.name, domain_id, entry.description)
    conflict = NameConflict("group", entry.name, domain_id)
    if stored is None:
        repository.insert_unique(db, repository.groups, group, conflict)
        repository.ensure_directory_entry(db, group_id, domain_id, "group", entry.local_id)
    elif stored != group:
        repository.save_unique(db, repository.groups, group, conflict)
    return group_id


def _disable_user(db: Connection, user_id: str) -> bool:
    """Disable a user who is missing in the directory; the row stays, because usage and assignments refer to it."""
    user = repository.users.find(db, user_id)
    if user is None or not user.enabled:
        return False
    repository.users.save(db, replace(user, enabled=False, epoch=user.epoch + 1))
    return True
