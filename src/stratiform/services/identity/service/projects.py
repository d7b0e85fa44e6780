"""Projects. Source: Identity API v3, "Projects"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit import outbox
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import ForbiddenAction, NameConflict, UserNotFound
from stratiform.services.identity.model import (
    Changes,
    JsonObject,
    ListQuery,
    NewProject,
    Project,
    TagFilter,
    get_default_domain_id,
)
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import (
    build_project,
    delete_domain,
    get_owning_domain_id,
    load_domain,
    load_own_project,
    load_project,
    update_project,
)
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges


@dataclass(frozen=True, slots=True)
class Projects:
    """Operations on `/projects`. Read operations and updates accept domains too, as in Keystone."""

    ids: Ids
    cache: DirectoryCache
    privileges: OperatorPrivileges
    notifications: Notifications

    def create(self, ctx: RequestContext, new: NewProject) -> Project:
        """Create a project.

        Raises: DomainNotFound, ProjectNotFound for the parent, NameConflict
        """
        parent = load_project(ctx.db, new.parent_id) if new.parent_id else None
        domain = load_domain(ctx.db, new.domain_id or get_owning_domain_id(parent) or get_default_domain_id(ctx.caller))
        policy.CREATE_PROJECT.require(ctx.caller, domain_id=domain.id)
        if parent is not None and get_owning_domain_id(parent) != domain.id:
            raise Invalid("The project's domain_id must match that of its parent.")
        if parent is not None and not parent.enabled:
            raise ForbiddenAction(f"cannot create a project in a branch containing a disabled project: {parent.id}")
        project = build_project(self.ids.hex(), new, domain_id=domain.id, parent_id=parent.id if parent else domain.id)
        self.privileges.require_for_project(ctx, policy.CREATE_PROJECT, project)
        conflict = NameConflict("project", project.name, domain.id)
        if repository.find_by_name(ctx.db, repository.projects, project.name, domain.id):
            raise conflict
        outbox.append_name(ctx.db, "project", project.id, project.name, ctx.now)
        created = repository.insert_unique(ctx.db, repository.projects, project, conflict)
        self.notifications.report(ctx, "project", "created", created.id)
        return created

    def get(self, ctx: RequestContext, project_id: str) -> Project:
        return load_own_project(ctx, policy.GET_PROJECT, project_id)

    def list(self, ctx: RequestContext, query: ListQuery, tags: TagFilter | None = None) -> Slice[Project]:
        """Return projects, or domains if the query filters for `is_domain`."""
        query = policy.LIST_PROJECTS.limit_to_domain(ctx.caller, query)
        if "is_domain" not in query.filters:
            query = replace(query, filters={**query.filters, "is_domain": False})
        if tags is None:
            return repository.list_records(ctx.db, repository.projects, query)
        return repository.list_matching(ctx.db, repository.projects, query, lambda project: tags.matches(project.tags))

    def update(self, ctx: RequestContext, project_id: str, changes: Changes, extra: JsonObject) -> Project:
        """Set columns of a project to new values and merge `extra`. Disabling a project invalidates its tokens.

        Raises: ProjectNotFound, NameConflict, ForbiddenAction, Invalid for a change of the domain
        """
        project = load_own_project(ctx, policy.UPDATE_PROJECT, project_id)
        self.privileges.require_for_project(ctx, policy.UPDATE_PROJECT, project)
        if project.is_domain:
            policy.UPDATE_DOMAIN.require(ctx.caller)
            return update_project(ctx, self.cache, self.notifications, project, changes, extra)
        for name in ("parent_id", "is_domain"):
            if name in changes and changes[name] != getattr(project, name):
                raise ForbiddenAction(f"Update of `{name}` is not allowed")
        if changes.get("domain_id", project.domain_id) != project.domain_id:
            raise Invalid("Cannot change Domain ID")
        renamed = replace(project, name=changes.get("name", project.name))
        self.privileges.require_for_project(ctx, policy.UPDATE_PROJECT, renamed)
        if project.enabled and changes.get("enabled") is False:
            subtree = repository.list_descendants(ctx.db, [project_id])
            if any(descendant.enabled for descendant in subtree):
                raise ForbiddenAction(
                    f"cannot disable project {project_id} since its subtree contains enabled projects"
                )
        return update_project(ctx, self.cache, self.notifications, project, changes, extra)

    def delete(self, ctx: RequestContext, project_id: str) -> None:
        """Delete a project, or a disabled domain with its contents.

        Raises: ProjectNotFound, ForbiddenAction if it has child projects, or is an enabled domain
        """
        project = load_own_project(ctx, policy.DELETE_PROJECT, project_id)
        self.privileges.require_for_project(ctx, policy.DELETE_PROJECT, project)
        if project.is_domain:
            policy.DELETE_DOMAIN.require(ctx.caller)
            delete_domain(ctx, self.cache, self.notifications, project)
            return
        if repository.has_children(ctx.db, project_id):
            raise ForbiddenAction(f"Cannot delete the project {project_id} since it is not a leaf in the hierarchy")
        self.cache.invalidate(ctx.db, ctx.now)
        repository.delete_project(ctx.db, project_id)
        self.notifications.report(ctx, "project", "deleted", project_id)

    def list_parent_ids(self, db: Connection, project: Project) -> Sequence[str]:
        """Return the ids of the parents of `project`, nearest first, then its domain."""
        (_, domain_id), *parents = repository.list_inheritance_targets(db, project)
        return [*(parent_id for _, parent_id in parents), domain_id]

    def list_subtree(self, db: Connection, project: Project) -> Sequence[Project]:
        """Return the projects below `project`, at every depth."""
        return repository.list_descendants(db, [project.id])

    def list_for_user(self, ctx: RequestContext, user_id: str, query: ListQuery) -> Slice[Project]:
        """Return the projects on which a user has a role."""
        rule, user = policy.LIST_USER_PROJECTS, repository.users.find(ctx.db, user_id)
        rule.require_own(ctx.caller, user_id, UserNotFound(user_id), domain_id=user.domain_id if user else None)
        if not rule.allows(ctx.caller, user_id):
            query = rule.limit_to_domain(ctx.caller, query)
        return repository.list_assigned_projects(ctx.db, user_id, query)

    def list_available(self, ctx: RequestContext) -> Sequence[Project]:
        """Return the enabled projects to which the caller can scope a token."""
        policy.GET_AUTH_PROJECTS.require(ctx.caller)
        query = ListQuery(filters={"enabled": True})
        return repository.list_assigned_projects(ctx.db, ctx.caller.user_id, query).items
