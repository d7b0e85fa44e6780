"""The security groups that there are: one a project, named default."""

from stratiform.kit.call import Call
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

    def security_groups(self, call: Call, filters: Filters) -> list[SecurityGroup]:
        """The group of the caller's project, or of the one that the operator filters by."""
        group = self._group(call, filters)
        rest = {name: values for name, values in filters.items() if name not in _PROJECT}
        return [group] if _passes(group, rest) else []

    def security_group(self, call: Call, group_id: str) -> SecurityGroup:
        """Raises SecurityGroupNotFound."""
        group = self._group(call, {})
        if group.id != group_id:
            raise SecurityGroupNotFound(group_id)
        return group

    def security_rules(self, call: Call, filters: Filters) -> list[SecurityRule]:
        """What the group of the caller's project lets through."""
        rest = {name: values for name, values in filters.items() if name not in _PROJECT}
        return [rule for rule in self._group(call, filters).rules if _passes(rule, rest)]

    def security_rule(self, call: Call, rule_id: str) -> SecurityRule:
        """Raises SecurityGroupRuleNotFound."""
        for rule in self._group(call, {}).rules:
            if rule.id == rule_id:
                return rule
        raise SecurityGroupRuleNotFound(rule_id)

    def refuse_security(self, call: Call) -> None:
        """There is room for the default group and its rules only. Raises OverLimit."""
        policy.require(call.caller, "create_security_group", call.caller.project())
        raise OverLimit("Quota exceeded for resources: ['security_group'].")

    def refuse_group_change(self, call: Call, group: SecurityGroup) -> None:
        """Raises DefaultSecurityGroup."""
        policy.require(call.caller, "update_security_group", group.project_id)
        raise DefaultSecurityGroup

    def _group(self, call: Call, filters: Filters) -> SecurityGroup:
        asked = [value for name in _PROJECT for value in filters.get(name, [])]
        project_id = asked[0] if asked and sees_all(call.caller) else call.caller.project()
        policy.require(call.caller, "get_security_group", project_id)
        return default_group(project_id)


def _passes(thing: SecurityGroup | SecurityRule, filters: Filters) -> bool:
    for name, values in filters.items():
        if name not in thing.__slots__ or name == "rules":
            raise BadRequest(f"['{name}'] is invalid attribute for filtering")
        if getattr(thing, name) not in values:
            return False
    return True
