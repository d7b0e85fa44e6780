"""Issue of tokens. Source: Identity API v3, "Authentication and token management".

Verifying a secret takes a quarter of a second by design, so it is a separate step outside of any transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity.errors import AuthenticationFailed, ForbiddenAction
from stratiform.services.identity.model import (
    ApplicationCredential,
    ApplicationCredentialAuth,
    AuthMethod,
    AuthRequest,
    PasswordAuth,
    Project,
    ResourceRef,
    ScopeRequest,
    Token,
    TokenAuth,
    TokenClaims,
    TokenScope,
    User,
)
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.password_hasher import PasswordHasher
from stratiform.services.identity.service.token_encoding import encode_audit_id, encode_token
from stratiform.services.identity.service.tokens import Tokens

#: Tokens in a row that may be issued for each other; each makes the next one 24 characters longer.
_MAX_CHAIN = 64


@dataclass(frozen=True, slots=True)
class SecretAndHash:
    """A secret from the request and the hash to compare; the hash is empty if the user is unknown or disabled."""

    secret: str = field(repr=False)
    secret_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResolvedMethod:
    """An authentication method and the user it refers to, before verification."""

    name: str
    user_id: str = ""
    check: SecretAndHash | None = None
    token: Token | None = None
    application_credential: ApplicationCredential | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """Operation `POST /auth/tokens` in three steps.

    `resolve_methods` and `issue_token` need a transaction; `verify_secrets` is called outside of any.
    """

    ids: Ids
    keys: KeyRepository
    cache: DirectoryCache
    passwords: PasswordHasher
    tokens: Tokens
    ttl_s: int

    def resolve_methods(self, db: Connection, request: AuthRequest, now: Micros) -> Sequence[ResolvedMethod]:
        """Find the users and hashes of the methods of a request. Only tokens are verified in this step.

        Raises: AuthenticationFailed
        """
        return [self._resolve_method(db, method, now) for method in request.methods]

    def verify_secrets(self, methods: Sequence[ResolvedMethod]) -> None:
        """Check that every secret matches and that all methods refer to the same user. Slow.

        Raises: AuthenticationFailed
        """
        checks = [method.check for method in methods if method.check is not None]
        results = [self.passwords.verify(check.secret, check.secret_hash) for check in checks]
        user_ids = {method.user_id for method in methods}
        if not all(results) or len(user_ids) != 1 or "" in user_ids:
            raise AuthenticationFailed

    def issue_token(
        self, db: Connection, request: AuthRequest, methods: Sequence[ResolvedMethod], now: Micros
    ) -> tuple[str, Token]:
        """Return the id of a new token, and the token.

        Raises: AuthenticationFailed if the user is disabled or has no role in the scope
        """
        user = repository.users.find(db, methods[0].user_id)
        if user is None or not user.enabled:
            raise AuthenticationFailed
        parent = next((method.token for method in methods if method.token is not None), None)
        credential = next((m.application_credential for m in methods if m.application_credential is not None), None)
        if parent is not None and parent.application_credential is not None:
            credential = parent.application_credential
        scope = self._resolve_scope(db, request.scope, user, credential, now)
        if parent is not None and parent.application_credential is not None and scope != parent.claims.scope:
            raise ForbiddenAction("rescope a scoped token")
        claims = self._build_claims(user, scope, methods, parent, credential, now)
        if scope.type in ("project", "domain"):
            target = repository.projects.find(db, scope.id)
            claims = replace(claims, scope_epoch=target.epoch if target else 0)
        token = self.tokens.load_token(db, self.cache.get_current_cache(db, now), claims)
        return encode_token(self.keys, claims), token

    def _resolve_method(self, db: Connection, method: AuthMethod, now: Micros) -> ResolvedMethod:
        if isinstance(method, TokenAuth):
            token = self.tokens.validate(db, method.token_id, now)
            return ResolvedMethod("token", token.claims.user_id, token=token)
        if isinstance(method, PasswordAuth):
            user = _find_user(db, method.user)
            password_hash = user.password if user is not None and user.enabled else ""
            return ResolvedMethod("password", user.id if user else "", SecretAndHash(method.password, password_hash))
        return _resolve_application_credential(db, method, now)

    def _resolve_scope(
        self,
        db: Connection,
        request: ScopeRequest | None,
        user: User,
        credential: ApplicationCredential | None,
        now: Micros,
    ) -> TokenScope:
        if credential is not None:
            if request is not None and (request.type != "project" or request.ref.id != credential.project_id):
                raise AuthenticationFailed
            return TokenScope("project", credential.project_id)
        if request is None:
            return self._default_scope(db, user, now)
        if request.type in ("unscoped", "system"):
            return TokenScope(request.type)
        target = _find_domain(db, request.ref) if request.type == "domain" else _find_project(db, request.ref)
        if target is None:
            raise AuthenticationFailed
        return TokenScope(request.type, target.id)

    def _default_scope(self, db: Connection, user: User, now: Micros) -> TokenScope:
        """Return the user's default project if it is enabled and the user has a role on it, else no scope."""
        project = repository.projects.find(db, user.default_project_id) if user.default_project_id else None
        if project is None or not project.enabled:
            return TokenScope("unscoped")
        scope = TokenScope("project", project.id)
        roles = self.tokens.list_effective_roles(db, self.cache.get_current_cache(db, now), user, scope, project)
        return scope if roles else TokenScope("unscoped")

    def _build_claims(
        self,
        user: User,
        scope: TokenScope,
        methods: Sequence[ResolvedMethod],
        parent: Token | None,
        credential: ApplicationCredential | None,
        now: Micros,
    ) -> TokenClaims:
        """Return the payload of a new token. It expires with its parent token, and continues its audit chain."""
        expires_at = now // SECOND_US * SECOND_US + self.ttl_s * SECOND_US
        names = [method.name for method in methods]
        audit_ids = [encode_audit_id(self.ids.hex())]
        if parent is not None:
            expires_at = parent.claims.expires_at
            names += [name for name in parent.claims.methods if name not in names]
            audit_ids += parent.claims.audit_ids
            if len(audit_ids) > _MAX_CHAIN:
                raise AuthenticationFailed
        if credential is not None and credential.expires_at is not None:
            expires_at = min(expires_at, credential.expires_at)
        return TokenClaims(
            user_id=user.id,
            methods=tuple(names),
            scope=scope,
            issued_at=now,
            expires_at=expires_at,
            audit_ids=tuple(audit_ids),
            application_credential_id=credential.id if credential else "",
            user_epoch=user.epoch,
        )


