"""Security groups of the Networking API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.errors import Ec2Error
from stratiform.interfaces.ec2.parameters import parse_id
from stratiform.interfaces.ec2.permissions import build_permissions, build_rule, parse_permissions
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.kit.context import RequestContext
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.network import policy
from stratiform.services.network.model import ListQuery, Resource
from stratiform.services.network.service.resource_collection import ResourceCollection

_INGRESS, _EGRESS = "ingress", "egress"

_RULE_FILTERS: Mapping[str, lists.GetValues[Resource]] = {
    "group-id": lambda rule: [encode_ec2_id("sg", rule["security_group_id"])],
    "security-group-rule-id": lambda rule: [encode_ec2_id("sgr", rule.id)],
}


@dataclass(frozen=True, slots=True)
class _Group:
    group: Resource
    rules: Sequence[Resource]

    def list_rules(self, direction: str) -> list[Resource]:
        return [rule for rule in self.rules if rule["direction"] == direction]

    def list_values(self, name: str, direction: str) -> list[object]:
        return [rule[name] for rule in self.list_rules(direction) if rule[name] is not None]


_FILTERS: Mapping[str, lists.GetValues[_Group]] = {
    "description": lambda item: [item.group.description],
    "group-id": lambda item: [encode_ec2_id("sg", item.group.id)],
    "group-name": lambda item: [item.group.name],
    "owner-id": lambda item: [item.group.project_id],
    "ip-permission.cidr": lambda item: item.list_values("remote_ip_prefix", _INGRESS),
    "ip-permission.from-port": lambda item: item.list_values("port_range_min", _INGRESS),
    "ip-permission.to-port": lambda item: item.list_values("port_range_max", _INGRESS),
    "ip-permission.protocol": lambda item: item.list_values("protocol", _INGRESS),
}


@action("CreateSecurityGroup", policy.SECURITY_GROUPS.create)
def create_security_group(request: Ec2Request) -> Response:
    """Create a group. A project has no two groups of one name in EC2, in contrast to the Networking API."""
    name = request.parameters.require("GroupName")
    if any(group.name == name for group in _list_groups(request, request.ctx)):
        raise Ec2Error("InvalidGroup.Duplicate", f"The security group '{name}' already exists")
    values = {"name": name, "description": request.parameters.require("GroupDescription")}
    group = request.services.network.security_groups.collection.create(request.ctx, values)
    return {"return": True, "groupId": encode_ec2_id("sg", group.id)}


@action("DescribeSecurityGroups", policy.SECURITY_GROUPS.get, manages_transactions=True)
def describe_security_groups(request: Ec2Request) -> Response:
    """List groups, after the project's default group has been created if it does not exist."""
    _ensure_default_group(request)
    with request.read_transaction() as ctx:
        groups, rules = _list_groups(request, ctx), _list_rules(request, ctx)
    parameters = request.parameters
    requested = parameters.list_ids("sg", "GroupId")
    groups = lists.select_requested(groups, requested, _get_id, "InvalidGroup.NotFound", _describe_id)
    names = parameters.list_values("GroupName")
    groups = lists.select_requested(groups, names, lambda group: group.name, "InvalidGroup.NotFound", str)
    items = [_Group(group, [rule for rule in rules if rule["security_group_id"] == group.id]) for group in groups]
    items = lists.select_items(parameters, items, _FILTERS)
    page, next_token = lists.paginate(parameters, items, lambda item: item.group.id)
    return {"securityGroupInfo": [_build(item) for item in page], "nextToken": next_token}


@action("DescribeSecurityGroupRules", policy.SECURITY_GROUP_RULES.get)
def describe_security_group_rules(request: Ec2Request) -> Response:
    requested = request.parameters.list_ids("sgr", "SecurityGroupRuleId")
    rules = lists.select_requested(
        _list_rules(request, request.ctx), requested, _get_id, "InvalidSecurityGroupRuleId.NotFound", _describe_rule_id
    )
    rules = lists.select_items(request.parameters, rules, _RULE_FILTERS)
    page, next_token = lists.paginate(request.parameters, rules, _get_id)
    return {"securityGroupRuleSet": [build_rule(rule) for rule in page], "nextToken": next_token}


@action("DeleteSecurityGroup", policy.SECURITY_GROUPS.delete)
def delete_security_group(request: Ec2Request) -> Response:
    group = _get_group(request)
    request.services.network.security_groups.collection.delete(request.ctx, group.id)
    return {"return": True, "groupId": encode_ec2_id("sg", group.id)}


