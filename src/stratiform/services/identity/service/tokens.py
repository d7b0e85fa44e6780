"""Validation and revocation of tokens. Source: Identity API v3, "Authentication and token management"."""

from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection
from stratiform.kit.errors import Unauthenticated
from stratiform.kit.policy import Caller
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import AuthenticationFailed, TokenNotFound
from stratiform.services.identity.model import (
    ALLOW_EXPIRED_WINDOW_US,
    SYSTEM_TARGET,
    ApplicationCredential,
    Project,
    Role,
    Token,
    TokenClaims,
    TokenScope,
    Trust,
    User,
    expand_implied_roles,
)
from stratiform.services.identity.service.directory_cache import DirectoryCache, RevisionCache
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges
from stratiform.services.identity.service.token_encoding import decode_token


@dataclass(frozen=True, slots=True)
class RoleGraph:
    """All roles by id, and the ids of the roles that each implies directly."""

    roles: dict[str, Role]
    implied: dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Operations on `/auth/tokens` with an issued token. `Authentication` issues tokens."""

    keys: KeyRepository
    cache: DirectoryCache
    privileges: OperatorPrivileges

    def validate(self, db: Connection, token_id: str, now: Micros, *, expired_window_us: Micros = 0) -> Token:
        """Return a valid token; it may have expired up to `expired_window_us` ago.

        Raises: AuthenticationFailed
        """
        cached = self.cache.get_current_cache(db, now)
        token: Token | None = cached.entries.get(token_id)
        if token is None:
            token = self.load_token(db, cached, decode_token(self.keys, token_id))
            cached.put(db, token_id, token)
        if now >= token.claims.expires_at + expired_window_us or _is_expired(token, now):
            raise AuthenticationFailed
        return token

    def is_service_token(self, db: Connection, token_id: str, now: Micros) -> bool:
        """Return True if a valid token has the role of services. Raises: AuthenticationFailed if it is not valid."""
        return "service" in self.validate(db, token_id, now).caller.roles

    def get_subject_token(self, ctx: RequestContext, token_id: str, *, allow_expired: bool = False) -> Token:
        """Return the token of the header X-Subject-Token.

        Raises: TokenNotFound, ForbiddenAction
        """
        if not token_id:
            raise TokenNotFound
        may_be_expired = allow_expired and ("service" in ctx.caller.roles or ctx.caller.is_admin)
        window = ALLOW_EXPIRED_WINDOW_US if may_be_expired else 0
        try:
            token = self.validate(ctx.db, token_id, ctx.now, expired_window_us=window)
        except Unauthenticated as error:
            raise TokenNotFound from error
        policy.VALIDATE_TOKEN.require(ctx.caller, token.claims.user_id)
        return token

    def remember_response(
        self, ctx: RequestContext, key: str, response: object, caller_token_id: str, token: Token
    ) -> None:
        """Keep a response that depends on nothing but these tokens and this revision of the directory."""
        caller_token = self.validate(ctx.db, caller_token_id, ctx.now, expired_window_us=ALLOW_EXPIRED_WINDOW_US)
        valid_until = min(_compute_end(caller_token), _compute_end(token))
        self.cache.get_current_cache(ctx.db, ctx.now).put(ctx.db, key, (valid_until, response))

    def recall_response(self, key: str, now: Micros) -> Any:
        """Return the response that was kept with `key` and is still valid, or None. Does not wait for the database."""
        cached = self.cache.find_current_cache(now)
        valid_until, response = (0, None) if cached is None else cached.entries.get(key, (0, None))
        return response if now < valid_until else None

    def has_system_role(self, ctx: RequestContext) -> bool:
        """Return True if the caller can scope a token to the system."""
        policy.GET_AUTH_SYSTEM.require(ctx.caller)
        return bool(repository.list_role_ids(ctx.db, ctx.caller.user_id, "system", SYSTEM_TARGET))

    def revoke(self, ctx: RequestContext, token_id: str, *, chain: bool = False) -> None:
        """Revoke a token, and all that were issued for it. They are invalid from the commit of this transaction.

        `chain`: all tokens that were issued since the same sign-in. Raises: TokenNotFound, ForbiddenAction
        """
        token = self.get_subject_token(ctx, token_id)
        policy.REVOKE_TOKEN.require(ctx.caller, token.claims.user_id)
        self.cache.invalidate(ctx.db, ctx.now)
        audit_id = token.claims.audit_ids[-1 if chain else 0]
        repository.revoke_token(ctx.db, audit_id, token.claims.expires_at, ctx.now)

    def load_token(self, db: Connection, cached: RevisionCache, claims: TokenClaims) -> Token:
        """Return the token with these claims.

        Raises: AuthenticationFailed if it is revoked, or its user or scope is disabled or deleted
        """
        user = repository.users.find(db, claims.user_id)
        if user is None or not user.enabled or user.epoch != claims.user_epoch:
            raise AuthenticationFailed
        if repository.is_any_revoked(db, claims.audit_ids):
            raise AuthenticationFailed
        user_domain = _load_enabled_domain(db, user.domain_id)
        credential = _load_application_credential(db, claims)
        trust = _load_trust(db, claims)
        target, target_domain = _load_scope_target(db, claims.scope)
        if target is not None and target.epoch != claims.scope_epoch:
            raise AuthenticationFailed
        if trust is None:
            roles = self.list_effective_roles(db, cached, user, claims.scope, target, credential)
        else:
            roles = self._list_trust_roles(db, cached, claims, trust, target)
        if claims.scope.type != "unscoped" and not roles:
            raise AuthenticationFailed
        return Token(
            claims=claims,
            user=replace(user, password=""),
            user_domain=user_domain,
            roles=roles,
            caller=build_caller(
                user, claims.scope, self.privileges.list_caller_roles(roles, claims.scope, target), target
            ),
            project=target if claims.scope.type == "project" else None,
            project_domain=target_domain,
            domain=target if claims.scope.type == "domain" else None,
            application_credential=credential,
            trust=trust,
            federation=repository.find_federation(db, user.id) if "mapped" in claims.methods else None,
        )

    def _list_trust_roles(
        self, db: Connection, cached: RevisionCache, claims: TokenClaims, trust: Trust, target: Project | None
    ) -> tuple[Role, ...]:
        """Return the delegated roles with their implied roles.

        Raises: AuthenticationFailed if trustor or trustee is disabled, or the trustor has lost one of the roles
        """
        trustor, trustee = (repository.users.find(db, i) for i in (trust.trustor_user_id, trust.trustee_user_id))
        if trustor is None or trustee is None or not (trustor.enabled and trustee.enabled):
            raise AuthenticationFailed
        _load_enabled_domain(db, trustor.domain_id)
        _load_enabled_domain(db, trustee.domain_id)
        available = self.list_effective_roles(db, cached, trustor, claims.scope, target)
        if not set(trust.role_ids) <= {role.id for role in available}:
            raise AuthenticationFailed
        delegated = expand_implied_roles(trust.role_ids, _load_role_graph(db, cached).implied)
        return tuple(role for role in available if role.id in delegated)

    def list_effective_roles(
        self,
        db: Connection,
        cached: RevisionCache,
        user: User,
        scope: TokenScope,
        target: Project | None,
        credential: ApplicationCredential | None = None,
    ) -> tuple[Role, ...]:
        """Return the roles of a user in a scope with their implied roles, sorted by name, without domain roles."""
        if scope.type == "unscoped":
            return ()
        if scope.type == "system":
            assigned = repository.list_role_ids(db, user.id, "system", SYSTEM_TARGET)
        elif target is None:
            return ()
        else:
            inherits = scope.type == "project" and not target.is_domain
            ancestors = repository.list_inheritance_targets(db, target) if inherits else []
            assigned = repository.list_role_ids(db, user.id, scope.type, scope.id, ancestors)
        graph = _load_role_graph(db, cached)
        role_ids = set(expand_implied_roles(assigned, graph.implied))
        if credential is not None:
            role_ids &= set(expand_implied_roles(credential.role_ids, graph.implied))
        roles = [graph.roles[role_id] for role_id in role_ids if role_id in graph.roles]
        return tuple(sorted((role for role in roles if not role.domain_id), key=lambda role: role.name))


def limit_to_memberships(db: Connection, claims: TokenClaims, trust: Trust | None) -> TokenClaims:
    """Return the claims of a new token; it expires with memberships of its user that expire."""
    user_ids = {claims.user_id} | ({trust.trustor_user_id} if trust is not None else set())
    expires_at = repository.find_membership_expiry(db, user_ids)
    if expires_at is None:
        return claims
    return replace(claims, expires_at=min(claims.expires_at, expires_at // SECOND_US * SECOND_US))


def _load_role_graph(db: Connection, cached: RevisionCache) -> RoleGraph:
    graph: RoleGraph | None = cached.entries.get("roles")
    if graph is None:
        roles = {role.id: role for role in repository.roles.list_all(db)}
        graph = RoleGraph(roles, repository.list_implied_roles(db))
        cached.put(db, "roles", graph)
    return graph


def _load_application_credential(db: Connection, claims: TokenClaims) -> ApplicationCredential | None:
    if not claims.application_credential_id:
        return None
    credential = repository.application_credentials.find(db, claims.application_credential_id)
    if credential is None or credential.user_id != claims.user_id:
        raise AuthenticationFailed
    return replace(credential, secret="")


def _load_trust(db: Connection, claims: TokenClaims) -> Trust | None:
    if not claims.trust_id:
        return None
    trust = repository.find_trust(db, claims.trust_id)
    if trust is None:
        raise AuthenticationFailed
    return trust


def _compute_end(token: Token) -> Micros:
    """Return when a token expires, or before that its application credential or its trust."""
    grants = (token.application_credential, token.trust)
    ends = [grant.expires_at for grant in grants if grant is not None and grant.expires_at is not None]
    return min([token.claims.expires_at, *ends])


def _is_expired(token: Token, now: Micros) -> bool:
    """Return True if the application credential or the trust of a token has expired."""
    credential, trust = token.application_credential, token.trust
    if trust is not None and trust.is_expired(now):
        return True
    return credential is not None and credential.expires_at is not None and now >= credential.expires_at


def _load_scope_target(db: Connection, scope: TokenScope) -> tuple[Project | None, Project | None]:
    """Return the project or domain of a scope, and its domain.

    Raises: AuthenticationFailed if one of these is disabled or deleted
    """
    if scope.type not in ("project", "domain"):
        return None, None
    target = repository.projects.find(db, scope.id)
    if target is None or not target.enabled or (scope.type == "domain" and not target.is_domain):
        raise AuthenticationFailed
    if target.is_domain:
        return target, target
    return target, _load_enabled_domain(db, target.domain_id)


def _load_enabled_domain(db: Connection, domain_id: str) -> Project:
    domain = repository.projects.find(db, domain_id)
    if domain is None or not domain.enabled:
        raise AuthenticationFailed
    return domain


def build_caller(user: User, scope: TokenScope, roles: frozenset[str], target: Project | None) -> Caller:
    project = target if scope.type == "project" else None
    return Caller(
        user_id=user.id,
        project_id=scope.id if project is not None else None,
        domain_id=scope.id if scope.type == "domain" else None,
        system=scope.type == "system",
        roles=roles,
        user_name=user.name,
        project_name=project.name if project is not None else "",
        user_domain_id=user.domain_id,
        project_domain_id=project.domain_id or project.id if project is not None else "default",
    )
