"""Projects and domains. Source: Identity API v3, "Projects" and "Domains"."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import repository
from stratiform.services.identity import tables as t
from stratiform.services.identity.errors import Denied, Duplicate, NoSuch
from stratiform.services.identity.model import (
    DEFAULT_DOMAIN,
    Document,
    NewProject,
    Project,
    Query,
    TagQuery,
    home_domain,
)
from stratiform.services.identity.policy import policy
from stratiform.services.identity.service.memory import Memory


@dataclass(frozen=True, slots=True)
class Projects:
    """The verbs of `/projects`."""

    ids: Ids
    memory: Memory

    def create(self, ctx: RequestContext, new: NewProject) -> Project:
        """Raises NoSuch for an unknown domain or parent, Duplicate where the domain has the name already."""
        policy.require(ctx.caller, "identity:create_project")
        parent = repository.projects.get(ctx.db, new.parent_id) if new.parent_id else None
        if new.parent_id and parent is None:
            raise NoSuch("project", new.parent_id)
        if parent is not None and not parent.enabled:
            raise Denied(f"cannot create a project in a branch containing a disabled project: {parent.id}")
        domain = domain_named(ctx.db, new.domain_id or _domain_of(parent) or home_domain(ctx.caller))
        if parent is not None and _domain_of(parent) != domain.id:
            raise Invalid("Project domain_id must match its parent's domain.")
        made = _project(self.ids.hex(), new, domain_id=domain.id, parent_id=parent.id if parent else domain.id)
        return _stored(ctx.db, made)

    def get(self, ctx: RequestContext, project_id: str) -> Project:
        policy.require_own(ctx.caller, "identity:get_project", "project", project_id)
        return self.found(ctx.db, project_id)

    def found(self, db: Connection, project_id: str) -> Project:
        """For the program itself. Raises NoSuch."""
        project = repository.projects.get(db, project_id)
        if project is None:
            raise NoSuch("project", project_id)
        return project

    def all(self, ctx: RequestContext, query: Query, tags: TagQuery | None = None) -> Slice[Project]:
        policy.require(ctx.caller, "identity:list_projects")
        if "is_domain" not in query.equal:
            query = replace(query, equal={**query.equal, "is_domain": False})
        if tags is None:
            return repository.listed(ctx.db, repository.projects, query)
        return repository.sifted(ctx.db, repository.projects, query, lambda project: tags.admits(project.tags))

    def update(self, ctx: RequestContext, project_id: str, changes: Mapping[str, Any], extra: Document) -> Project:
        """`changes` are columns with new values. Raises Denied for what never changes (domain, parent)."""
        policy.require_own(ctx.caller, "identity:update_project", "project", project_id)
        old = self.found(ctx.db, project_id)
        if old.is_domain:
            return _updated(ctx, self.memory, old, changes, extra)
        for name in ("parent_id", "is_domain"):
            if name in changes and changes[name] != getattr(old, name):
                raise Denied(f"Update of `{name}` is not allowed")
        if changes.get("domain_id", old.domain_id) != old.domain_id:
            raise Invalid("Cannot change Domain ID")
        if old.enabled and changes.get("enabled") is False:
            below = repository.hierarchy(ctx.db, [project_id])
            if any(project.enabled for project in below):
                raise Denied(f"cannot disable project {project_id} since its subtree contains enabled projects")
        return _updated(ctx, self.memory, old, changes, extra)

    def set_tags(self, ctx: RequestContext, project_id: str, tags: list[str]) -> Project:
        policy.require_own(ctx.caller, "identity:update_project_tags", "project", project_id)
        old = self.found(ctx.db, project_id)
        return repository.projects.save(ctx.db, replace(old, tags=sorted(set(tags))))

    def delete(self, ctx: RequestContext, project_id: str) -> None:
        """Raises Denied where other projects are below it."""
        policy.require_own(ctx.caller, "identity:delete_project", "project", project_id)
        project = self.found(ctx.db, project_id)
        if project.is_domain:
            raise Denied("cannot delete a project that acts as a domain")
        if repository.children(ctx.db, project_id):
            raise Denied(f"Cannot delete the project {project_id} since it is not a leaf in the hierarchy")
        self.memory.changed(ctx.db, ctx.now)
        repository.forget_project(ctx.db, project_id)

    def above(self, ctx: RequestContext, project: Project) -> list[str]:
        """The ids of the projects over `project`, the nearest first, its domain last."""
        places = repository.above(ctx.db, project)
        return [*(key for _kind, key in places[1:]), places[0][1]]

    def below(self, ctx: RequestContext, project: Project) -> list[Project]:
        """The projects under `project`, of every depth."""
        return repository.hierarchy(ctx.db, [project.id])

    def of_user(self, ctx: RequestContext, user_id: str, query: Query) -> list[Project]:
        """The enabled and disabled projects on which a user has a role."""
        policy.require_own(ctx.caller, "identity:list_user_projects", "user", user_id)
        return self.reachable(ctx.db, user_id, query)

    def own(self, ctx: RequestContext) -> list[Project]:
        """The enabled projects that the caller may have a token for."""
        policy.require(ctx.caller, "identity:get_auth_projects")
        return self.reachable(ctx.db, ctx.caller.user_id, Query(equal={"enabled": True}))

    def reachable(self, db: Connection, user_id: str, query: Query) -> list[Project]:
        held = repository.assigned_to_user(db, user_id)
        direct = {a.target_id for a in held if a.target_kind == "project" and not a.inherited}
        over = {a.target_id for a in held if a.inherited}
        if over:
            direct |= {project.id for project in repository.hierarchy(db, over)}
        only = (t.projects.c.id.in_(sorted(direct)), t.projects.c.is_domain.is_(False))
        return list(repository.listed(db, repository.projects, query, *only).items)


@dataclass(frozen=True, slots=True)
class Domains:
    """The verbs of `/domains`."""

    ids: Ids
    memory: Memory

    def create(self, ctx: RequestContext, new: NewProject, *, key: str = "") -> Project:
        """`key` is the new domain's id, where it can't be any."""
        policy.require(ctx.caller, "identity:create_domain")
        return _stored(ctx.db, replace(_project(key or self.ids.hex(), new), is_domain=True))

    def get(self, ctx: RequestContext, domain_id: str) -> Project:
        policy.require_own(ctx.caller, "identity:get_domain", "domain", domain_id)
        return domain_named(ctx.db, domain_id)

    def all(self, ctx: RequestContext, query: Query) -> Slice[Project]:
        policy.require(ctx.caller, "identity:list_domains")
        return repository.listed(ctx.db, repository.projects, query, t.projects.c.is_domain.is_(True))

    def update(self, ctx: RequestContext, domain_id: str, changes: Mapping[str, Any], extra: Document) -> Project:
        policy.require_own(ctx.caller, "identity:update_domain", "domain", domain_id)
        return _updated(ctx, self.memory, domain_named(ctx.db, domain_id), changes, extra)

    def delete(self, ctx: RequestContext, domain_id: str) -> None:
        """With everything inside. Raises Denied unless it is disabled before."""
        policy.require_own(ctx.caller, "identity:delete_domain", "domain", domain_id)
        domain = domain_named(ctx.db, domain_id)
        if domain.enabled:
            raise Denied("Cannot delete a domain that is enabled, please disable it first.")
        if domain_id == DEFAULT_DOMAIN:
            raise Denied("Cannot delete the default domain")
        self.memory.changed(ctx.db, ctx.now)
        repository.forget_domain_contents(ctx.db, domain_id)

    def own(self, ctx: RequestContext) -> list[Project]:
        """The enabled domains that the caller may have a token for."""
        policy.require(ctx.caller, "identity:get_auth_domains")
        held = repository.assigned_to_user(ctx.db, ctx.caller.user_id)
        ids = {a.target_id for a in held if a.target_kind == "domain" and not a.inherited}
        return [domain for domain in repository.domains_by_id(ctx.db, ids).values() if domain.enabled]


def domain_named(db: Connection, domain_id: str) -> Project:
    """The domain with this id. Raises NoSuch."""
    domain = repository.projects.get(db, domain_id)
    if domain is None or not domain.is_domain:
        raise NoSuch("domain", domain_id)
    return domain


def _domain_of(project: Project | None) -> str:
    if project is None:
        return ""
    return project.id if project.is_domain else project.domain_id


def _project(key: str, new: NewProject, *, domain_id: str = "", parent_id: str | None = None) -> Project:
    return Project(
        id=key,
        name=new.name,
        domain_id=domain_id,
        parent_id=parent_id,
        enabled=new.enabled,
        description=new.description,
        tags=sorted(set(new.tags)),
        options=new.options,
        extra=new.extra,
    )


def _kind(project: Project) -> str:
    return "domain" if project.is_domain else "project"


def _stored(db: Connection, made: Project) -> Project:
    if repository.named(db, repository.projects, made.name, made.domain_id):
        raise Duplicate(_kind(made), made.name, made.domain_id)
    return repository.store(db, repository.projects, made, _kind(made), name=made.name, domain_id=made.domain_id)


def _updated(ctx: RequestContext, memory: Memory, old: Project, changes: Mapping[str, Any], extra: Document) -> Project:
    new = replace(old, **changes, extra=old.extra | extra)
    if new.name != old.name and repository.named(ctx.db, repository.projects, new.name, old.domain_id):
        raise Duplicate(_kind(old), new.name, old.domain_id)
    if old.enabled and not new.enabled:
        new = replace(new, epoch=old.epoch + 1)
        if old.is_domain:
            repository.end_tokens_of_domain(ctx.db, old.id)
    memory.changed(ctx.db, ctx.now)
    return repository.keep(ctx.db, repository.projects, new, _kind(old), name=new.name, domain_id=old.domain_id)
