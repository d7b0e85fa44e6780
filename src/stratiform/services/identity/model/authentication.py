"""Requests for tokens, and tokens. Names follow Keystone; times are microseconds UTC."""

from dataclasses import dataclass, field

from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.policy import Caller
from stratiform.services.identity.model.resources import ApplicationCredential, Project, Role, ScopeType, User
from stratiform.services.identity.model.trusts import Trust

#: Keystone's default of `[token] allow_expired_window`: services may use the expired token of a long operation.
ALLOW_EXPIRED_WINDOW_US = 2 * DAY_US


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """A reference to a user, project or domain: an id, or a name and its domain."""

    id: str = ""
    name: str = ""
    domain_id: str = ""
    domain_name: str = ""


@dataclass(frozen=True, slots=True)
class TokenScope:
    """The scope of a token; `id` is the id of the project or domain."""

    type: ScopeType
    id: str = ""


@dataclass(frozen=True, slots=True)
class ScopeRequest:
    """The scope in a request for a token, with an unresolved reference. `trust_id`: the scope is that of a trust."""

    type: ScopeType
    ref: ResourceRef = ResourceRef()
    trust_id: str = ""


@dataclass(frozen=True, slots=True)
class PasswordAuth:
    """Authentication with a user's password."""

    user: ResourceRef
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """Authentication with a valid token."""

    token_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApplicationCredentialAuth:
    """Authentication with an application credential, referenced by its id, or by its name and user."""

    credential: ResourceRef
    user: ResourceRef
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TotpAuth:
    """Authentication with a time-based one-time password."""

    user: ResourceRef
    passcode: str = field(repr=False)


AuthMethod = PasswordAuth | TokenAuth | ApplicationCredentialAuth | TotpAuth


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """A request for a token. The scope defaults to the user's default project, else the token is unscoped."""

    methods: tuple[AuthMethod, ...]
    scope: ScopeRequest | None = None


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """The payload of a token. The epochs are those of the user and of the scope when the token was issued.

    `audit_ids`: the token's own, then those of the tokens that it was issued for; the last one is that of a sign-in.
    """

    user_id: str
    methods: tuple[str, ...]
    scope: TokenScope
    issued_at: Micros
    expires_at: Micros
    audit_ids: tuple[str, ...]
    application_credential_id: str = ""
    user_epoch: int = 0
    scope_epoch: int = 0
    trust_id: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A valid token and its resources; `project` and `domain` depend on the scope.

    `federation`: the identity provider and the protocol of a user who signed in there.
    """

    claims: TokenClaims
    user: User
    user_domain: Project
    roles: tuple[Role, ...]
    caller: Caller
    project: Project | None = None
    project_domain: Project | None = None
    domain: Project | None = None
    application_credential: ApplicationCredential | None = None
    trust: Trust | None = None
    federation: tuple[str, str] | None = None
