"""Sign-in of users of identity providers. Source: Identity API v3, OS-FEDERATION.

Users of a provider are created at their first sign-in. Their groups are those of the last sign-in, until these expire.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stratiform.kit.clock import MINUTE_US, SECOND_US, Clock, Micros
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity.errors import AuthenticationFailed, NameConflict, SimpleResourceNotFound
from stratiform.services.identity.model import (
    AuthRequest,
    JsonObject,
    Project,
    RoleAssignment,
    ScopeRequest,
    Token,
    User,
)
from stratiform.services.identity.model.mapping_rules import (
    MappedProject,
    MappedUser,
    map_attributes,
)
from stratiform.services.identity.model.oidc import OidcSettings, build_assertion
from stratiform.services.identity.model.simple_resources import IDENTITY_PROVIDER, MAPPING, PROTOCOL, SimpleResource
from stratiform.services.identity.service.authentication import Authentication, ResolvedMethod
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.references import find_domain_id, find_group, find_user

if TYPE_CHECKING:
    from stratiform.services.identity.service.oidc_client import Claims, OidcClient


@dataclass(frozen=True, slots=True)
class Federation:
    """Operations on `/OS-FEDERATION/…/auth` and `/auth/OS-FEDERATION/…/websso`.

    `clients`: the configured providers by (identity provider, protocol).
    """

    ids: Ids
    cache: DirectoryCache
    authentication: Authentication
    clients: "dict[tuple[str, str], OidcClient]"

    def get_client(self, idp_id: str, protocol_id: str) -> "OidcClient":
        """Raises SimpleResourceNotFound if no OpenID Connect provider is configured for the protocol."""
        client = self.clients.get((idp_id, protocol_id))
        if client is None:
            raise SimpleResourceNotFound("federated protocol", protocol_id)
        return client

    def find_identity_provider_id(self, protocol_id: str) -> str:
        """Return the id of the only identity provider with a protocol. Raises: SimpleResourceNotFound, Invalid."""
        idp_ids = [idp_id for idp_id, protocol in self.clients if protocol == protocol_id]
        if len(idp_ids) > 1:
            raise Invalid(f"Several identity providers have the protocol {protocol_id}: use the path with one of them.")
        if not idp_ids:
            raise SimpleResourceNotFound("federated protocol", protocol_id)
        return idp_ids[0]

    def sign_in_with_access_token(
        self, database: Database, clock: Clock, idp_id: str, protocol_id: str, access_token: str
    ) -> tuple[str, Token]:
        """Return the id of an unscoped token, and the token. Slow: do not call it in a transaction.

        Raises: AuthenticationFailed, SimpleResourceNotFound, Unavailable if the provider cannot be reached
        """
        client = self.get_client(idp_id, protocol_id)
        return self.sign_in(database, clock, client.settings, client.verify_access_token(access_token))

    def sign_in(self, database: Database, clock: Clock, settings: OidcSettings, claims: "Claims") -> tuple[str, Token]:
        """Return the id of an unscoped token, and the token, for verified claims of a provider.

        Raises: AuthenticationFailed
        """
        idp_id, protocol_id, now = settings.identity_provider, settings.protocol, clock.now()
        assertion = build_assertion(settings.issuer, claims)
        with database.transaction() as db:
            provider, rules = _load_provider(db, idp_id, protocol_id, settings.issuer)
            user = self._resolve_user(db, provider, protocol_id, map_attributes(rules, assertion), now)
        request = AuthRequest((), ScopeRequest("unscoped"))
        with database.read_transaction() as db:
            return self.authentication.issue_token(db, request, [ResolvedMethod("mapped", user.id)], now)

    def _resolve_user(
        self, db: Connection, provider: SimpleResource, protocol_id: str, mapped: MappedUser, now: Micros
    ) -> User:
        if mapped.local is not None:
            local = find_user(db, mapped.local)
            if local is None or not local.enabled:
                raise AuthenticationFailed
            return local
        domain_id = str(provider.attributes["domain_id"])
        user = self._ensure_user(db, provider.id, protocol_id, domain_id, mapped)
        group_ids = _resolve_groups(db, mapped)
        minutes = provider.attributes.get("authorization_ttl") or 0
        expires_at = now + max(self.authentication.ttl_s * SECOND_US, minutes * MINUTE_US)
        repository.replace_expiring_memberships(db, user.id, provider.id, group_ids, expires_at)
        project_domain_id = find_domain_id(db, mapped.domain) or domain_id
        for project in mapped.projects:
            self._ensure_project(db, project_domain_id, project, user)
        self.cache.invalidate(db, now)
        return user

    def _ensure_user(self, db: Connection, idp_id: str, protocol_id: str, domain_id: str, mapped: MappedUser) -> User:
        """Return the user, who is created at the first sign-in and renamed with the provider's user."""
        user_id = repository.find_federated_user_id(db, idp_id, protocol_id, mapped.unique_id)
        user = repository.users.find(db, user_id) if user_id else None
        names = (mapped.name, mapped.unique_id)
        extra = {"email": mapped.email} if mapped.email else {}
        if user is not None:
            updated = replace(user, extra=user.extra | extra)
            if user.name not in names:
                updated = replace(updated, name=_find_free_name(db, names, domain_id))
            return repository.save_unique(db, repository.users, updated, NameConflict("user", updated.name, domain_id))
        name = _find_free_name(db, names, domain_id)
        user = User(user_id or self.ids.hex(), name, domain_id, extra=extra)
        repository.insert_unique(db, repository.users, user, NameConflict("user", name, domain_id))
        if user_id is None:
            repository.create_federated_user(db, user.id, idp_id, protocol_id, mapped.unique_id)
        return user

    def _ensure_project(self, db: Connection, domain_id: str, mapped: MappedProject, user: User) -> None:
        """Create a project of the mapping if missing, and assign its roles to the user."""
        project = repository.find_by_name(db, repository.projects, mapped.name, domain_id)
        if project is None:
            project = Project(self.ids.hex(), mapped.name, domain_id, parent_id=domain_id)
            conflict = NameConflict("project", mapped.name, domain_id)
            repository.insert_unique(db, repository.projects, project, conflict)
        for name in mapped.role_names:
            role = repository.find_by_name(db, repository.roles, name, "")
            if role is None:
                raise AuthenticationFailed
            repository.create_assignment(db, RoleAssignment(role.id, "user", user.id, "project", project.id))


