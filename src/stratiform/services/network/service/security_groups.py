"""Security groups and their rules: each project has its default group, which can't be changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from stratiform.kit.context import RequestContext
from stratiform.services.network import policy
from stratiform.services.network.errors import (
    CannotRemoveDefaultSecurityGroup,
    CannotUpdateDefaultSecurityGroup,
    SecurityGroupNotFound,
    SecurityGroupRuleNotFound,
)
from stratiform.services.network.model import (
    FilterValue,
    SecurityGroup,
    SecurityGroupRule,
    build_default_security_group,
)
from stratiform.services.network.service.ownership import sees_all_projects

Filters = Mapping[str, Sequence[FilterValue]]


@dataclass(frozen=True, slots=True)
class SecurityGroups:
    """Security groups."""

    def get(self, ctx: RequestContext, group_id: str) -> SecurityGroup:
        """Return the group of the caller's project. Raises SecurityGroupNotFound."""
        group = _get_default_group(ctx, {})
        if group.id != group_id:
            raise SecurityGroupNotFound(group_id)
        return group

    def list(self, ctx: RequestContext, filters: Filters) -> Sequence[SecurityGroup]:
        """Return the group of the caller's project, or (admins) of the project in the filters."""
        group = _get_default_group(ctx, filters)
        return [group] if _matches(group, filters) else []

    def update(self, ctx: RequestContext, group_id: str) -> NoReturn:
        """Raises SecurityGroupNotFound, CannotUpdateDefaultSecurityGroup."""
        policy.SECURITY_GROUPS_UPDATE.require(ctx.caller, self.get(ctx, group_id).project_id)
        raise CannotUpdateDefaultSecurityGroup

    def delete(self, ctx: RequestContext, group_id: str) -> NoReturn:
        """Raises SecurityGroupNotFound, CannotRemoveDefaultSecurityGroup."""
        policy.SECURITY_GROUPS_UPDATE.require(ctx.caller, self.get(ctx, group_id).project_id)
        raise CannotRemoveDefaultSecurityGroup


@dataclass(frozen=True, slots=True)
class SecurityGroupRules:
    """Rules of security groups."""

    def get(self, ctx: RequestContext, rule_id: str) -> SecurityGroupRule:
        """Return a rule of the caller's project. Raises SecurityGroupRuleNotFound."""
        for rule in _get_default_group(ctx, {}).rules:
            if rule.id == rule_id:
                return rule
        raise SecurityGroupRuleNotFound(rule_id)

    def list(self, ctx: RequestContext, filters: Filters) -> Sequence[SecurityGroupRule]:
        """Return the rules of the caller's project, or (admins) of the project in the filters."""
        return [rule for rule in _get_default_group(ctx, filters).rules if _matches(rule, filters)]


def _get_default_group(ctx: RequestContext, filters: Filters) -> SecurityGroup:
    project_ids = filters.get("project_id")
    project_id = (
        str(project_ids[0]) if project_ids and sees_all_projects(ctx.caller) else ctx.caller.require_project_id()
    )
    policy.SECURITY_GROUPS_GET.require(ctx.caller, project_id)
    return build_default_security_group(project_id)


def _matches(resource: SecurityGroup | SecurityGroupRule, filters: Filters) -> bool:
    """Return True if every filter accepts the resource, which has no tags."""
    for name, values in filters.items():
        if name in ("tags", "tags_any"):
            return False
        if name not in ("project_id", "not_tags", "not_tags_any") and getattr(resource, name) not in values:
            return False
    return True
