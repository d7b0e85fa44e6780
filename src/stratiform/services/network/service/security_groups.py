"""Security groups and their rules; each project has a group `default`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.work_queue import enqueue
from stratiform.services.network.errors.security_groups import (
    CannotRemoveDefaultSecurityGroup,
    CannotUpdateDefaultSecurityGroup,
    DefaultSecurityGroupExists,
    MixedStatefulness,
    SecurityGroupNotFound,
)
from stratiform.services.network.model import Attributes, get_default_security_group_id
from stratiform.services.network.model.declared_types.security import SECURITY_GROUP
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.model.security_groups import (
    DEFAULT_DESCRIPTION,
    DEFAULT_NAME,
    PARENT,
    get_default_rule_id,
)
from stratiform.services.network.repository import security_groups as repository
from stratiform.services.network.service.cloud_objects import require_applicable, require_routing
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies
from stratiform.services.network.service.security_group_rules import (
    DefaultSecurityGroupRules,
    SecurityGroupRules,
    build_rule_values,
)


@dataclass(frozen=True, slots=True)
class SecurityGroups:
    """Security groups.

    The group `default` of a project is created when the project first uses it; its id is derived from the project's.
    """

    dependencies: ResourceDependencies
    rules: SecurityGroupRules
    templates: DefaultSecurityGroupRules

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            SECURITY_GROUP,
            prepare=self._prepare,
            after_create=self._after_create,
            check_update=self._check_update,
            after_update=lambda ctx, _group, updated: self._require_applicable(ctx, updated),
            before_delete=self._before_delete,
            compute=self._compute,
        )

    def has_default(self, db: Connection, project_id: str) -> bool:
        return repository.find_group(db, get_default_security_group_id(project_id)) is not None

    def ensure_default(self, ctx: RequestContext, project_id: str) -> str:
        """Return the id of the project's default group; create it if it does not exist."""
        group_id = get_default_security_group_id(project_id)
        if repository.find_group(ctx.db, group_id) is None:
            group = Resource(
                group_id,
                project_id,
                ctx.now,
                ctx.now,
                DEFAULT_NAME,
                DEFAULT_DESCRIPTION,
                values={"stateful": repository.find_default_statefulness(ctx.db, project_id), "shared": False},
            )
            if repository.insert_if_missing(ctx.db, group):
                self._create_initial_rules(ctx, group)
                self.collection.notify(ctx, "create", group)
        return group_id

    def resolve_for_port(self, ctx: RequestContext, project_id: str, group_ids: Iterable[str] | None) -> Sequence[str]:
        """Return the groups of a port: by default the project's default group.

        Raises: SecurityGroupNotFound, MixedStatefulness.
        """
        if group_ids is None:
            return [self.ensure_default(ctx, project_id)]
        unique_ids = list(dict.fromkeys(group_ids))
        groups = {group.id: group for group in repository.list_groups_by_id(ctx.db, unique_ids)}
        default = get_default_security_group_id(project_id)
        if default in unique_ids and default not in groups:
            self.ensure_default(ctx, project_id)
        for group_id in unique_ids:
            group = groups.get(group_id)
            if group_id != default and (group is None or not self._is_usable(ctx, group, project_id)):
                raise SecurityGroupNotFound(group_id)
        if len({bool(group["stateful"]) for group in groups.values()}) > 1:
            raise MixedStatefulness
        return unique_ids

    def find_by_name_or_id(self, ctx: RequestContext, project_id: str, name_or_id: str) -> Sequence[Resource]:
        """Return the project's groups with this id or name, for the compute service; those with the id first."""
        if name_or_id == DEFAULT_NAME:
            self.ensure_default(ctx, project_id)
        return repository.list_groups_by_name_or_id(ctx.db, project_id, name_or_id)

    def list_names(self, db: Connection, group_ids: Iterable[str]) -> dict[str, str]:
        """Return the names of groups by id, without a policy check."""
        return {group.id: group.name for group in repository.list_groups_by_id(db, list(group_ids))}

    def _prepare(self, ctx: RequestContext, resource: Resource) -> Resource:
        if resource.name == DEFAULT_NAME:
            raise DefaultSecurityGroupExists
        require_routing(ctx, self.dependencies.clouds, resource.project_id, "security groups")
        self.ensure_default(ctx, resource.project_id)
        # The group `default` counts too, and may not have existed when the collection checked the quota.
        self.dependencies.quotas.reserve(ctx.db, resource.project_id, SECURITY_GROUP.quota)
        stateful = resource["stateful"]
        if stateful is None:
            stateful = repository.find_default_statefulness(ctx.db, resource.project_id)
        return replace(resource, values={**resource.values, "stateful": stateful})

    def _after_create(self, ctx: RequestContext, resource: Resource) -> None:
        self._create_initial_rules(ctx, resource)
        self._require_applicable(ctx, resource)

    def _require_applicable(self, ctx: RequestContext, group: Resource) -> None:
        require_applicable(ctx, self.dependencies.clouds, "security_group", group.id, group.project_id)

    def _check_update(self, ctx: RequestContext, resource: Resource, changes: Attributes) -> Attributes:
        is_default = resource.id == get_default_security_group_id(resource.project_id)
        if is_default and changes.get("name", DEFAULT_NAME) != DEFAULT_NAME:
            raise CannotUpdateDefaultSecurityGroup
        if not is_default and changes.get("name") == DEFAULT_NAME:
            raise DefaultSecurityGroupExists
        if changes.get("stateful", resource["stateful"]) != resource["stateful"]:
            repository.require_unused(ctx.db, resource.id)
        return changes

    def _before_delete(self, ctx: RequestContext, resource: Resource) -> None:
        enqueue(ctx.db, "network.security_group", resource.id, ctx.now)
        if resource.id == get_default_security_group_id(resource.project_id) and not ctx.caller.is_admin:
            raise CannotRemoveDefaultSecurityGroup
        repository.require_unused(ctx.db, resource.id)

    def _compute(self, ctx: RequestContext, resources: Sequence[Resource]) -> Mapping[str, Attributes]:
        rules = repository.list_rules_by_group(ctx.db, [group.id for group in resources])
        return {
            group.id: {"security_group_rules": self.rules.collection.describe(ctx, rules[group.id])}
            for group in resources
        }

    def _is_usable(self, ctx: RequestContext, group: Resource, project_id: str) -> bool:
        return group.project_id == project_id or ctx.caller.is_admin or bool(group["shared"])

    def _create_initial_rules(self, ctx: RequestContext, group: Resource) -> None:
        """Create the rules of the templates. The ids of a default group's rules are derived from those of templates."""
        enqueue(ctx.db, "network.security_group", group.id, ctx.now)
        is_default = group.id == get_default_security_group_id(group.project_id)
        for template in self.templates.list_for_group(ctx, is_default=is_default):
            remote = group.id if template["remote_group_id"] == PARENT else template["remote_group_id"]
            values = build_rule_values(group.id, template["direction"], template["ethertype"], remote, template.values)
            rule_id = get_default_rule_id(group.project_id, template.id) if is_default else self.dependencies.ids.uuid()
            repository.insert_rule_if_missing(
                ctx.db, Resource(rule_id, group.project_id, ctx.now, ctx.now, values=values)
            )
