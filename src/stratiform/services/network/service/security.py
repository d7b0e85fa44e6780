"""The security groups that there are: one a project, named default."""

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import OverLimit
from stratiform.services.network.errors import (
    BadRequest,
    DefaultSecurityGroup,
    SecurityGroupNotFound,
    SecurityGroupRuleNotFound,
)
from stratiform.services.network.model import SecurityGroup, SecurityRule, default_group
from stratiform.services.network.policy import policy
from stratiform.services.network.service.parts import Parts, sees_all

Filters = dict[str, list[str]]

_PROJECT = ("project_id", "tenant_id")


class SecurityVerbs(Parts):
    """Verbs on security groups."""

    __slots__ = ()

    def security_groups(self, ctx: RequestContext, filters: Filters) -> list[SecurityGroup]:
        """The group of the caller's project, or of the one that the operator filters by."""
        group = self._group(ctx, filters)
        rest = {name: values for name, values in filters.items() if name not in _PROJECT}
        return [group] if _passes(group, rest) else []

    def security_group(self, ctx: RequestContext, group_id: str) -> SecurityGroup:
        """Raises SecurityGroupNotFound."""
        group = self._group(ctx, {})
        if group.id != group_id:
            raise SecurityGroupNotFound(group_id)
        return group

    def security_rules(self, ctx: RequestContext, filters: Filters) -> list[SecurityRule]:
        """What the group of the caller's project lets through."""
        rest = {name: values for name, values in filters.items() if name not in _PROJECT}
        return [rule for rule in self._group(ctx, filters).rules if _passes(rule, rest)]

    def security_rule(self, ctx: RequestContext, rule_id: str) -> SecurityRule:
        """Raises SecurityGroupRuleNotFound."""
        for rule in self._group(ctx, {}).rules:
            if rule.id == rule_id:
                return rule
        raise SecurityGroupRuleNotFound(rule_id)

    def refuse_security(self, ctx: RequestContext) -> None:
        """There is room for the default group and its rules only. Raises OverLimit."""
        policy.require(ctx.caller, "create_security_group", ctx.caller.project())
        raise OverLimit("Quota exceeded for resources: ['security_group'].")

    def refuse_group_change(self, ctx: RequestContext, group: SecurityGroup) -> None:
        """Raises DefaultSecurityGroup."""
        policy.require(ctx.caller, "update_security_group", group.project_id)
        raise DefaultSecurityGroup

    def _group(self, ctx: RequestContext, filters: Filters) -> SecurityGroup:
        asked = [value for name in _PROJECT for value in filters.get(name, [])]
        project_id = asked[0] if asked and sees_all(ctx.caller) else ctx.caller.project()
        policy.require(ctx.caller, "get_security_group", project_id)
        return default_group(project_id)


def _passes(thing: SecurityGroup | SecurityRule, filters: Filters) -> bool:
    for name, values in filters.items():
        if name not in thing.__slots__ or name == "rules":
            raise BadRequest(f"['{name}'] is invalid attribute for filtering")
        if getattr(thing, name) not in values:
            return False
    return True
