"""Who is an operator, and what only operators may change because their privileges depend on it.

Source: the domain manager persona of Keystone, and `admin_project_name` in its configuration.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.identity import repository
from stratiform.services.identity.model import (
    DEFAULT_DOMAIN,
    Group,
    Project,
    Role,
    RoleAssignment,
    TokenScope,
    User,
    expand_implied_roles,
)
from stratiform.services.identity.policy import IdentityRule

#: Global roles that domain managers may assign: those of Keystone's rule `domain_managed_target_role`.
_ASSIGNABLE_ROLES = frozenset({"manager", "member", "reader"})


@dataclass(frozen=True, slots=True)
class OperatorPrivileges:
    """The privileges of operators.

    `admin_project_name`: the project in the default domain whose admins are operators, beside those of the system;
    empty: the admins of every project and domain.
    """

    admin_project_name: str

    def list_caller_roles(self, roles: Iterable[Role], scope: TokenScope, target: Project | None) -> frozenset[str]:
        """Return the names of the roles of a caller. Outside of the operators' scopes, an admin is a manager."""
        names = frozenset(role.name for role in roles)
        is_operator = scope.type == "system" or not self.admin_project_name or self.is_admin_project(target)
        return names if is_operator or "admin" not in names else names - {"admin"} | {"manager"}

    def is_admin_project(self, project: Project | None) -> bool:
        """Return True if the admins of the project are operators."""
        if project is None or project.is_domain:
            return False
        return self.is_reserved_name(project.name, project.domain_id)

    def is_reserved_name(self, name: str, domain_id: str) -> bool:
        """Return True if this is the name of the operators' project."""
        return bool(self.admin_project_name) and (name, domain_id) == (self.admin_project_name, DEFAULT_DOMAIN)

    def require_for_project(self, ctx: RequestContext, rule: IdentityRule, project: Project) -> None:
        """Raises ForbiddenAction for the operators' project, unless the caller is an operator."""
        if not ctx.caller.is_admin and self.is_admin_project(project):
            raise rule.build_forbidden_error()

    def require_for_user(self, ctx: RequestContext, rule: IdentityRule, user: User) -> None:
        """Raises ForbiddenAction for a user with privileges outside of the domain, unless the caller is an operator."""
        if not ctx.caller.is_admin and self._any_privileged(ctx.db, repository.list_user_assignments(ctx.db, user.id)):
            raise rule.build_forbidden_error()

    def require_for_group(self, ctx: RequestContext, rule: IdentityRule, group: Group) -> None:
        """Raises ForbiddenAction for a group that gives such privileges, unless the caller is an operator."""
        granted = (
            [] if ctx.caller.is_admin else repository.list_assignments(ctx.db, actor_kind="group", actor_id=group.id)
        )
        if self._any_privileged(ctx.db, granted):
            raise rule.build_forbidden_error()

    def require_for_role(self, ctx: RequestContext, rule: IdentityRule, role: Role) -> None:
        """Raises ForbiddenAction for a role that domain managers may not assign, unless the caller is an operator."""
        if ctx.caller.is_admin:
            return
        is_own = role.domain_id and role.domain_id == ctx.caller.domain_id
        expanded = _expand(ctx.db, role.id)
        is_limited = all(item.name in _ASSIGNABLE_ROLES for item in expanded if not item.domain_id)
        if not is_limited or (role.domain_id and not is_own):
            raise rule.build_forbidden_error()

    def _any_privileged(self, db: Connection, granted: Iterable[RoleAssignment]) -> bool:
        assignments = list(granted)
        if not assignments:
            return False
        targets = self._list_operator_targets(db)
        return any(_is_privileged(db, assignment, targets) for assignment in assignments)

    def _list_operator_targets(self, db: Connection) -> frozenset[tuple[str, bool]] | None:
        """Return the targets on which the role `admin` makes operators, each with whether it is inherited.

        None: all targets
        """
        if not self.admin_project_name:
            return None
        project = repository.find_by_name(db, repository.projects, self.admin_project_name, DEFAULT_DOMAIN)
        if project is None:
            return frozenset()
        inherited = {(target_id, True) for _, target_id in repository.list_inheritance_targets(db, project)}
        return frozenset({(project.id, False), *inherited})


def _is_privileged(
    db: Connection, assignment: RoleAssignment, operator_targets: frozenset[tuple[str, bool]] | None
) -> bool:
    if assignment.target_kind == "system":
        return True
    names = {role.name for role in _expand(db, assignment.role_id) if not role.domain_id}
    if "service" in names:
        return True
    is_operator = operator_targets is None or (assignment.target_id, assignment.inherited) in operator_targets
    return "admin" in names and is_operator


def _expand(db: Connection, role_id: str) -> list[Role]:
    """Return a role and all roles that it implies."""
    expanded = expand_implied_roles([role_id], repository.list_implied_roles(db))
    return repository.find_by_ids(db, repository.roles, expanded)