def build_clients(providers: Sequence[OidcSettings], clock: Clock) -> "dict[tuple[str, str], OidcClient]":
    """Raises Invalid for two providers with the same identity provider and protocol."""
    if not providers:  # without one, the libraries of OIDC are not loaded
        return {}
    from stratiform.services.identity.service.oidc_client import OidcClient

    clients: dict[tuple[str, str], OidcClient] = {}
    for settings in providers:
        key = (settings.identity_provider, settings.protocol)
        if key in clients:
            raise Invalid(f"two [[oidc]] tables have the identity provider {key[0]!r} and the protocol {key[1]!r}")
        clients[key] = OidcClient(settings, clock)
    return clients


def _load_provider(
    db: Connection, idp_id: str, protocol_id: str, issuer: str
) -> tuple[SimpleResource, Sequence[JsonObject]]:
    """Return an enabled identity provider and the rules of the mapping of its protocol."""
    provider = repository.find_simple_resource(db, IDENTITY_PROVIDER.name, idp_id)
    if provider is None:
        raise SimpleResourceNotFound(IDENTITY_PROVIDER.label, idp_id)
    protocol = repository.find_simple_resource(db, PROTOCOL.name, f"{idp_id}/{protocol_id}")
    if protocol is None:
        raise SimpleResourceNotFound(PROTOCOL.label, protocol_id)
    remote_ids = provider.attributes.get("remote_ids")
    if not provider.attributes.get("enabled") or (remote_ids and issuer not in remote_ids):
        raise AuthenticationFailed
    mapping = repository.find_simple_resource(db, MAPPING.name, protocol.attributes["mapping_id"])
    if mapping is None:
        raise AuthenticationFailed
    return provider, mapping.attributes["rules"]


def _resolve_groups(db: Connection, mapped: MappedUser) -> list[str]:
    """Return the ids of the groups of a mapping. Names without a group are ignored, as in Keystone.

    Raises: AuthenticationFailed for an id without a group
    """
    existing = {group.id for group in repository.find_by_ids(db, repository.groups, mapped.group_ids)}
    if existing != set(mapped.group_ids):
        raise AuthenticationFailed
    named = [find_group(db, ref) for ref in mapped.group_refs]
    return sorted(existing | {group.id for group in named if group is not None})


def _find_free_name(db: Connection, names: Iterable[str], domain_id: str) -> str:
    """Return the first name that no other user of the domain has. Raises: AuthenticationFailed."""
    for name in names:
        if repository.find_by_name(db, repository.users, name, domain_id) is None:
            return name
    raise AuthenticationFailed
