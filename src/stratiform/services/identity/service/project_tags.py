"""Tags of projects. Source: Identity API v3, "Project tags"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import ProjectTagNotFound
from stratiform.services.identity.policy import IdentityRule
from stratiform.services.identity.service.domains import load_own_project, load_project
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges


@dataclass(frozen=True, slots=True)
class ProjectTags:
    """Operations on `/projects/{project_id}/tags`. Every operation raises ProjectNotFound, ForbiddenAction."""

    privileges: OperatorPrivileges

    def list(self, ctx: RequestContext, project_id: str) -> Sequence[str]:
        return self._load_tags(ctx, policy.LIST_PROJECT_TAGS, project_id)

    def check(self, ctx: RequestContext, project_id: str, tag: str) -> None:
        """Check that a project has a tag.

        Raises: ProjectTagNotFound
        """
        if tag not in self._load_tags(ctx, policy.GET_PROJECT_TAG, project_id):
            raise ProjectTagNotFound(tag)

    def update(self, ctx: RequestContext, project_id: str, tags: Sequence[str]) -> Sequence[str]:
        """Replace the tags of a project, and return the new ones."""
        self._load_tags(ctx, policy.UPDATE_PROJECT_TAGS, project_id)
        return _save_tags(ctx, project_id, tags)

    def add(self, ctx: RequestContext, project_id: str, tag: str) -> None:
        tags = self._load_tags(ctx, policy.CREATE_PROJECT_TAG, project_id)
        _save_tags(ctx, project_id, [*tags, tag])

    def remove(self, ctx: RequestContext, project_id: str, tag: str) -> None:
        """Remove a tag from a project.

        Raises: ProjectTagNotFound
        """
        tags = self._load_tags(ctx, policy.DELETE_PROJECT_TAG, project_id)
        if tag not in tags:
            raise ProjectTagNotFound(tag)
        _save_tags(ctx, project_id, [other for other in tags if other != tag])

    def clear(self, ctx: RequestContext, project_id: str) -> None:
        self._load_tags(ctx, policy.DELETE_PROJECT_TAGS, project_id)
        _save_tags(ctx, project_id, [])

    def _load_tags(self, ctx: RequestContext, rule: IdentityRule, project_id: str) -> Sequence[str]:
        project = load_own_project(ctx, rule, project_id)
        if rule.domain_role == "manager":
            self.privileges.require_for_project(ctx, rule, project)
        return project.tags


def _save_tags(ctx: RequestContext, project_id: str, tags: Sequence[str]) -> Sequence[str]:
    project = replace(load_project(ctx.db, project_id), tags=sorted(set(tags)))
    return repository.projects.save(ctx.db, project).tags
