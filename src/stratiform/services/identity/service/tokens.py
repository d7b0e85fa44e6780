"""Tokens: valid or not, for whom, with which roles. Source: Identity API v3, "Authentication and token management"."""

from dataclasses import dataclass, replace

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Connection
from stratiform.kit.errors import Unauthenticated
from stratiform.kit.policy import Caller
from stratiform.services.identity import repository
from stratiform.services.identity.errors import NoSuchToken, NotSignedIn
from stratiform.services.identity.model import (
    WHOLE_SYSTEM,
    ApplicationCredential,
    Claims,
    Project,
    Role,
    Scope,
    Token,
    User,
    closure,
)
from stratiform.services.identity.policy import policy
from stratiform.services.identity.service import envelope
from stratiform.services.identity.service.memory import Kept, Memory

#: For so long after its end a service may still look at a token that a long request began with.
_EXPIRED_WINDOW_US = 2 * 24 * 3600 * SECOND_US


@dataclass(frozen=True, slots=True)
class Tokens:
    """What tokens mean. How they are got is SignIns."""

    keys: Keys
    memory: Memory

    def caller(self, db: Connection, text: str, now: Micros) -> Caller:
        return self.valid(db, text, now).caller

    def valid(self, db: Connection, text: str, now: Micros, *, grace: Micros = 0) -> Token:
        """The token behind `text`. `grace`: it may have ended so long ago. Raises NotSignedIn."""
        kept = self.memory.current(db, now)
        token: Token | None = kept.entries.get(text)
        if token is None:
            token = self.resolve(db, kept, envelope.unseal(self.keys, text))
            kept.put(db, text, token)
        if now >= token.claims.expires_at + grace or _has_ended(token.credential, now):
            raise NotSignedIn
        return token

    def subject(self, ctx: RequestContext, text: str, *, allow_expired: bool = False) -> Token:
        """The token that a request speaks of. Raises NoSuchToken, Denied."""
        if not text:
            raise NoSuchToken
        may_be_old = allow_expired and ("service" in ctx.caller.roles or ctx.caller.is_admin)
        try:
            token = self.valid(ctx.db, text, ctx.now, grace=_EXPIRED_WINDOW_US if may_be_old else 0)
        except Unauthenticated as error:
            policy.require(ctx.caller, "identity:validate_token", None)
            raise NoSuchToken from error
        policy.require(ctx.caller, "identity:validate_token", token.claims.user_id)
        return token

    def may_have_system(self, ctx: RequestContext) -> bool:
        """Whether the caller could get a token for the whole system."""
        policy.require(ctx.caller, "identity:get_auth_system")
        return bool(repository.role_ids(ctx.db, ctx.caller.user_id, "system", WHOLE_SYSTEM))

    def revoke(self, ctx: RequestContext, text: str) -> None:
        """From the commit on the token is refused. Raises NoSuchToken, Denied."""
        token = self.subject(ctx, text)
        policy.require(ctx.caller, "identity:revoke_token", token.claims.user_id)
        self.memory.changed(ctx.db, ctx.now)
        repository.revoke(ctx.db, token.claims.audit_ids[0], token.claims.expires_at, ctx.now)

    def resolve(self, db: Connection, kept: Kept, claims: Claims) -> Token:
        """Everything about a token, as the directory has it. Raises NotSignedIn where it holds no more."""
        user = repository.users.get(db, claims.user_id)
        if user is None or not user.enabled or user.epoch != claims.user_epoch:
            raise NotSignedIn
        if repository.is_revoked(db, claims.audit_ids[0]):
            raise NotSignedIn
        user_domain = _enabled_domain(db, user.domain_id)
        credential = self._credential(db, claims)
        target, domain_of_target = _target(db, claims.scope)
        if target is not None and target.epoch != claims.scope_epoch:
            raise NotSignedIn
        roles = self.roles(db, kept, user, claims.scope, target, credential)
        if claims.scope.kind != "unscoped" and not roles:
            raise NotSignedIn
        return Token(
            claims=claims,
            user=replace(user, password=""),
            user_domain=user_domain,
            roles=roles,
            caller=_caller(user, claims.scope, roles, target),
            project=target if claims.scope.kind == "project" else None,
            project_domain=domain_of_target,
            domain=target if claims.scope.kind == "domain" else None,
            credential=credential,
        )

    def roles(
        self,
        db: Connection,
        kept: Kept,
        user: User,
        scope: Scope,
        target: Project | None,
        credential: ApplicationCredential | None = None,
    ) -> tuple[Role, ...]:
        """The roles of `user` in `scope`, closed under implication; none that belong to a domain."""
        by_id, implied = self._rules(db, kept)
        if scope.kind == "unscoped":
            return ()
        if scope.kind == "system":
            held = repository.role_ids(db, user.id, "system", WHOLE_SYSTEM)
        elif target is None:
            return ()
        else:
            above = repository.above(db, target) if scope.kind == "project" and not target.is_domain else []
            held = repository.role_ids(db, user.id, scope.kind, scope.id, above)
        found = set(closure(held, implied))
        if credential is not None:
            found &= set(closure(credential.role_ids, implied))
        listed = [by_id[role_id] for role_id in found if role_id in by_id and not by_id[role_id].domain_id]
        return tuple(sorted(listed, key=lambda role: role.name))

    def _rules(self, db: Connection, kept: Kept) -> tuple[dict[str, Role], dict[str, frozenset[str]]]:
        rules: tuple[dict[str, Role], dict[str, frozenset[str]]] | None = kept.entries.get("roles")
        if rules is None:
            rules = {role.id: role for role in repository.roles.all(db)}, repository.implied(db)
            kept.put(db, "roles", rules)
        return rules

    def _credential(self, db: Connection, claims: Claims) -> ApplicationCredential | None:
        if not claims.application_credential_id:
            return None
        found = repository.credentials.get(db, claims.application_credential_id)
        if found is None or found.user_id != claims.user_id:
            raise NotSignedIn
        return replace(found, secret="")


def _has_ended(credential: ApplicationCredential | None, now: Micros) -> bool:
    return credential is not None and credential.expires_at is not None and now >= credential.expires_at


def _target(db: Connection, scope: Scope) -> tuple[Project | None, Project | None]:
    """The project or domain of a scope, and the domain of a project. Raises NotSignedIn unless both are enabled."""
    if scope.kind not in ("project", "domain"):
        return None, None
    target = repository.projects.get(db, scope.id)
    if target is None or not target.enabled or (scope.kind == "domain" and not target.is_domain):
        raise NotSignedIn
    if target.is_domain:
        return target, target
    return target, _enabled_domain(db, target.domain_id)


def _enabled_domain(db: Connection, domain_id: str) -> Project:
    domain = repository.projects.get(db, domain_id)
    if domain is None or not domain.enabled:
        raise NotSignedIn
    return domain


def _caller(user: User, scope: Scope, roles: tuple[Role, ...], target: Project | None) -> Caller:
    in_project = target is not None and scope.kind == "project"
    return Caller(
        user_id=user.id,
        project_id=scope.id if in_project else None,
        domain_id=scope.id if scope.kind == "domain" else None,
        system=scope.kind == "system",
        roles=frozenset(role.name for role in roles),
        user_name=user.name,
        project_name=target.name if target is not None and in_project else "",
        user_domain_id=user.domain_id,
        project_domain_id=target.domain_id or target.id if target is not None and in_project else "default",
    )
