"""Security groups of the network service. Source: Compute API reference, "Security groups (os-security-groups)"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.network.model import ListQuery, Resource, get_default_security_group_id
from stratiform.services.network.service import NetworkService

_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")

#: A security group or a rule as in the bodies of the Network API; a rule also has `remote_group_name`.
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SecurityGroups:
    """Operations of `/os-security-groups` and `/os-security-group-rules`, until 2.35."""

    network: NetworkService

    def list(self, ctx: RequestContext, *, all_projects: bool = False) -> Sequence[Body]:
        """Return the project's groups; `all_projects` has an effect for operators only."""
        project_id = ctx.caller.require_project_id()
        policy.SECURITY_GROUPS_LIST.require(ctx.caller, project_id)
        unscoped = all_projects and ctx.caller.is_admin
        filters: dict[str, list[str | int | bool]] = {} if unscoped else {"project_id": [project_id]}
        groups = self.network.security_groups.collection.list(ctx, ListQuery(filters)).items
        return self.describe(ctx, groups)

    def has_default(self, ctx: RequestContext) -> bool:
        """Return True if the project's default group exists; `ensure_default` creates it."""
        return self.network.security_groups.has_default(ctx.db, ctx.caller.require_project_id())

    def ensure_default(self, ctx: RequestContext) -> None:
        """Create the project's default group if it does not exist."""
        self.network.security_groups.ensure_default(ctx, ctx.caller.require_project_id())

    def get(self, ctx: RequestContext, group_id: str) -> Body:
        """Raises NotFound."""
        return self.describe(ctx, [self._get(ctx, policy.SECURITY_GROUPS_SHOW, group_id)])[0]

    def create(self, ctx: RequestContext, name: str, description: str) -> Body:
        """Raises Conflict; OverLimit if the quota is exceeded."""
        policy.SECURITY_GROUPS_CREATE.require(ctx.caller, ctx.caller.require_project_id())
        collection = self.network.security_groups.collection
        return self.describe(ctx, [collection.create(ctx, {"name": name, "description": description})])[0]

    def update(self, ctx: RequestContext, group_id: str, name: str, description: str) -> Body:
        """Raises NotFound, Invalid for the default group."""
        self._get(ctx, policy.SECURITY_GROUPS_UPDATE, group_id)
        changes = {"name": name, "description": description}
        try:
            return self.describe(ctx, [self.network.security_groups.collection.update(ctx, group_id, changes)])[0]
        except Conflict as error:
            raise Invalid(error.message) from error

    def delete(self, ctx: RequestContext, group_id: str) -> None:
        """Raises NotFound; Invalid for the default group, and for one that servers use."""
        group = self._get(ctx, policy.SECURITY_GROUPS_DELETE, group_id)
        if group.id == get_default_security_group_id(group.project_id):
            raise Invalid("Unable to delete system group 'default'")
        try:
            self.network.security_groups.collection.delete(ctx, group_id)
        except Conflict as error:
            raise Invalid("Security group is still in use") from error

    def create_rule(self, ctx: RequestContext, group_id: str, values: Mapping[str, object]) -> Body:
        """Create a rule for ingress. Raises NotFound; Invalid also for a rule that exists, as in Nova."""
        if not _UUID.fullmatch(group_id):
            raise Invalid("Security group id should be uuid")
        self._get(ctx, policy.SECURITY_GROUP_RULES_CREATE, group_id)
        collection = self.network.security_groups.rules.collection
        complete = {"direction": "ingress", "security_group_id": group_id, **values}
        try:
            rule = collection.create(ctx, complete)
        except Conflict as error:
            raise Invalid(error.message) from error
        return self._add_group_name(ctx, collection.describe(ctx, [rule])[0])

    def delete_rule(self, ctx: RequestContext, rule_id: str) -> None:
        """Raises NotFound."""
        policy.SECURITY_GROUP_RULES_DELETE.require(ctx.caller, ctx.caller.project_id)
        try:
            self.network.security_groups.rules.collection.delete(ctx, rule_id)
        except NotFound as error:
            raise NotFound(f"Security group rule with id {rule_id} not found.") from error

    def list_of_ports(self, ctx: RequestContext, server_id: str) -> Sequence[Body]:
        """Return the groups of a server's ports, without a policy check."""
        ports = self.network.server_ports.list(ctx.db, server_id)
        group_ids = dict.fromkeys(group_id for port in ports for group_id in port.security_groups)
        rows = self.network.security_groups.collection.rows
        groups = (rows.find(ctx.db, group_id) for group_id in group_ids)
        return self.describe(ctx, [group for group in groups if group is not None])

    def describe(self, ctx: RequestContext, groups: Sequence[Resource]) -> Sequence[Body]:
        return [
            {**body, "security_group_rules": [self._add_group_name(ctx, rule) for rule in body["security_group_rules"]]}
            for body in self.network.security_groups.collection.describe(ctx, groups)
        ]

    def _add_group_name(self, ctx: RequestContext, rule: Body) -> Body:
        """Return a rule with `remote_group_name`, "" if it allows no other group."""
        group_id = rule["remote_group_id"]
        group = None if group_id is None else self.network.security_groups.collection.rows.find(ctx.db, group_id)
        return {**rule, "remote_group_name": "" if group is None else group.name}

    def _get(self, ctx: RequestContext, rule: Rule, group_id: str) -> Resource:
        try:
            group = self.network.security_groups.collection.get(ctx, group_id)
        except NotFound as error:
            raise NotFound(f"Security group {group_id} not found.") from error
        rule.require_visible(ctx.caller, group.project_id, NotFound(f"Security group {group_id} not found."))
        return group
