"""Getting a token: look up who asks, compare the secrets, issue. Source: Identity API v3, "Password authentication" on.

The middle step takes a quarter of a second on purpose, so the three are apart and no transaction is open in it.
"""

from dataclasses import dataclass, field, replace

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Connection
from stratiform.kit.ids import Ids
from stratiform.services.identity import repository
from stratiform.services.identity import tables as t
from stratiform.services.identity.errors import Denied, NotSignedIn
from stratiform.services.identity.model import (
    ApplicationCredential,
    ByApplicationCredential,
    ByPassword,
    ByToken,
    Claims,
    Named,
    Project,
    Proof,
    Scope,
    ScopeAsked,
    SignIn,
    Token,
    User,
)
from stratiform.services.identity.service import envelope
from stratiform.services.identity.service.memory import Memory
from stratiform.services.identity.service.passwords import Passwords
from stratiform.services.identity.service.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Check:
    """A secret as it was given, and what it must match; `sealed` is empty where nothing would."""

    secret: str = field(repr=False)
    sealed: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What one proof names, before it is checked."""

    method: str
    user_id: str = ""
    check: Check | None = None
    token: Token | None = None
    credential: ApplicationCredential | None = None


@dataclass(frozen=True, slots=True)
class SignIns:
    """`look_up` (a transaction), `prove` (none), `issue` (a transaction)."""

    ids: Ids
    keys: Keys
    memory: Memory
    passwords: Passwords
    tokens: Tokens
    ttl_s: int

    def look_up(self, db: Connection, asked: SignIn, now: Micros) -> list[Found]:
        """Who the proofs speak of. Nothing is known to be true yet, except for tokens: raises NotSignedIn there."""
        return [self._found(db, proof, now) for proof in asked.proofs]

    def prove(self, found: list[Found]) -> None:
        """Raises NotSignedIn unless every secret matches and all speak of the same user. Slow."""
        checks = [each.check for each in found if each.check is not None]
        right = [self.passwords.matches(check.secret, check.sealed) for check in checks]
        if not found or not all(right) or len({each.user_id for each in found}) != 1 or not found[0].user_id:
            raise NotSignedIn

    def issue(self, db: Connection, asked: SignIn, found: list[Found], now: Micros) -> tuple[str, Token]:
        """The token's text, and what it says. Raises NotSignedIn where the user may not have it."""
        user = repository.users.get(db, found[0].user_id)
        if user is None or not user.enabled:
            raise NotSignedIn
        parent = next((each.token for each in found if each.token is not None), None)
        credential = next((each.credential for each in found if each.credential is not None), None)
        if parent is not None and parent.credential is not None:
            credential = parent.credential
        scope = self._scope(db, asked.scope, user, credential, now)
        if parent is not None and parent.credential is not None and scope != parent.claims.scope:
            raise Denied("rescope a scoped token")
        claims = self._claims(user, scope, found, parent, credential, now)
        if scope.kind in ("project", "domain"):
            target = repository.projects.get(db, scope.id)
            claims = replace(claims, scope_epoch=target.epoch if target else 0)
        token = self.tokens.resolve(db, self.memory.current(db, now), claims)
        return envelope.seal(self.keys, claims), token

    def _found(self, db: Connection, proof: Proof, now: Micros) -> Found:
        if isinstance(proof, ByToken):
            token = self.tokens.valid(db, proof.token, now)
            return Found("token", token.claims.user_id, token=token)
        if isinstance(proof, ByPassword):
            user = _user(db, proof.user)
            usable = user is not None and user.enabled
            sealed = user.password if user is not None and usable else ""
            return Found("password", user.id if user else "", Check(proof.password, sealed))
        return self._by_credential(db, proof, now)

    def _by_credential(self, db: Connection, proof: ByApplicationCredential, now: Micros) -> Found:
        credential = _credential(db, proof)
        if credential is not None and credential.expires_at is not None and now >= credential.expires_at:
            credential = None
        check = Check(proof.secret, credential.secret if credential else "")
        user_id = credential.user_id if credential else ""
        return Found("application_credential", user_id, check, credential=credential)

    def _scope(
        self,
        db: Connection,
        asked: ScopeAsked | None,
        user: User,
        credential: ApplicationCredential | None,
        now: Micros,
    ) -> Scope:
        if credential is not None:
            if asked is not None and (asked.kind != "project" or asked.named.id != credential.project_id):
                raise NotSignedIn
            return Scope("project", credential.project_id)
        if asked is None:
            return self._default_scope(db, user, now)
        if asked.kind in ("unscoped", "system"):
            return Scope(asked.kind)
        target = _domain(db, asked.named) if asked.kind == "domain" else _project(db, asked.named)
        if target is None:
            raise NotSignedIn
        return Scope(asked.kind, target.id)

    def _default_scope(self, db: Connection, user: User, now: Micros) -> Scope:
        """The user's default project, if the user may still have it."""
        project = repository.projects.get(db, user.default_project_id) if user.default_project_id else None
        if project is None or not project.enabled:
            return Scope("unscoped")
        scope = Scope("project", project.id)
        roles = self.tokens.roles(db, self.memory.current(db, now), user, scope, project)
        return scope if roles else Scope("unscoped")

    def _claims(
        self,
        user: User,
        scope: Scope,
        found: list[Found],
        parent: Token | None,
        credential: ApplicationCredential | None,
        now: Micros,
    ) -> Claims:
        """A token got by a token ends with it and names it in its audit ids."""
        ends = [now // SECOND_US * SECOND_US + self.ttl_s * SECOND_US]
        methods = [each.method for each in found]
        audit_ids = [envelope.audit_id(self.ids.hex())]
        if parent is not None:
            ends.append(parent.claims.expires_at)
            methods += [method for method in parent.claims.methods if method not in methods]
            audit_ids.append(parent.claims.audit_ids[-1])
        if credential is not None and credential.expires_at is not None:
            ends.append(credential.expires_at)
        return Claims(
            user_id=user.id,
            methods=tuple(methods),
            scope=scope,
            issued_at=now,
            expires_at=min(ends),
            audit_ids=tuple(audit_ids),
            application_credential_id=credential.id if credential else "",
            user_epoch=user.epoch,
        )


def _domain(db: Connection, named: Named) -> Project | None:
    """A domain by its own id or name."""
    found = repository.projects.get(db, named.id) if named.id else repository.domain_named(db, named.name)
    return found if found is not None and found.is_domain else None


def _domain_id(db: Connection, named: Named) -> str:
    domain = _domain(db, Named(id=named.domain_id, name=named.domain_name))
    return domain.id if domain else ""


def _project(db: Connection, named: Named) -> Project | None:
    if named.id:
        return repository.projects.get(db, named.id)
    domain_id = _domain_id(db, named)
    return repository.named(db, repository.projects, named.name, domain_id) if domain_id else None


def _user(db: Connection, named: Named) -> User | None:
    if named.id:
        return repository.users.get(db, named.id)
    domain_id = _domain_id(db, named)
    return repository.named(db, repository.users, named.name, domain_id) if domain_id else None


def _credential(db: Connection, proof: ByApplicationCredential) -> ApplicationCredential | None:
    if proof.credential.id:
        return repository.credentials.get(db, proof.credential.id)
    user = _user(db, proof.user)
    if user is None:
        return None
    columns = t.application_credentials.c
    same = (columns.user_id == user.id, columns.name == proof.credential.name)
    return repository.credentials.first(db, *same)
