"""Security groups of the account, which contain our groups and their rules in every kind of zone.

Where the zone has security groups, CloudStack applies them to servers. Elsewhere they only store the rules, which
the firewall of each isolated network applies. Names of groups are unique in an account, so a repeated request creates
none twice.

Source: CloudStack API reference (createSecurityGroup, authorizeSecurityGroupIngress, revokeSecurityGroupIngress).
"""

from typing import TYPE_CHECKING, Any

from stratiform.connectors.cloudstack.markers import remove_marker
from stratiform.connectors.cloudstack.responses import read_object
from stratiform.connectors.cloudstack.security_rules import (
    EVERYTHING,
    NO_EGRESS,
    Permission,
    parse_rules,
    read_permission,
)
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

#: The tokens of the groups of interfaces without groups.
_CLOSED, _OPEN = "closed", "open"

_EXISTS = "already exist"
_RULE_KEYS = {"Ingress": "ingressrule", "Egress": "egressrule"}


class SecurityGroups:
    """Security groups of this installation."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._prefix = f"stratiform-{client.installation_id}-"

    def apply(self, desired: RoutingObject) -> str:
        """Change the rules of a group if it exists. Return its native id, or ""."""
        with self._client.locking("security group", desired.token):
            group = self.find(desired.token)
            if group is None:
                return ""
            self._synchronize(group, desired)
            return str(group["id"])

    def ensure(self, desired: RoutingObject) -> str:
        """Return the native id of a group, with the desired rules."""
        with self._client.locking("security group", desired.token):
            group = self._ensure_group(desired.token, desired.name)
            self._synchronize(group, desired)
            return str(group["id"])

    def ensure_special(self, *, filtered: bool) -> str:
        """Return the native id of the group without rules, or (not `filtered`) of the one that allows all traffic."""
        token = _CLOSED if filtered else _OPEN
        with self._client.locking("security group", token):
            group = self._ensure_group(token, "")
            self._set_permissions(group, "Ingress", set() if filtered else {EVERYTHING})
            self._set_permissions(group, "Egress", {NO_EGRESS} if filtered else {EVERYTHING})
            return str(group["id"])

    def find(self, token: str) -> "Item | None":
        return self._find(self._prefix + token)

    def delete(self, token: str) -> None:
        """Delete a group, and before it the rules of other groups that refer to it."""
        name = self._prefix + token
        group = self._find(name)
        if group is None:
            return
        for other in self._list():
            for direction, key in _RULE_KEYS.items():
                rules = [rule for rule in other.get(key) or () if rule.get("securitygroupname") == name]
                self._revoke(direction, rules)
        try:
            self._client.request("deleteSecurityGroup", id=group["id"])
        except NativeNotFound:
            return

    def list_objects(self) -> "Iterator[RoutingObject]":
        for group in self._list():
            token = str(group["name"]).removeprefix(self._prefix)
            if token not in (_CLOSED, _OPEN):
                yield RoutingObject("security_group", token, remove_marker(str(group.get("description", ""))))

    def list_permissions(self) -> "dict[str, tuple[set[Permission], set[Permission]]]":
        """Return the ingress and egress permissions of our groups by native id."""
        return {
            str(group["id"]): (_read_permissions(group, "Ingress"), _read_permissions(group, "Egress") - {NO_EGRESS})
            for group in self._list()
        }

    def _synchronize(self, group: "Item", desired: RoutingObject) -> None:
        def resolve(token: str) -> str:
            return str((group if token == desired.token else self._ensure_group(token, ""))["name"])

        rules = desired.properties["rules"]
        self._set_permissions(group, "Ingress", parse_rules(rules, "ingress", resolve))
        self._set_permissions(group, "Egress", parse_rules(rules, "egress", resolve) or {NO_EGRESS})

    def _set_permissions(self, group: "Item", direction: str, desired: set[Permission]) -> None:
        current = {read_permission(rule): rule for rule in group.get(_RULE_KEYS[direction]) or ()}
        added = sorted(desired - current.keys())
        jobs = [self._authorize(direction, group, permission) for permission in added]
        self._client.wait_for_jobs(jobs)
        self._revoke(direction, [rule for permission, rule in current.items() if permission not in desired])

    def _authorize(self, direction: str, group: "Item", permission: Permission) -> "Item":
        source: dict[str, object] = {"cidrlist": permission.cidr}
        if permission.group:
            source = {"usersecuritygrouplist": [{"account": group["account"], "group": permission.group}]}
        command = f"authorizeSecurityGroup{direction}"
        return self._client.request(command, securitygroupid=group["id"], **permission.build(), **source)

    def _revoke(self, direction: str, rules: "list[Mapping[str, Any]]") -> None:
        command = f"revokeSecurityGroup{direction}"
        self._client.wait_for_jobs([self._client.request(command, id=rule["ruleid"]) for rule in rules])

    def _ensure_group(self, token: str, name: str) -> "Item":
        group = self.find(token)
        if group is not None:
            return group
        native_name = self._prefix + token
        try:
            response = self._client.request("createSecurityGroup", name=native_name, description=name or native_name)
        except RequestRejected as error:
            if _EXISTS not in error.message:
                raise
            existing = self.find(token)
            if existing is None:
                raise
            return existing
        return read_object(response, "securitygroup")

    def _find(self, name: str) -> "Item | None":
        return self._client.find_item("listSecurityGroups", "securitygroup", securitygroupname=name)

    def _list(self) -> "list[Item]":
        groups = self._client.list_all("listSecurityGroups", "securitygroup", keyword=self._prefix)
        return [group for group in groups if str(group.get("name", "")).startswith(self._prefix)]


def _read_permissions(group: "Item", direction: str) -> set[Permission]:
    return {read_permission(rule) for rule in group.get(_RULE_KEYS[direction]) or ()}