def _resolve_application_credential(db: Connection, method: ApplicationCredentialAuth, now: Micros) -> ResolvedMethod:
    credential = _find_application_credential(db, method)
    if credential is not None and credential.expires_at is not None and now >= credential.expires_at:
        credential = None
    return ResolvedMethod(
        "application_credential",
        credential.user_id if credential else "",
        SecretAndHash(method.secret, credential.secret if credential else ""),
        application_credential=credential,
    )


def _find_application_credential(db: Connection, method: ApplicationCredentialAuth) -> ApplicationCredential | None:
    if method.credential.id:
        return repository.application_credentials.find(db, method.credential.id)
    user = _find_user(db, method.user)
    return repository.find_application_credential(db, user.id, method.credential.name) if user else None


def _find_domain(db: Connection, ref: ResourceRef) -> Project | None:
    domain = repository.projects.find(db, ref.id) if ref.id else repository.find_domain_by_name(db, ref.name)
    return domain if domain is not None and domain.is_domain else None


def _find_domain_id(db: Connection, ref: ResourceRef) -> str:
    """Return the id of the domain of a user or project, or an empty string."""
    domain = _find_domain(db, ResourceRef(id=ref.domain_id, name=ref.domain_name))
    return domain.id if domain else ""


def _find_project(db: Connection, ref: ResourceRef) -> Project | None:
    if ref.id:
        return repository.projects.find(db, ref.id)
    domain_id = _find_domain_id(db, ref)
    return repository.find_by_name(db, repository.projects, ref.name, domain_id) if domain_id else None


def _find_user(db: Connection, ref: ResourceRef) -> User | None:
    if ref.id:
        return repository.users.find(db, ref.id)
    domain_id = _find_domain_id(db, ref)
    return repository.find_by_name(db, repository.users, ref.name, domain_id) if domain_id else None
