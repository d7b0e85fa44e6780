"""Security groups and their rules."""

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.openstack.network.schemas.common import Link, ListQuery, ResourceListQuery


class SecurityGroupRule(Struct, kw_only=True):
    id: str
    project_id: str
    tenant_id: str
    security_group_id: str
    direction: str
    ethertype: str
    remote_group_id: str | None
    remote_ip_prefix: str | None = None
    remote_address_group_id: str | None = None
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    description: str = ""
    tags: list[str] = []


class SecurityGroup(Struct, kw_only=True):
    id: str
    name: str
    description: str
    project_id: str
    tenant_id: str
    stateful: bool = True
    shared: bool = False
    tags: list[str] = []
    security_group_rules: list[SecurityGroupRule]


class SecurityGroupListQuery(ResourceListQuery, kw_only=True):
    """Security groups have no other filters than the standard attributes."""


class SecurityGroupRuleListQuery(ListQuery, kw_only=True):
    id: list[str] = []
    project_id: list[str] = []
    tenant_id: list[str] = []
    security_group_id: list[str] = []
    direction: list[str] = []
    ethertype: list[str] = []
    remote_group_id: list[str] = []


class SecurityGroupResponse(Struct):
    security_group: SecurityGroup


class SecurityGroupsResponse(Struct):
    security_groups: list[SecurityGroup]
    security_groups_links: list[Link] | UnsetType = UNSET


class SecurityGroupRuleResponse(Struct):
    security_group_rule: SecurityGroupRule


class SecurityGroupRulesResponse(Struct):
    security_group_rules: list[SecurityGroupRule]
    security_group_rules_links: list[Link] | UnsetType = UNSET
