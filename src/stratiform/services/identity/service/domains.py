"""Domains, which are projects with `is_domain`. Source: Identity API v3, "Domains"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit import outbox
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import DomainNotFound, ForbiddenAction, NameConflict, ProjectNotFound
from stratiform.services.identity.model import DEFAULT_DOMAIN, Changes, JsonObject, ListQuery, NewProject, Project
from stratiform.services.identity.policy import IdentityRule
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.notifications import Notifications


@dataclass(frozen=True, slots=True)
class Domains:
    """Operations on `/domains`."""

    ids: Ids
    cache: DirectoryCache
    notifications: Notifications

    def create(self, ctx: RequestContext, new: NewProject, *, domain_id: str = "") -> Project:
        """Create a domain, with a random id by default.

        Raises: NameConflict
        """
        policy.CREATE_DOMAIN.require(ctx.caller)
        domain = replace(build_project(domain_id or self.ids.hex(), new), is_domain=True)
        conflict = NameConflict("domain", domain.name)
        if repository.find_by_name(ctx.db, repository.projects, domain.name, ""):
            raise conflict
        created = repository.insert_unique(ctx.db, repository.projects, domain, conflict)
        self.notifications.report(ctx, "domain", "created", created.id)
        return created

    def get(self, ctx: RequestContext, domain_id: str) -> Project:
        policy.GET_DOMAIN.require_own(ctx.caller, domain_id, DomainNotFound(domain_id))
        return load_domain(ctx.db, domain_id)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Project]:
        query = policy.LIST_DOMAINS.limit_to_domain(ctx.caller, query, column="id")
        return repository.list_domains(ctx.db, query)

    def update(self, ctx: RequestContext, domain_id: str, changes: Changes, extra: JsonObject) -> Project:
        """Set columns of a domain to new values and merge `extra`. Disabling a domain invalidates its tokens.

        Raises: DomainNotFound, NameConflict
        """
        policy.UPDATE_DOMAIN.require_own(ctx.caller, domain_id, DomainNotFound(domain_id))
        return update_project(ctx, self.cache, self.notifications, load_domain(ctx.db, domain_id), changes, extra)

    def delete(self, ctx: RequestContext, domain_id: str) -> None:
        """Delete a disabled domain with its contents.

        Raises: DomainNotFound, ForbiddenAction
        """
        policy.DELETE_DOMAIN.require_own(ctx.caller, domain_id, DomainNotFound(domain_id))
        delete_domain(ctx, self.cache, self.notifications, load_domain(ctx.db, domain_id))

    def list_available(self, ctx: RequestContext) -> Sequence[Project]:
        """Return the enabled domains to which the caller can scope a token."""
        policy.GET_AUTH_DOMAINS.require(ctx.caller)
        assigned = repository.list_user_assignments(ctx.db, ctx.caller.user_id)
        ids = {a.target_id for a in assigned if a.target_kind == "domain" and not a.inherited}
        return [domain for domain in repository.find_by_ids(ctx.db, repository.projects, ids) if domain.enabled]


def load_project(db: Connection, project_id: str) -> Project:
    """Return a project or domain without a policy check.

    Raises: ProjectNotFound
    """
    project = repository.projects.find(db, project_id)
    if project is None:
        raise ProjectNotFound(project_id)
    return project


def get_owning_domain_id(project: Project | None) -> str:
    """Return the domain of a project, or the id of a domain itself; empty for None."""
    if project is None:
        return ""
    return project.id if project.is_domain else project.domain_id


def load_own_project(ctx: RequestContext, rule: IdentityRule, project_id: str) -> Project:
    """Return a project or domain to which the caller may apply `rule`.

    Raises: ProjectNotFound, ForbiddenAction
    """
    project = repository.projects.find(ctx.db, project_id)
    rule.require_own(
        ctx.caller, project_id, ProjectNotFound(project_id), domain_id=get_owning_domain_id(project) or None
    )
    if project is None:
        raise ProjectNotFound(project_id)
    return project


def load_domain(db: Connection, domain_id: str) -> Project:
    """Return a domain without a policy check.

    Raises: DomainNotFound
    """
    domain = repository.projects.find(db, domain_id)
    if domain is None or not domain.is_domain:
        raise DomainNotFound(domain_id)
    return domain


def build_project(project_id: str, new: NewProject, *, domain_id: str = "", parent_id: str | None = None) -> Project:
    """Return the record of a project or domain to create."""
    return Project(
        id=project_id,
        name=new.name,
        domain_id=domain_id,
        parent_id=parent_id,
        enabled=new.enabled,
        description=new.description,
        tags=sorted(set(new.tags)),
        options=new.options,
        extra=new.extra,
    )


def delete_domain(ctx: RequestContext, cache: DirectoryCache, notifications: Notifications, domain: Project) -> None:
    """Delete a disabled domain with its contents, without a policy check. Raises: ForbiddenAction"""
    if domain.enabled:
        raise ForbiddenAction("Cannot delete a domain that is enabled, please disable it first.")
    if domain.id == DEFAULT_DOMAIN:
        raise ForbiddenAction("Cannot delete the default domain")
    cache.invalidate(ctx.db, ctx.now)
    notifications.report_domain_deletion(ctx, domain.id)
    repository.delete_domain(ctx.db, domain.id)


def update_project(
    ctx: RequestContext,
    cache: DirectoryCache,
    notifications: Notifications,
    project: Project,
    changes: Changes,
    extra: JsonObject,
) -> Project:
    """Update a project or domain without a policy check.

    Raises: NameConflict
    """
    updated = replace(project, **changes, extra=project.extra | extra)
    conflict = NameConflict("domain" if project.is_domain else "project", updated.name, project.domain_id)
    if updated.name != project.name and repository.find_by_name(
        ctx.db, repository.projects, updated.name, project.domain_id
    ):
        raise conflict
    if project.enabled and not updated.enabled:
        updated = replace(updated, epoch=project.epoch + 1)
        if project.is_domain:
            repository.invalidate_domain_tokens(ctx.db, project.id)
    if updated.name != project.name and not project.is_domain:
        outbox.append_name(ctx.db, "project", project.id, updated.name, ctx.now)
    cache.invalidate(ctx.db, ctx.now)
    notifications.report(ctx, "project", "updated", project.id)
    if project.is_domain:
        notifications.report(ctx, "domain", "updated", project.id)
    return repository.save_unique(ctx.db, repository.projects, updated, conflict)
