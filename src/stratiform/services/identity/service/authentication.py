"""Issue of tokens. Source: Identity API v3, "Authentication and token management".

Verifying a secret takes a quarter of a second by design, so it is a separate step outside of any transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from stratiform.kit.clock import SECOND_US, Clock, Micros
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Unauthenticated
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity.errors import AuthenticationFailed, ForbiddenAction, PasswordExpired, TokenNotFound
from stratiform.services.identity.model import (
    ApplicationCredential,
    ApplicationCredentialAuth,
    AuthMethod,
    AuthRequest,
    PasswordAuth,
    ScopeRequest,
    Token,
    TokenAuth,
    TokenClaims,
    TokenScope,
    TotpAuth,
    Trust,
    User,
)
from stratiform.services.identity.service.account_lockout import AccountLockout
from stratiform.services.identity.service.credentials import Credentials
from stratiform.services.identity.service.directories import Directories, DirectoryUser
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.password_hasher import PasswordHasher
from stratiform.services.identity.service.password_policy import is_password_expired
from stratiform.services.identity.service.references import find_domain, find_project, find_user
from stratiform.services.identity.service.token_encoding import AUTH_METHODS, encode_audit_id, encode_token
from stratiform.services.identity.service.tokens import Tokens, limit_to_memberships
from stratiform.services.identity.service.totp import find_step
from stratiform.services.identity.service.trusts import consume_trust

#: Tokens in a row that may be issued for each other; each makes the next one 24 characters longer.
_MAX_CHAIN = 64


@dataclass(frozen=True, slots=True)
class SecretAndHash:
    """A secret from the request and the hash to compare.

    The hash is empty if the user is unknown, disabled or locked out. `directory_user`: a directory has the password.
    """

    secret: str = field(repr=False)
    secret_hash: str = field(default="", repr=False)
    directory_user: DirectoryUser | None = None


@dataclass(frozen=True, slots=True)
class ResolvedMethod:
    """An authentication method and the user it refers to, before verification.

    `lockout_key`: where a wrong secret is counted; empty if it is not. `is_wrong`: a passcode has been compared
    already, which is fast; `step`: the time step of a right one.
    """

    name: str
    user_id: str = ""
    check: SecretAndHash | None = None
    lockout_key: str = ""
    is_wrong: bool = False
    step: int | None = None
    token: Token | None = None
    application_credential: ApplicationCredential | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """Operation `POST /auth/tokens`: `sign_in`, which consists of three steps.

    `resolve_methods` and `issue_token` need a transaction; `verify_secrets` is called outside of any.
    """

    ids: Ids
    keys: KeyRepository
    cache: DirectoryCache
    passwords: PasswordHasher
    tokens: Tokens
    lockout: AccountLockout
    credentials: Credentials
    directories: Directories
    ttl_s: int

    def sign_in(self, database: Database, clock: Clock, request: AuthRequest) -> tuple[str, Token]:
        """Return the id of a new token, and the token. Slow: do not call it in a transaction.

        Raises: AuthenticationFailed, TokenNotFound, PasswordExpired
        """
        self._delete_expired_memberships(database, clock.now())
        directory_users = self.directories.refresh_users(database, request.methods, clock.now())
        with database.read_transaction() as db:
            methods = self.resolve_methods(db, request, clock.now(), directory_users)
        wrong = self._list_wrong_secrets(methods)
        self.lockout.record_failures(database, (method.lockout_key for method in wrong), clock.now())
        _require_one_user(methods, wrong)
        _consume_passcodes(database, methods)
        with database.read_transaction() as db:
            issued = self.issue_token(db, request, methods, clock.now())
        if issued[1].trust is not None:
            with database.transaction() as db:
                consume_trust(db, issued[1].trust.id, clock.now())
        self.lockout.reset(database, (method.lockout_key for method in methods), clock.now())
        return issued

    def _delete_expired_memberships(self, database: Database, now: Micros) -> None:
        """End the memberships of users of identity providers in time, so that no new token has their roles."""
        with database.read_transaction() as db:
            has_expired = repository.has_expired_memberships(db, now)
        if has_expired:
            with database.transaction() as db:
                self.cache.invalidate(db, now)
                repository.delete_expired_memberships(db, now)

    def resolve_methods(
        self,
        db: Connection,
        request: AuthRequest,
        now: Micros,
        directory_users: Mapping[AuthMethod, DirectoryUser] = MappingProxyType({}),
    ) -> Sequence[ResolvedMethod]:
        """Find the users and hashes of the methods of a request. Only tokens are verified in this step.

        Raises: TokenNotFound
        """
        return [self._resolve_method(db, method, now, directory_users.get(method)) for method in request.methods]

    def verify_secrets(self, methods: Sequence[ResolvedMethod]) -> None:
        """Check that every secret matches and that all methods refer to the same user. Slow.

        Raises: AuthenticationFailed
        """
        _require_one_user(methods, self._list_wrong_secrets(methods))

    def issue_token(
        self, db: Connection, request: AuthRequest, methods: Sequence[ResolvedMethod], now: Micros
    ) -> tuple[str, Token]:
        """Return the id of a new token, and the token.

        Raises: AuthenticationFailed if the user is disabled, has been locked out since, must use more methods, or has
        no role in the scope; PasswordExpired
        """
        user = repository.users.find(db, methods[0].user_id)
        if user is None or not user.enabled or any(self.lockout.is_locked(db, m.lockout_key, now) for m in methods):
            raise AuthenticationFailed
        if any(method.name == "password" for method in methods) and is_password_expired(user, now):
            raise PasswordExpired(user.id)
        parent = next((method.token for method in methods if method.token is not None), None)
        credential = next((m.application_credential for m in methods if m.application_credential is not None), None)
        if parent is not None and parent.application_credential is not None:
            credential = parent.application_credential
        if parent is not None and parent.trust is not None:
            raise ForbiddenAction("rescope a token of a trust")
        trust = _find_trust(db, request, user, credential, now)
        scope = self._resolve_scope(db, request.scope, user, credential, now)
        if parent is not None and parent.application_credential is not None and scope != parent.claims.scope:
            raise ForbiddenAction("rescope a scoped token")
        claims = self._build_claims(user, scope, methods, parent, credential, now)
        if not _is_rule_met(user, claims.methods):
            raise AuthenticationFailed
        if trust is not None:
            token_user = repository.users.find(db, trust.token_user_id)
            user_epoch = token_user.epoch if token_user is not None else 0
            claims = replace(claims, user_id=trust.token_user_id, user_epoch=user_epoch, trust_id=trust.id)
        if scope.type in ("project", "domain"):
            target = repository.projects.find(db, scope.id)
            claims = replace(claims, scope_epoch=target.epoch if target else 0)
        claims = limit_to_memberships(db, claims, trust)
        token = self.tokens.load_token(db, self.cache.get_current_cache(db, now), claims)
        return encode_token(self.keys, claims), token

    def _resolve_method(
        self, db: Connection, method: AuthMethod, now: Micros, directory_user: DirectoryUser | None
    ) -> ResolvedMethod:
        if isinstance(method, TokenAuth):
            return self._resolve_token(db, method, now)
        if isinstance(method, PasswordAuth):
            return self._resolve_password(db, method, now, directory_user)
        if isinstance(method, TotpAuth):
            return self._resolve_totp(db, method, now)
        return _resolve_application_credential(db, method, now)

    def _resolve_token(self, db: Connection, method: TokenAuth, now: Micros) -> ResolvedMethod:
        try:
            token = self.tokens.validate(db, method.token_id, now)
        except Unauthenticated as error:
            raise TokenNotFound from error
        return ResolvedMethod("token", token.claims.user_id, token=token)

    def _resolve_password(
        self, db: Connection, method: PasswordAuth, now: Micros, directory_user: DirectoryUser | None
    ) -> ResolvedMethod:
        user = find_user(db, method.user)
        key = self.lockout.build_key(user, method.user)
        is_locked = self.lockout.is_locked(db, key, now)
        is_open = user is not None and user.enabled and not is_locked
        password_hash = user.password if user is not None and is_open else ""
        check = SecretAndHash(method.password, password_hash)
        if directory_user is not None and is_open:
            check = SecretAndHash(method.password, directory_user=directory_user)
        return ResolvedMethod("password", user.id if user else "", check, lockout_key=key)

    def _resolve_totp(self, db: Connection, method: TotpAuth, now: Micros) -> ResolvedMethod:
        user = find_user(db, method.user)
        key = self.lockout.build_key(user, method.user)
        is_open = user is not None and user.enabled and not self.lockout.is_locked(db, key, now)
        shared = self.credentials.list_totp_secrets(db, user.id) if user is not None and is_open else []
        step = find_step(method.passcode, shared, now)
        return ResolvedMethod("totp", user.id if user else "", lockout_key=key, is_wrong=step is None, step=step)

    def _list_wrong_secrets(self, methods: Sequence[ResolvedMethod]) -> Sequence[ResolvedMethod]:
        """Return the methods whose secret does not match. Verifies all of them, also after a wrong one."""
        checks = [(method, method.check) for method in methods if method.check is not None]
        wrong = [method for method, check in checks if not self._is_right(check)]
        return [*wrong, *(method for method in methods if method.is_wrong)]

    def _is_right(self, check: SecretAndHash) -> bool:
        if check.directory_user is not None:
            return check.directory_user.check_password(check.secret)
        return self.passwords.verify(check.secret, check.secret_hash)

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
        if request.trust_id:
            trust = repository.find_trust(db, request.trust_id)
            return TokenScope("project", trust.project_id if trust else "")
        if request.type in ("unscoped", "system"):
            return TokenScope(request.type)
        target = find_domain(db, request.ref) if request.type == "domain" else find_project(db, request.ref)
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


def _require_one_user(methods: Sequence[ResolvedMethod], wrong: Sequence[ResolvedMethod]) -> None:
    """Raises AuthenticationFailed for wrong secrets, and unless all methods refer to the same user."""
    user_ids = {method.user_id for method in methods}
    if wrong or len(user_ids) != 1 or "" in user_ids:
        raise AuthenticationFailed


def _consume_passcodes(database: Database, methods: Sequence[ResolvedMethod]) -> None:
    """Make sure that a passcode is used once, as RFC 6238 requires. Raises AuthenticationFailed."""
    for method in methods:
        if method.step is not None:
            with database.transaction() as db:
                if not repository.consume_passcode(db, method.user_id, method.step):
                    raise AuthenticationFailed


def _is_rule_met(user: User, methods: Collection[str]) -> bool:
    """Return True if the methods suffice for the user's `multi_factor_auth_rules`. Rules with unknown methods are
    ignored, as in Keystone. An application credential acts without its user, so the rules do not apply to it.
    """
    rules = user.options.get("multi_factor_auth_rules")
    if user.options.get("multi_factor_auth_enabled") is False or not isinstance(rules, list):
        return True
    valid = [
        set(rule) for rule in rules if isinstance(rule, list) and rule and all(name in AUTH_METHODS for name in rule)
    ]
    return not valid or "application_credential" in methods or any(rule <= set(methods) for rule in valid)


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
    user = find_user(db, method.user)
    return repository.find_application_credential(db, user.id, method.credential.name) if user else None


def _find_trust(
    db: Connection, request: AuthRequest, user: User, credential: ApplicationCredential | None, now: Micros
) -> Trust | None:
    """Return the trust of the requested scope, or None. Raises AuthenticationFailed, ForbiddenAction."""
    trust_id = request.scope.trust_id if request.scope is not None else ""
    if not trust_id:
        return None
    trust = repository.find_trust(db, trust_id)
    if trust is None or trust.is_expired(now) or credential is not None:
        raise AuthenticationFailed
    if trust.trustee_user_id != user.id:
        raise ForbiddenAction("use a trust of another trustee")
    return trust
