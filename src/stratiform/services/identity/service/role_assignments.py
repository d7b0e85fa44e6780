"""Role assignments. Source: Identity API v3, "Roles" and "OS-INHERIT"."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import (
    DomainNotFound,
    ForbiddenAction,
    GroupNotFound,
    ProjectNotFound,
    RoleAssignmentNotFound,
    UserNotFound,
)
from stratiform.services.identity.model import (
    EffectiveRoleAssignment,
    Group,
    Project,
    Role,
    RoleAssignment,
    RoleAssignmentFilter,
    RoleAssignmentResources,
    TargetKind,
    User,
    expand_implied_roles,
)
from stratiform.services.identity.policy import IdentityRule
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import get_owning_domain_id
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges
from stratiform.services.identity.service.roles import load_role


@dataclass(frozen=True, slots=True)
class RoleAssignments:
    """Operations on grants and on `/role_assignments`."""

    cache: DirectoryCache
    privileges: OperatorPrivileges
    notifications: Notifications

    def grant(self, ctx: RequestContext, assignment: RoleAssignment) -> None:
        """Assign a role; an existing assignment stays.

        Raises: RoleNotFound, ForbiddenAction, and the XNotFound of the actor and of the target
        """
        rule = _select_rule(assignment, policy.CREATE_GRANT, policy.CREATE_SYSTEM_GRANT)
        target = _require_actor_and_target(ctx, rule, assignment)
        role = load_role(ctx.db, assignment.role_id)
        self._require_assignable(ctx, rule, role, target)
        if role.domain_id and assignment.target_kind == "system":
            raise ForbiddenAction("role: domain specific roles are not assignable on the system")
        self.cache.invalidate(ctx.db, ctx.now)
        repository.create_assignment(ctx.db, assignment)
        self.notifications.report_assignment(ctx, "created", assignment)

    def check(self, ctx: RequestContext, assignment: RoleAssignment) -> None:
        """Check that a role is assigned.

        Raises: RoleAssignmentNotFound, RoleNotFound, and the XNotFound of the actor and of the target
        """
        rule = _select_rule(assignment, policy.CHECK_GRANT, policy.CHECK_SYSTEM_GRANT)
        _require_actor_and_target(ctx, rule, assignment)
        load_role(ctx.db, assignment.role_id)
        if not repository.has_assignment(ctx.db, assignment):
            raise RoleAssignmentNotFound(assignment.role_id, assignment.actor_id, assignment.target_id)

    def revoke(self, ctx: RequestContext, assignment: RoleAssignment) -> None:
        """Remove a role assignment.

        Raises: RoleAssignmentNotFound, RoleNotFound
        """
        rule = _select_rule(assignment, policy.REVOKE_GRANT, policy.REVOKE_SYSTEM_GRANT)
        rule.require(ctx.caller, domain_id=ctx.caller.domain_id)
        role = load_role(ctx.db, assignment.role_id)
        if not rule.allows(ctx.caller, None):  # an operator may also revoke those of deleted users
            target = _require_actor_and_target(ctx, rule, assignment)
            self._require_assignable(ctx, rule, role, target)
        self.cache.invalidate(ctx.db, ctx.now)
        if not repository.delete_assignment(ctx.db, assignment):
            raise RoleAssignmentNotFound(assignment.role_id, assignment.actor_id, assignment.target_id)
        self.notifications.report_assignment(ctx, "deleted", assignment)

    def list_granted_roles(self, ctx: RequestContext, assignment: RoleAssignment) -> Sequence[Role]:
        """Return the roles of an actor on a target; the role of `assignment` is ignored."""
        rule = _select_rule(assignment, policy.LIST_GRANTS, policy.LIST_SYSTEM_GRANTS)
        _require_actor_and_target(ctx, rule, assignment)
        granted = repository.list_assignments(
            ctx.db,
            actor_kind=assignment.actor_kind,
            actor_id=assignment.actor_id,
            target_kind=assignment.target_kind,
            target_id=assignment.target_id,
            inherited=assignment.inherited,
        )
        return [load_role(ctx.db, grant.role_id) for grant in granted]

    def list(self, ctx: RequestContext, filters: RoleAssignmentFilter) -> Sequence[EffectiveRoleAssignment]:
        """Return assignments as granted, or with `effective` those that result for users.

        Raises: Invalid for `effective` with a group
        """
        policy.LIST_ROLE_ASSIGNMENTS.require(ctx.caller, domain_id=ctx.caller.domain_id)
        if filters.effective and filters.group_id:
            raise Invalid("Combining effective and group filter will always result in an empty list.")
        assignments: Iterable[EffectiveRoleAssignment]
        if filters.effective:
            assignments = _expand_assignments(ctx.db)
        else:
            assignments = (EffectiveRoleAssignment(granted, granted) for granted in repository.list_assignments(ctx.db))
        target_ids = _target_ids(ctx.db, filters)
        matching = [item for item in assignments if _matches(item.assignment, filters, target_ids)]
        if policy.LIST_ROLE_ASSIGNMENTS.allows(ctx.caller, None):
            return matching
        own_ids = repository.list_domain_target_ids(ctx.db, str(ctx.caller.domain_id))
        return [item for item in matching if item.assignment.target_id in own_ids]

    def _require_assignable(self, ctx: RequestContext, rule: IdentityRule, role: Role, target: Project | None) -> None:
        self.privileges.require_for_role(ctx, rule, role)
        if target is not None:
            self.privileges.require_for_project(ctx, rule, target)

    def load_resources(self, db: Connection, assignments: Iterable[EffectiveRoleAssignment]) -> RoleAssignmentResources:
        """Return the users, groups, projects, domains and roles that `assignments` refer to."""
        items = [effective.assignment for effective in assignments]
        users = repository.find_by_ids(db, repository.users, _actor_ids(items, "user"))
        groups = repository.find_by_ids(db, repository.groups, _actor_ids(items, "group"))
        target_ids = {item.target_id for item in items if item.target_kind != "system"}
        targets = repository.find_by_ids(db, repository.projects, target_ids)
        resources: list[User | Group | Project] = [*users, *groups, *targets]
        domain_ids = {resource.domain_id for resource in resources if resource.domain_id}
        domains = repository.find_by_ids(db, repository.projects, domain_ids)
        roles = repository.find_by_ids(db, repository.roles, {item.role_id for item in items})
        return RoleAssignmentResources(
            users={user.id: user for user in users},
            groups={group.id: group for group in groups},
            projects={project.id: project for project in (*targets, *domains)},
            roles={role.id: role for role in roles},
        )


def _actor_ids(assignments: Iterable[RoleAssignment], actor_kind: str) -> set[str]:
    return {assignment.actor_id for assignment in assignments if assignment.actor_kind == actor_kind}


def _select_rule(assignment: RoleAssignment, rule: IdentityRule, system_rule: IdentityRule) -> IdentityRule:
    return system_rule if assignment.target_kind == "system" else rule


def _require_actor_and_target(ctx: RequestContext, rule: IdentityRule, assignment: RoleAssignment) -> Project | None:
    """Return the project or domain of an assignment. Domain managers see only actors and targets of their domain.

    Raises: ForbiddenAction, and the XNotFound of the actor and of the target
    """
    rule.require(ctx.caller, domain_id=ctx.caller.domain_id)
    domain_id = None if rule.allows(ctx.caller, None) else ctx.caller.domain_id
    actor_id, target_id = assignment.actor_id, assignment.target_id
    if assignment.actor_kind == "user":
        user = repository.users.find(ctx.db, actor_id)
        if user is None or domain_id not in (None, user.domain_id):
            raise UserNotFound(actor_id)
    else:
        group = repository.groups.find(ctx.db, actor_id)
        if group is None or domain_id not in (None, group.domain_id):
            raise GroupNotFound(actor_id)
    if assignment.target_kind == "system":
        return None
    is_domain = assignment.target_kind == "domain"
    target = repository.projects.find(ctx.db, target_id)
    if target is None or target.is_domain != is_domain or domain_id not in (None, get_owning_domain_id(target)):
        raise DomainNotFound(target_id) if is_domain else ProjectNotFound(target_id)
    return target


def _expand_assignments(db: Connection) -> Iterator[EffectiveRoleAssignment]:
    """Replace groups by their members and inherited assignments by those on projects, and add implied roles.

    Roles of a domain only imply others, so they are left out, as in tokens.
    """
    granted = repository.list_assignments(db)
    members = repository.list_members(db, _actor_ids(granted, "group"))
    implied = repository.list_implied_roles(db)
    domain_roles = {role.id for role in repository.roles.list_all(db) if role.domain_id}
    seen: set[RoleAssignment] = set()
    for source in granted:
        user_ids = members.get(source.actor_id, []) if source.actor_kind == "group" else [source.actor_id]
        targets = _effective_targets(db, source)
        roles = {
            role_id: prior_id
            for role_id, prior_id in expand_implied_roles([source.role_id], implied).items()
            if role_id not in domain_roles
        }
        for user_id in user_ids:
            for target_kind, target_id in targets:
                for role_id, prior_id in roles.items():
                    assignment = RoleAssignment(role_id, "user", user_id, target_kind, target_id)
                    if assignment not in seen:
                        seen.add(assignment)
                        yield EffectiveRoleAssignment(assignment, source, prior_id)


def _effective_targets(db: Connection, assignment: RoleAssignment) -> list[tuple[TargetKind, str]]:
    if not assignment.inherited:
        return [(assignment.target_kind, assignment.target_id)]
    return [("project", project.id) for project in repository.list_descendants(db, [assignment.target_id])]


def _target_ids(db: Connection, filters: RoleAssignmentFilter) -> set[str]:
    if not filters.target_id:
        return set()
    subtree = repository.list_descendants(db, [filters.target_id]) if filters.include_subtree else []
    return {filters.target_id, *(project.id for project in subtree)}


def _matches(assignment: RoleAssignment, filters: RoleAssignmentFilter, target_ids: set[str]) -> bool:
    if filters.user_id and (assignment.actor_kind, assignment.actor_id) != ("user", filters.user_id):
        return False
    if filters.group_id and (assignment.actor_kind, assignment.actor_id) != ("group", filters.group_id):
        return False
    if filters.role_id and assignment.role_id != filters.role_id:
        return False
    if filters.inherited is not None and assignment.inherited != filters.inherited:
        return False
    if target_ids and assignment.target_id not in target_ids:
        return False
    return filters.target_kind is None or filters.include_subtree or assignment.target_kind == filters.target_kind
