"""Who has which role where. Source: Identity API v3, "Roles" and "OS-INHERIT"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.identity import repository
from stratiform.services.identity.errors import Denied, NoSuch, NoSuchAssignment
from stratiform.services.identity.model import (
    ActorKind,
    Assignment,
    Effective,
    Group,
    Project,
    Role,
    TargetKind,
    User,
    closure,
)
from stratiform.services.identity.policy import policy
from stratiform.services.identity.service.memory import Memory
from stratiform.services.identity.service.roles import role_named


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which assignments a list is asked for; an empty text asks for all. `below`: and those of projects under it."""

    user_id: str = ""
    group_id: str = ""
    role_id: str = ""
    target_kind: TargetKind | None = None
    target_id: str = ""
    inherited: bool | None = None
    effective: bool = False
    below: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that a list of assignments mentions, by id."""

    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignments:
    """The verbs of grants and of `/role_assignments`."""

    memory: Memory

    def grant(self, ctx: RequestContext, wanted: Assignment) -> None:
        """Raises NoSuch for whatever of it is unknown."""
        policy.require(ctx.caller, "identity:create_grant")
        self._known(ctx.db, wanted)
        role = role_named(ctx.db, wanted.role_id)
        if role.domain_id and wanted.target_kind == "system":
            raise Denied("role: domain specific roles are not assignable on the system")
        self.memory.changed(ctx.db, ctx.now)
        repository.assign(ctx.db, wanted)

    def check(self, ctx: RequestContext, wanted: Assignment) -> None:
        """Raises NoSuchAssignment unless it is there."""
        policy.require(ctx.caller, "identity:check_grant")
        self._known(ctx.db, wanted)
        role_named(ctx.db, wanted.role_id)
        if not repository.is_assigned(ctx.db, wanted):
            raise NoSuchAssignment(wanted.role_id, wanted.actor_id, wanted.target_id)

    def revoke(self, ctx: RequestContext, gone: Assignment) -> None:
        """Raises NoSuchAssignment unless it was there."""
        policy.require(ctx.caller, "identity:revoke_grant")
        role_named(ctx.db, gone.role_id)
        self.memory.changed(ctx.db, ctx.now)
        if not repository.unassign(ctx.db, gone):
            raise NoSuchAssignment(gone.role_id, gone.actor_id, gone.target_id)

    def granted(self, ctx: RequestContext, wanted: Assignment) -> list[Role]:
        """The roles of one actor on one target; the role of `wanted` is not looked at."""
        policy.require(ctx.caller, "identity:list_grants")
        self._known(ctx.db, wanted)
        same = {
            "actor_kind": wanted.actor_kind,
            "actor_id": wanted.actor_id,
            "target_kind": wanted.target_kind,
            "target_id": wanted.target_id,
        }
        return [
            role_named(ctx.db, found.role_id)
            for found in repository.assigned(ctx.db, **same, inherited=wanted.inherited)
        ]

    def all(self, ctx: RequestContext, wanted: Wanted) -> list[Effective]:
        """Assignments as they were made, or with `effective` as they hold for users in the end."""
        policy.require(ctx.caller, "identity:list_role_assignments")
        if wanted.effective and wanted.group_id:
            raise Invalid("Combining effective and group filter will always result in an empty list.")
        if wanted.effective:
            everything = self._effective(ctx.db)
        else:
            everything = (Effective(found, found) for found in repository.assigned(ctx.db))
        targets = self._targets(ctx.db, wanted)
        return [found for found in everything if _matches(found.assignment, wanted, targets)]

    def names(self, ctx: RequestContext, found: Iterable[Effective]) -> Names:
        """The records behind the ids in `found`."""
        listed = [each.assignment for each in found]
        projects = {a.target_id for a in listed if a.target_kind != "system"}
        users = _by_id(ctx.db, repository.users, (a.actor_id for a in listed if a.actor_kind == "user"))
        groups = _by_id(ctx.db, repository.groups, (a.actor_id for a in listed if a.actor_kind == "group"))
        targets = repository.domains_by_id(ctx.db, projects)
        domains = {each.domain_id for each in (*users.values(), *groups.values(), *targets.values()) if each.domain_id}
        places = targets | repository.domains_by_id(ctx.db, domains)
        return Names(users, groups, places, _by_id(ctx.db, repository.roles, (a.role_id for a in listed)))

    def _targets(self, db: Connection, wanted: Wanted) -> set[str]:
        if not wanted.target_id:
            return set()
        below = repository.hierarchy(db, [wanted.target_id]) if wanted.below else []
        return {wanted.target_id, *(project.id for project in below)}

    def _effective(self, db: Connection) -> Iterator[Effective]:
        """Groups become their members, inherited ones the projects below, and roles bring what they imply."""
        made = repository.assigned(db)
        members = repository.members(db, (a.actor_id for a in made if a.actor_kind == "group"))
        implied = repository.implied(db)
        seen: set[Assignment] = set()
        for source in made:
            actors = members.get(source.actor_id, []) if source.actor_kind == "group" else [source.actor_id]
            targets = self._reached(db, source)
            roles = closure([source.role_id], implied)
            for actor_id in actors:
                for kind, target_id in targets:
                    for role_id, prior in roles.items():
                        holds = Assignment(role_id, "user", actor_id, kind, target_id)
                        if holds not in seen:
                            seen.add(holds)
                            yield Effective(holds, source, prior)

    def _reached(self, db: Connection, source: Assignment) -> list[tuple[TargetKind, str]]:
        if not source.inherited:
            return [(source.target_kind, source.target_id)]
        return [("project", project.id) for project in repository.hierarchy(db, [source.target_id])]

    def _known(self, db: Connection, wanted: Assignment) -> None:
        actors: dict[ActorKind, Any] = {"user": repository.users, "group": repository.groups}
        if actors[wanted.actor_kind].get(db, wanted.actor_id) is None:
            raise NoSuch(wanted.actor_kind, wanted.actor_id)
        if wanted.target_kind == "system":
            return
        target = repository.projects.get(db, wanted.target_id)
        if target is None or target.is_domain != (wanted.target_kind == "domain"):
            raise NoSuch(wanted.target_kind, wanted.target_id)


def _by_id(db: Connection, rows: Any, ids: Iterable[str]) -> dict[str, Any]:
    return {record.id: record for record in rows.all(db, rows.key.in_(sorted(set(ids))))}


def _matches(found: Assignment, wanted: Wanted, targets: set[str]) -> bool:
    if wanted.user_id and (found.actor_kind, found.actor_id) != ("user", wanted.user_id):
        return False
    if wanted.group_id and (found.actor_kind, found.actor_id) != ("group", wanted.group_id):
        return False
    if wanted.role_id and found.role_id != wanted.role_id:
        return False
    if wanted.inherited is not None and found.inherited != wanted.inherited:
        return False
    if targets and found.target_id not in targets:
        return False
    return wanted.target_kind is None or wanted.below or found.target_kind == wanted.target_kind
