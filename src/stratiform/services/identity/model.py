"""What identity speaks of. Names and meanings are Keystone's; times are microseconds UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stratiform.kit.clock import Micros
from stratiform.kit.pagination import Page
from stratiform.kit.policy import Caller

#: The domain that is always there.
DEFAULT_DOMAIN = "default"

#: `target_id` of assignments on the whole installation.
WHOLE_SYSTEM = "system"

Document = dict[str, Any]
ActorKind = Literal["user", "group"]
TargetKind = Literal["project", "domain", "system"]
ScopeKind = Literal["unscoped", "project", "domain", "system"]


@dataclass(frozen=True, slots=True)
class Project:
    """A project, or a domain (`is_domain`, then `domain_id` is empty). `epoch` grows when its tokens must die."""

    id: str
    name: str
    domain_id: str
    parent_id: str | None = None
    is_domain: bool = False
    enabled: bool = True
    description: str = ""
    tags: list[str] = field(default_factory=list)
    options: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class NewProject:
    """What a project or a domain is made from. Without a domain it goes to its parent's, or to the caller's."""

    name: str
    domain_id: str = ""
    parent_id: str | None = None
    enabled: bool = True
    description: str = ""
    tags: list[str] = field(default_factory=list)
    options: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is made from; `password` is sealed already (Users.seal), empty for one who can't sign in by it."""

    name: str
    domain_id: str = ""
    password: str = field(default="", repr=False)
    enabled: bool = True
    default_project_id: str | None = None
    options: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """`password` is a bcrypt hash, empty where there is none. `epoch` grows when the user's tokens must die."""

    id: str
    name: str
    domain_id: str
    password: str = field(default="", repr=False)
    password_changed_at: Micros | None = None
    enabled: bool = True
    default_project_id: str | None = None
    options: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Users who share assignments."""

    id: str
    name: str
    domain_id: str
    description: str = ""
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """A role; one with a `domain_id` is only a bundle of others and never appears in a token."""

    id: str
    name: str
    domain_id: str = ""
    description: str | None = None
    options: Document = field(default_factory=dict)
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`inherited`: it holds for the projects below the target, not for the target itself."""

    role_id: str
    actor_kind: ActorKind
    actor_id: str
    target_kind: TargetKind
    target_id: str
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class Effective:
    """An assignment that holds for a user in the end, and what it comes from: a group, a prior role, a place above."""

    assignment: Assignment
    source: Assignment
    prior_role_id: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """An entry of the catalog."""

    id: str
    type: str
    name: str = ""
    enabled: bool = True
    description: str | None = None
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is reached; `url` may hold `$(project_id)s` or `%(project_id)s`."""

    id: str
    service_id: str
    interface: str
    url: str
    region_id: str | None = None
    enabled: bool = True
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Region:
    """A place that endpoints belong to."""

    id: str
    description: str = ""
    parent_region_id: str | None = None
    extra: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApplicationCredential:
    """A secret (kept as a bcrypt hash) that acts as its user in one project with some of the user's roles."""

    id: str
    name: str
    user_id: str
    project_id: str
    secret: str = field(repr=False)
    description: str | None = None
    expires_at: Micros | None = None
    unrestricted: bool = False
    role_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A service with its endpoints, as one token sees them."""

    service: Service
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What of a list is wanted: columns that equal values, and texts to be found in names.

    `name_matches` holds pairs (contains | startswith | endswith, text). Without a page everything is answered.
    """

    equal: Mapping[str, str | bool] = field(default_factory=dict)
    name_matches: tuple[tuple[str, str], ...] = ()
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class TagQuery:
    """Tags a project must all have, must have one of, must not all have, must have none of."""

    all: frozenset[str] = frozenset()
    any: frozenset[str] = frozenset()
    not_all: frozenset[str] = frozenset()
    not_any: frozenset[str] = frozenset()

    def admits(self, tags: Iterable[str]) -> bool:
        there = set(tags)
        return (
            self.all <= there
            and (not self.any or bool(self.any & there))
            and not (self.not_all and self.not_all <= there)
            and not self.not_any & there
        )


@dataclass(frozen=True, slots=True)
class Named:
    """A user or a project as a request names it: by id, or by name inside a domain."""

    id: str = ""
    name: str = ""
    domain_id: str = ""
    domain_name: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is for; `id` is a project's or domain's."""

    kind: ScopeKind
    id: str = ""


@dataclass(frozen=True, slots=True)
class ScopeAsked:
    """The scope a request asks for, before it is looked up."""

    kind: ScopeKind
    named: Named = Named()


@dataclass(frozen=True, slots=True)
class ByPassword:
    """Proof: the password of a user."""

    user: Named
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ByToken:
    """Proof: a token that is valid."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ByApplicationCredential:
    """Proof: the secret of an application credential, named by id, or by name and user."""

    credential: Named
    user: Named
    secret: str = field(repr=False)


Proof = ByPassword | ByToken | ByApplicationCredential


@dataclass(frozen=True, slots=True)
class SignIn:
    """A request for a token. Without `scope` the user's default project is taken, where there is one."""

    proofs: tuple[Proof, ...]
    scope: ScopeAsked | None = None


@dataclass(frozen=True, slots=True)
class Claims:
    """What is written inside a token. The epochs are those of the user and of the scope at its issue."""

    user_id: str
    methods: tuple[str, ...]
    scope: Scope
    issued_at: Micros
    expires_at: Micros
    audit_ids: tuple[str, ...]
    application_credential_id: str = ""
    user_epoch: int = 0
    scope_epoch: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was found valid, with everything its answer shows. `project` or `domain` as its scope is."""

    claims: Claims
    user: User
    user_domain: Project
    roles: tuple[Role, ...]
    caller: Caller
    project: Project | None = None
    project_domain: Project | None = None
    domain: Project | None = None
    credential: ApplicationCredential | None = None


def home_domain(caller: Caller) -> str:
    """Where things go that name no domain: the domain of the caller's scope, else the default one."""
    if caller.domain_id:
        return caller.domain_id
    return caller.project_domain_id if caller.project_id else DEFAULT_DOMAIN


def closure(role_ids: Iterable[str], implied: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Every role that `role_ids` bring, each with the role that implied it (empty for those given)."""
    found = dict.fromkeys(role_ids, "")
    todo = list(found)
    while todo:
        prior = todo.pop()
        for role_id in sorted(implied.get(prior, ())):
            if role_id not in found:
                found[role_id] = prior
                todo.append(role_id)
    return found
