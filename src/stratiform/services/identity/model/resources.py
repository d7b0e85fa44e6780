"""Resources of the Identity API. Names follow Keystone; times are microseconds UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stratiform.kit.clock import Micros
from stratiform.kit.pagination import Page
from stratiform.kit.policy import Caller

#: Id of the domain that every installation has.
DEFAULT_DOMAIN = "default"

#: Name of the project that every installation has for its operators.
ADMIN_PROJECT = "admin"

#: `target_id` of role assignments on the system.
SYSTEM_TARGET = "system"

#: Attributes whose names are defined by the client (`extra`) or by Keystone (`options`).
JsonObject = dict[str, Any]

#: New values of a resource, by column.
Changes = Mapping[str, Any]

ActorKind = Literal["user", "group"]
TargetKind = Literal["project", "domain", "system"]
ScopeType = Literal["unscoped", "project", "domain", "system"]


@dataclass(frozen=True, slots=True)
class Project:
    """A project, or a domain (`is_domain`; `domain_id` is empty). Incrementing `epoch` invalidates its tokens."""

    id: str
    name: str
    domain_id: str
    parent_id: str | None = None
    is_domain: bool = False
    enabled: bool = True
    description: str = ""
    tags: list[str] = field(default_factory=list)
    options: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class NewProject:
    """Attributes of a project or domain to create. The domain defaults to that of the parent, then of the caller."""

    name: str
    domain_id: str = ""
    parent_id: str | None = None
    enabled: bool = True
    description: str = ""
    tags: list[str] = field(default_factory=list)
    options: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewUser:
    """Attributes of a user to create. `password` is a bcrypt hash, or empty to disable password authentication."""

    name: str
    domain_id: str = ""
    password: str = field(default="", repr=False)
    enabled: bool = True
    default_project_id: str | None = None
    options: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """A user. `password` is a bcrypt hash or empty. Incrementing `epoch` invalidates the user's tokens."""

    id: str
    name: str
    domain_id: str
    password: str = field(default="", repr=False)
    password_changed_at: Micros | None = None
    password_expires_at: Micros | None = None
    enabled: bool = True
    default_project_id: str | None = None
    options: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users. Its role assignments apply to every member."""

    id: str
    name: str
    domain_id: str
    description: str = ""
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Role:
    """A role. A role with a `domain_id` only implies other roles and never appears in a token."""

    id: str
    name: str
    domain_id: str = ""
    description: str | None = None
    options: JsonObject = field(default_factory=dict)
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """A role of a user or group on a target. If `inherited`, it applies to the projects below the target instead."""

    role_id: str
    actor_kind: ActorKind
    actor_id: str
    target_kind: TargetKind
    target_id: str
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class EffectiveRoleAssignment:
    """An assignment and its `source`: equal for direct ones, else that of a group, a prior role or an ancestor."""

    assignment: RoleAssignment
    source: RoleAssignment
    prior_role_id: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the catalog."""

    id: str
    type: str
    name: str = ""
    enabled: bool = True
    description: str | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CatalogService:
    """A service of this installation in the catalog. `path` is relative to the public URL; `id` "": a random one."""

    type: str
    name: str
    path: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of a service. `url` may contain `$(project_id)s` or `%(project_id)s`."""

    id: str
    service_id: str
    interface: str
    url: str
    region_id: str | None = None
    enabled: bool = True
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the deployment, which may contain other regions."""

    id: str
    description: str = ""
    parent_region_id: str | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApplicationCredential:
    """A credential that acts as its user in one project with some of the roles. `secret` is a bcrypt hash.

    `access_rules`: the requests that it may send, each with id, service, method and path; None: all.
    """

    id: str
    name: str
    user_id: str
    project_id: str
    secret: str = field(repr=False)
    description: str | None = None
    expires_at: Micros | None = None
    unrestricted: bool = False
    role_ids: list[str] = field(default_factory=list)
    access_rules: list[JsonObject] | None = None


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """A service and its endpoints, with the URLs for one token."""

    service: Service
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Filters and page of a list request.

    `filters` maps columns to values; `name_matches` contains pairs of an operator (contains, startswith, endswith) and
    a text. Without a page, the result is complete.
    """

    filters: Mapping[str, str | bool] = field(default_factory=dict)
    name_matches: tuple[tuple[str, str], ...] = ()
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Tag filters of the project list: `tags`, `tags-any`, `not-tags` and `not-tags-any`."""

    all: frozenset[str] = frozenset()
    any: frozenset[str] = frozenset()
    not_all: frozenset[str] = frozenset()
    not_any: frozenset[str] = frozenset()

    def matches(self, tags: Iterable[str]) -> bool:
        """Return True if a project with `tags` passes all four filters."""
        present = set(tags)
        return (
            self.all <= present
            and (not self.any or bool(self.any & present))
            and not (self.not_all and self.not_all <= present)
            and not self.not_any & present
        )


@dataclass(frozen=True, slots=True)
class RoleAssignmentFilter:
    """Filters of the role assignment list; an empty id matches everything.

    `include_subtree` adds the assignments on projects below the target.
    """

    user_id: str = ""
    group_id: str = ""
    role_id: str = ""
    target_kind: TargetKind | None = None
    target_id: str = ""
    inherited: bool | None = None
    effective: bool = False
    include_subtree: bool = False


@dataclass(frozen=True, slots=True)
class RoleAssignmentResources:
    """The resources that a list of role assignments refers to, by id. Domains are among the projects."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecurityCompliance:
    """Settings for sign-ins and passwords. Source: `[security_compliance]` in Keystone's configuration.

    0 switches a rule off. `lockout_duration` is in seconds, ages are in days.
    """

    lockout_failure_attempts: int = 0
    lockout_duration: int = 60
    unique_last_password_count: int = 0
    minimum_password_age: int = 0
    password_expires_days: int = 0
    change_password_upon_first_use: bool = False


def get_default_domain_id(caller: Caller) -> str:
    """Return the domain for a new resource that specifies none: that of the caller's scope, else "default"."""
    if caller.domain_id:
        return caller.domain_id
    return caller.project_domain_id if caller.project_id else DEFAULT_DOMAIN


def expand_implied_roles(role_ids: Iterable[str], implied: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return the roles and all roles they imply, each with the role that implies it (empty for `role_ids`)."""
    priors = dict.fromkeys(role_ids, "")
    pending = list(priors)
    while pending:
        prior_id = pending.pop()
        for role_id in sorted(implied.get(prior_id, ())):
            if role_id not in priors:
                priors[role_id] = prior_id
                pending.append(role_id)
    return priors
