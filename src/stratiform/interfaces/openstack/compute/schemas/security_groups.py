"""Security groups and their rules, as nova-network had them."""

from msgspec import Struct, field

from stratiform.interfaces.openstack.compute.schemas.common import Text


class SecurityGroupListQuery(Struct):
    all_tenants: str | None = None
    limit: str | None = None
    offset: str | None = None


class SecurityGroupFields(Struct, forbid_unknown_fields=True):
    name: Text
    description: Text | None = None


class SecurityGroupRequest(Struct, forbid_unknown_fields=True):
    security_group: SecurityGroupFields


class SecurityGroupRuleFields(Struct, forbid_unknown_fields=True):
    parent_group_id: str
    ip_protocol: str | None = None
    from_port: int | str | None = None
    to_port: int | str | None = None
    cidr: str | None = None
    group_id: str | None = None


class SecurityGroupRuleRequest(Struct, forbid_unknown_fields=True):
    security_group_rule: SecurityGroupRuleFields


class SecurityGroupRule(Struct, kw_only=True):
    """`group` and `ip_range` exclude each other; the other one is empty."""

    id: str
    parent_group_id: str
    ip_protocol: str | None
    from_port: int | None
    to_port: int | None
    group: dict[str, str] = field(default_factory=dict)
    ip_range: dict[str, str] = field(default_factory=dict)


class SecurityGroup(Struct, kw_only=True):
    id: str
    name: str
    tenant_id: str
    description: str
    rules: list[SecurityGroupRule]


class SecurityGroupsResponse(Struct):
    security_groups: list[SecurityGroup]


class SecurityGroupResponse(Struct):
    security_group: SecurityGroup


class SecurityGroupRuleResponse(Struct):
    security_group_rule: SecurityGroupRule
