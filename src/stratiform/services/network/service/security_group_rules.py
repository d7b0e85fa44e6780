"""Rules of security groups, and the rules that new groups get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.network.errors.security_groups import SecurityGroupNotFound, SecurityGroupRuleExists
from stratiform.services.network.model import Attributes, get_default_security_group_id
from stratiform.services.network.model.declared_types.addressing import ADDRESS_GROUP
from stratiform.services.network.model.declared_types.security import (
    DEFAULT_SECURITY_GROUP_RULE,
    RULE_FIELDS,
    SECURITY_GROUP_RULE,
)
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.model.security_groups import (
    ETHERTYPES,
    INITIAL_TEMPLATES,
    PARENT,
    build_fingerprint,
    check_rule,
)
from stratiform.services.network.repository import initial_resources
from stratiform.services.network.repository import security_groups as repository
from stratiform.services.network.service.cloud_objects import require_applicable
from stratiform.services.network.service.ownership import sees_all_projects
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies


@dataclass(frozen=True, slots=True)
class SecurityGroupRules:
    """Rules of security groups. A rule belongs to the project of its group."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            SECURITY_GROUP_RULE,
            resolve_owner=self._resolve_owner,
            prepare=self._prepare,
            after_create=self._after_create,
            before_delete=self._increment_revision,
            compute=self._compute,
            build_duplicate_error=self._build_duplicate_error,
            lock_parents=_lock_groups,
        )

    def _resolve_owner(self, ctx: RequestContext, values: Attributes, _project_id: str | None) -> str:
        return self._get_group(ctx, values["security_group_id"]).project_id

    def _prepare(self, ctx: RequestContext, resource: Resource) -> Resource:
        values = check_rule(resource.values)
        if values["remote_group_id"] is not None:
            self._get_group(ctx, values["remote_group_id"])
        if values["remote_address_group_id"] is not None:
            self._get_address_group(ctx, values["remote_address_group_id"])
        return replace(resource, values={**values, "fingerprint": build_fingerprint(values, RULE_FIELDS)})

    def _after_create(self, ctx: RequestContext, resource: Resource) -> None:
        group_id, clouds = resource["security_group_id"], self.dependencies.clouds
        require_applicable(ctx, clouds, "security_group", group_id, resource.project_id)
        self._increment_revision(ctx, resource)

    def _increment_revision(self, ctx: RequestContext, resource: Resource) -> None:
        repository.increment_revision(ctx.db, resource["security_group_id"], ctx.now)

    def _build_duplicate_error(self, ctx: RequestContext, resource: Resource) -> Exception:
        existing = repository.find_rule(ctx.db, resource["security_group_id"], resource["fingerprint"])
        return SecurityGroupRuleExists("" if existing is None else existing.id)

    def _compute(self, _ctx: RequestContext, resources: Sequence[Resource]) -> Mapping[str, Attributes]:
        return {
            rule.id: {
                "normalized_cidr": _normalize(rule["remote_ip_prefix"]),
                "belongs_to_default_sg": rule["security_group_id"] == get_default_security_group_id(rule.project_id),
            }
            for rule in resources
        }

    def _get_address_group(self, ctx: RequestContext, address_group_id: str) -> Resource:
        """Return an address group, which cannot be deleted meanwhile. Raises AddressGroupNotFound."""
        collection = self.dependencies.build(ADDRESS_GROUP)
        collection.rows.lock(ctx.db, address_group_id)
        return collection.get(ctx, address_group_id)

    def _get_group(self, ctx: RequestContext, group_id: str) -> Resource:
        """Return a group that the caller may use. Raises SecurityGroupNotFound."""
        group = repository.find_group(ctx.db, group_id)
        visible = group is not None and (
            sees_all_projects(ctx.caller) or group.project_id == ctx.caller.project_id or group["shared"]
        )
        if group is None or not visible:
            raise SecurityGroupNotFound(group_id)
        return group


def _lock_groups(ctx: RequestContext, rules: Sequence[Attributes]) -> None:
    """Lock the groups of new rules, whose revision changes."""
    for group_id in sorted({rule["security_group_id"] for rule in rules}):
        repository.lock_group(ctx.db, group_id)


@dataclass(frozen=True, slots=True)
class DefaultSecurityGroupRules:
    """Rules that new security groups get. They are of no project."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            DEFAULT_SECURITY_GROUP_RULE, resolve_owner=lambda _ctx, _values, _project_id: "", prepare=self._prepare
        )

    def has_initial(self, db: Connection) -> bool:
        return initial_resources.were_created(db, DEFAULT_SECURITY_GROUP_RULE.name)

    def ensure_initial(self, ctx: RequestContext) -> None:
        """Create Neutron's rules, once per installation: operators may delete them."""
        if self.has_initial(ctx.db) or not initial_resources.record_creation(ctx.db, DEFAULT_SECURITY_GROUP_RULE.name):
            return
        for direction, for_other_groups, remote_group_id in INITIAL_TEMPLATES:
            for ethertype in ETHERTYPES:
                values = build_rule_values("", direction, ethertype, remote_group_id)
                values |= {"used_in_default_sg": True, "used_in_non_default_sg": for_other_groups}
                description = f"Legacy default SG rule for {direction} traffic"
                template = Resource(
                    self.dependencies.ids.uuid(), "", ctx.now, ctx.now, description=description, values=values
                )
                repository.insert_template_if_missing(ctx.db, template)

    def list_for_group(self, ctx: RequestContext, *, is_default: bool) -> Sequence[Resource]:
        """Return the rules that a new group gets."""
        self.ensure_initial(ctx)
        return repository.list_templates(ctx.db, for_default_group=is_default)

    def _prepare(self, ctx: RequestContext, resource: Resource) -> Resource:
        self.ensure_initial(ctx)
        values = check_rule(resource.values)
        remote_group_id = values["remote_group_id"]
        if remote_group_id not in (None, PARENT) and repository.find_group(ctx.db, remote_group_id) is None:
            raise SecurityGroupNotFound(remote_group_id)
        return replace(resource, values={**values, "fingerprint": build_fingerprint(values, RULE_FIELDS)})


def build_rule_values(
    group_id: str,
    direction: str,
    ethertype: str,
    remote_group_id: str | None,
    template: Mapping[str, object] | None = None,
) -> Attributes:
    """Return the values of a rule that is created with its group."""
    values: Attributes = dict.fromkeys(RULE_FIELDS) | {"protocol": None}
    for name in ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_address_group_id"):
        values[name] = None if template is None else template[name]
    values |= {
        "security_group_id": group_id,
        "direction": direction,
        "ethertype": ethertype,
        "remote_group_id": remote_group_id,
    }
    return {**values, "fingerprint": build_fingerprint(values, RULE_FIELDS)}


def _normalize(prefix: str | None) -> str | None:
    return None if prefix is None else str(ip_network(prefix, strict=False))