@action("AuthorizeSecurityGroupIngress", policy.SECURITY_GROUP_RULES.create)
def authorize_ingress(request: Ec2Request) -> Response:
    return _authorize(request, _INGRESS)


@action("AuthorizeSecurityGroupEgress", policy.SECURITY_GROUP_RULES.create)
def authorize_egress(request: Ec2Request) -> Response:
    return _authorize(request, _EGRESS)


@action("RevokeSecurityGroupIngress", policy.SECURITY_GROUP_RULES.delete)
def revoke_ingress(request: Ec2Request) -> Response:
    return _revoke(request, _INGRESS)


@action("RevokeSecurityGroupEgress", policy.SECURITY_GROUP_RULES.delete)
def revoke_egress(request: Ec2Request) -> Response:
    return _revoke(request, _EGRESS)


def _authorize(request: Ec2Request, direction: str) -> Response:
    """Create all rules, or none."""
    group, collection = _get_group(request), _get_rules(request)
    rules = [
        collection.create(request.ctx, permission.build_values(group.id, direction))
        for permission in parse_permissions(request.parameters)
    ]
    return {"return": True, "securityGroupRuleSet": [build_rule(rule) for rule in rules]}


def _revoke(request: Ec2Request, direction: str) -> Response:
    """Delete rules by id or by their permissions. Raises Ec2Error if one does not exist."""
    group, collection = _get_group(request), _get_rules(request)
    existing = [rule for rule in _list_rules(request, request.ctx) if rule["security_group_id"] == group.id]
    rule_ids = request.parameters.list_ids("sgr", "SecurityGroupRuleId")
    selected = lists.select_requested(
        existing, rule_ids, _get_id, "InvalidSecurityGroupRuleId.NotFound", _describe_rule_id
    )
    if not rule_ids:
        selected = []
        for permission in parse_permissions(request.parameters):
            matches = [rule for rule in existing if permission.matches(rule, direction)]
            if not matches:
                raise Ec2Error(
                    "InvalidPermission.NotFound", "The specified rule does not exist in this security group."
                )
            selected += matches
    for rule in selected:
        collection.delete(request.ctx, rule.id)
    return {"return": True}


def _get_group(request: Ec2Request) -> Resource:
    """Return the group of `GroupId` or `GroupName`. Raises SecurityGroupNotFound, Ec2Error."""
    group_id = request.parameters.get("GroupId")
    if group_id:
        return request.services.network.security_groups.collection.get(request.ctx, parse_id("sg", group_id))
    name = request.parameters.require("GroupName")
    for group in _list_groups(request, request.ctx):
        if group.name == name:
            return group
    raise Ec2Error("InvalidGroup.NotFound", f"The security group '{name}' does not exist")


def _ensure_default_group(request: Ec2Request) -> None:
    groups = request.services.network.security_groups
    with request.read_transaction() as ctx:
        project_id = ctx.caller.require_project_id()
        if groups.has_default(ctx.db, project_id):
            return
    with request.write_transaction() as ctx:
        groups.ensure_default(ctx, project_id)


def _get_rules(request: Ec2Request) -> ResourceCollection:
    return request.services.network.collections["security_group_rule"]


def _list_groups(request: Ec2Request, ctx: RequestContext) -> list[Resource]:
    return _list_own(request.services.network.security_groups.collection, ctx)


def _list_rules(request: Ec2Request, ctx: RequestContext) -> list[Resource]:
    return _list_own(_get_rules(request), ctx)


def _list_own(collection: ResourceCollection, ctx: RequestContext) -> list[Resource]:
    filters = {"project_id": [ctx.caller.require_project_id()]}
    return lists.read_all(lambda page: collection.list(ctx, ListQuery(filters, page=page)), _get_id)


def _build(item: _Group) -> Mapping[str, Value]:
    group = item.group
    return {
        "groupId": encode_ec2_id("sg", group.id),
        "groupName": group.name,
        "groupDescription": group.description,
        "ownerId": group.project_id,
        "ipPermissions": build_permissions(item.list_rules(_INGRESS), group.project_id),
        "ipPermissionsEgress": build_permissions(item.list_rules(_EGRESS), group.project_id),
        "tagSet": [],
    }


def _get_id(resource: Resource) -> str:
    return resource.id


def _describe_id(group_id: str) -> str:
    return encode_ec2_id("sg", group_id)


def _describe_rule_id(rule_id: str) -> str:
    return encode_ec2_id("sgr", rule_id)
