"""Security groups in VPC networks: a group of our API is one security group in each network in which it is used.

They have the label of our token. A network's own default group is used by no interface of ours.

Source: VPC API reference (SecurityGroupService); Compute Cloud API reference (UpdateNetworkInterface).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from google.protobuf.field_mask_pb2 import FieldMask
from yandex.cloud.compute.v1.instance_service_pb2 import UpdateInstanceNetworkInterfaceRequest
from yandex.cloud.vpc.v1.security_group_pb2 import SecurityGroup, SecurityGroupRule
from yandex.cloud.vpc.v1.security_group_service_pb2 import (
    CreateSecurityGroupMetadata,
    CreateSecurityGroupRequest,
    DeleteSecurityGroupRequest,
    GetSecurityGroupRequest,
    UpdateSecurityGroupRulesRequest,
)
from yandex.cloud.vpc.v1.subnet_service_pb2 import GetSubnetRequest

from stratiform.connectors.yandex import labels
from stratiform.connectors.yandex.instance_conversion import require_steady
from stratiform.connectors.yandex.interfaces import InstanceInterface, find_interface, list_interfaces
from stratiform.connectors.yandex.listing import list_security_groups
from stratiform.connectors.yandex.security_rules import ALL_TRAFFIC, Permission, list_permissions, parse_rules
from stratiform.contract.errors import NativeNotFound
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client
    from stratiform.connectors.yandex.operations import Operations

_KIND = "security-group"

#: The names of the groups of interfaces without groups, which would be in the network's default group.
_CLOSED, _OPEN = "closed", "open"


class SecurityGroups:
    """Security groups of one folder."""

    def __init__(self, client: "Client", operations: "Operations") -> None:
        self._client, self._operations = client, operations

    def apply(self, desired: RoutingObject) -> None:
        """Change the rules wherever the group exists."""
        for group in list(self._list(desired.token)):
            self._synchronize(group, desired)

    def delete(self, token: str) -> None:
        for group in list(self._list(token)):
            self._delete(group)

    def list_objects(self) -> Iterator[RoutingObject]:
        groups = {labels.get_token(group, self._client.installation_id): group for group in self._list()}
        for token, group in sorted(groups.items()):
            if token:
                yield RoutingObject("security_group", token, group.description)

    def ensure(self, desired: RoutingObject, network_id: str) -> str:
        """Return the native id of a group in a network, with the desired rules."""
        group = self._ensure_group(network_id, desired.token, desired.name)
        self._synchronize(group, desired)
        return group.id

    def ensure_special(self, network_id: str, *, filtered: bool) -> str:
        """Return the native id of the group without rules, or (not `filtered`) of the one that allows all traffic."""
        group = self._ensure_group(network_id, "", _CLOSED if filtered else _OPEN)
        self._set_permissions(group, set() if filtered else set(ALL_TRAFFIC))
        return group.id

    def set_groups(self, subnet_id: str, address: str, native_ids: Sequence[str]) -> None:
        interface = find_interface(self._client, subnet_id, address)
        if interface is not None:
            self._save_groups(interface, native_ids)

    def delete_all(self, network_id: str) -> None:
        """Delete the groups of this installation in a network."""
        for group in [group for group in self._list() if group.network_id == network_id]:
            self._delete(group)

    def _synchronize(self, group: SecurityGroup, desired: RoutingObject) -> None:
        def resolve(token: str) -> str:
            return group.id if token == desired.token else self._ensure_group(group.network_id, token, "").id

        self._set_permissions(group, parse_rules(desired.properties["rules"], resolve))

    def _set_permissions(self, group: SecurityGroup, desired: Iterable[Permission]) -> None:
        """Delete each rule that allows anything else, and add one rule for each missing permission."""
        missing = set(desired)
        surplus: list[str] = []
        for rule in group.rules:
            permissions = list_permissions(rule, group.id)
            if permissions and permissions <= missing:
                missing -= permissions
            else:
                surplus.append(rule.id)
        if missing or surplus:
            request = UpdateSecurityGroupRulesRequest(
                security_group_id=group.id,
                deletion_rule_ids=surplus,
                addition_rule_specs=[permission.build() for permission in sorted(missing)],
            )
            self._operations.run(self._client.security_groups.UpdateRules, request)

    def _ensure_group(self, network_id: str, token: str, name: str) -> SecurityGroup:
        """Return the group with a token in a network, or the one without a token that has a name."""
        installation_id = self._client.installation_id
        native_name = labels.build_name(installation_id, _KIND, f"{network_id}/{token or name}")
        for group in self._list_pages(native_name):
            return group
        request = CreateSecurityGroupRequest(
            folder_id=self._client.settings.folder_id,
            name=native_name,
            description=labels.build_description(name),
            labels=labels.build_labels(installation_id, {labels.TOKEN: token} if token else {}),
            network_id=network_id,
        )
        group_id = self._operations.create_and_wait(
            self._client.security_groups.Create, request, CreateSecurityGroupMetadata(), self._get
        )
        return self._get(group_id)

    def _get(self, group_id: str) -> SecurityGroup:
        return self._client.call(self._client.security_groups.Get, GetSecurityGroupRequest(security_group_id=group_id))

    def _list(self, token: str = "") -> Iterator[SecurityGroup]:
        """Iterate over the groups with a token, or all groups of this installation."""
        for group in self._list_pages():
            if token in ("", group.labels.get(labels.TOKEN)):
                yield group

    def _list_pages(self, name: str = "") -> Iterator[SecurityGroup]:
        for groups in list_security_groups(self._client, name):
            for group in groups:
                if group.labels.get(labels.INSTALLATION) == self._client.installation_id:
                    yield group

    def _delete(self, group: SecurityGroup) -> None:
        """Delete a group after the interfaces and the rules that use it."""
        for interface in list(list_interfaces(self._client)):
            native_ids = list(interface.interface.security_group_ids)
            if group.id in native_ids:
                self._save_groups(interface, [native_id for native_id in native_ids if native_id != group.id])
        for other in list(self._list()):
            rule_ids = [rule.id for rule in other.rules if _refers_to(rule, group.id)]
            if rule_ids and other.id != group.id:
                change = UpdateSecurityGroupRulesRequest(security_group_id=other.id, deletion_rule_ids=rule_ids)
                self._operations.run(self._client.security_groups.UpdateRules, change)
        request = DeleteSecurityGroupRequest(security_group_id=group.id)
        with suppress(NativeNotFound):
            self._operations.run(self._client.security_groups.Delete, request)
        self._operations.record_deletion(group.id)

    def _save_groups(self, interface: InstanceInterface, native_ids: Sequence[str]) -> None:
        native_ids = native_ids or [self._ensure_closed(interface.interface.subnet_id)]
        if sorted(native_ids) == sorted(interface.interface.security_group_ids):
            return
        require_steady(interface.instance)
        request = UpdateInstanceNetworkInterfaceRequest(
            instance_id=interface.instance.id,
            network_interface_index=interface.interface.index,
            update_mask=FieldMask(paths=["security_group_ids"]),
            security_group_ids=native_ids,
        )
        self._operations.run(self._client.instances.UpdateNetworkInterface, request)

    def _ensure_closed(self, subnet_id: str) -> str:
        subnet = self._client.call(self._client.subnets.Get, GetSubnetRequest(subnet_id=subnet_id))
        return self.ensure_special(subnet.network_id, filtered=True)


def _refers_to(rule: SecurityGroupRule, group_id: str) -> bool:
    return rule.security_group_id == group_id
