"""Security groups in VPCs: a group of our API is one security group in each VPC in which an interface uses it.

They have the tag of our token, and a name that is unique in a VPC, so a repeated request creates none twice.

Source: EC2 API reference (CreateSecurityGroup, AuthorizeSecurityGroupIngress, ModifyNetworkInterfaceAttribute).
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stratiform.connectors.aws import tags
from stratiform.connectors.aws.interfaces import find_interface
from stratiform.connectors.aws.security_rules import ALL_TRAFFIC, Permission, list_permissions, parse_rules
from stratiform.contract.errors import NativeNotFound
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, NetworkInterfaceTypeDef, SecurityGroupTypeDef

    from stratiform.connectors.aws.client import Client

#: The names of the groups of interfaces without groups, which EC2 does not allow.
_CLOSED, _OPEN = "stratiform-closed", "stratiform-open"


class SecurityGroups:
    """Security groups of one account and region."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def apply(self, desired: RoutingObject) -> None:
        """Change the rules wherever the group exists."""
        for group in self._list(desired.token):
            self._synchronize(group, desired)

    def delete(self, token: str) -> None:
        for group in self._list(token):
            self._delete(group)

    def list_objects(self) -> Iterator[RoutingObject]:
        groups = {tags.get_tag_value(group, tags.TOKEN): group for group in self._describe([])}
        for token, group in sorted(groups.items()):
            if token:
                yield RoutingObject("security_group", token, tags.get_tag_value(group, "Name"))

    def ensure(self, desired: RoutingObject, vpc_id: str) -> str:
        """Return the native id of a group in a VPC, with the desired rules."""
        group = self._ensure_group(vpc_id, f"stratiform-{desired.token}", desired.token, desired.name)
        self._synchronize(group, desired)
        return group["GroupId"]

    def ensure_special(self, vpc_id: str, *, filtered: bool) -> str:
        """Return the native id of the group without rules, or (not `filtered`) of the one that allows all traffic."""
        group = self._ensure_group(vpc_id, _CLOSED if filtered else _OPEN, "", "")
        for direction in ("ingress", "egress"):
            self._set_permissions(group, direction, set() if filtered else {ALL_TRAFFIC})
        return group["GroupId"]

    def set_groups(self, subnet_id: str, address: str, native_ids: Sequence[str]) -> None:
        interface = find_interface(self._client, subnet_id, address)
        if interface is not None:
            self._save_groups(interface, native_ids)

    def delete_all(self, vpc_id: str) -> None:
        """Delete the groups of this installation in a VPC."""
        for group in self._describe(_in_vpc(vpc_id)):
            self._delete(group)

    def _synchronize(self, group: "SecurityGroupTypeDef", desired: RoutingObject) -> None:
        vpc_id = group["VpcId"]

        def resolve(token: str) -> str:
            if token == desired.token:
                return group["GroupId"]
            return self._ensure_group(vpc_id, f"stratiform-{token}", token, "")["GroupId"]

        for direction in ("ingress", "egress"):
            self._set_permissions(group, direction, parse_rules(desired.properties["rules"], direction, resolve))

    def _set_permissions(self, group: "SecurityGroupTypeDef", direction: str, desired: set[Permission]) -> None:
        """Revoke before authorizing, because the number of rules is limited."""
        ec2, group_id = self._client.ec2, group["GroupId"]
        current = list_permissions(group, direction)
        revoked = [permission.build() for permission in sorted(current - desired)]
        authorized = [permission.build() for permission in sorted(desired - current)]
        with self._client.translating_errors():
            if revoked and direction == "ingress":
                ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=revoked)
            elif revoked:
                ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=revoked)
            if authorized and direction == "ingress":
                ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=authorized)
            elif authorized:
                ec2.authorize_security_group_egress(GroupId=group_id, IpPermissions=authorized)

    def _ensure_group(self, vpc_id: str, native_name: str, token: str, name: str) -> "SecurityGroupTypeDef":
        group = self._find(vpc_id, native_name)
        if group is not None:
            return group
        extra_tags = {tags.TOKEN: token} if token else {}
        specification = self._client.build_tag_specification("security-group", name or native_name, extra_tags)
        with self._client.translating_errors():
            try:
                self._client.ec2_no_retry.create_security_group(
                    GroupName=native_name, Description=native_name, VpcId=vpc_id, TagSpecifications=[specification]
                )
            except self._client.ec2_no_retry.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "InvalidGroup.Duplicate":
                    raise
        return self._client.wait_until_visible(lambda: self._get(vpc_id, native_name))

    def _get(self, vpc_id: str, native_name: str) -> "SecurityGroupTypeDef":
        group = self._find(vpc_id, native_name)
        if group is None:
            raise NativeNotFound(f"security group {native_name} not found")
        return group

    def _find(self, vpc_id: str, native_name: str) -> "SecurityGroupTypeDef | None":
        groups = self._describe([*_in_vpc(vpc_id), {"Name": "group-name", "Values": [native_name]}])
        return next(groups, None)

    def _list(self, token: str) -> "list[SecurityGroupTypeDef]":
        return list(self._describe([{"Name": f"tag:{tags.TOKEN}", "Values": [token]}]))

    def _describe(self, filters: "list[FilterTypeDef]") -> "Iterator[SecurityGroupTypeDef]":
        pages = self._client.ec2.get_paginator("describe_security_groups").paginate(
            Filters=[*self._client.build_tag_filters(), *filters]
        )
        with self._client.translating_errors():
            for page in pages:
                yield from page["SecurityGroups"]

    def _delete(self, group: "SecurityGroupTypeDef") -> None:
        """Delete a group after the interfaces and the rules that use it."""
        group_id = group["GroupId"]
        for interface in self._list_interfaces(group_id):
            self._save_groups(
                interface, [item["GroupId"] for item in interface["Groups"] if item["GroupId"] != group_id]
            )
        for other in self._describe(_in_vpc(group["VpcId"])):
            for direction in ("ingress", "egress"):
                remaining = {item for item in list_permissions(other, direction) if item.source != group_id}
                self._set_permissions(other, direction, remaining)
        try:
            with self._client.translating_errors():
                self._client.ec2.delete_security_group(GroupId=group_id)
        except NativeNotFound:
            return

    def _save_groups(self, interface: "NetworkInterfaceTypeDef", native_ids: Sequence[str]) -> None:
        native_ids = native_ids or [self.ensure_special(interface["VpcId"], filtered=True)]
        if sorted(native_ids) != sorted(item["GroupId"] for item in interface["Groups"]):
            with self._client.translating_errors():
                self._client.ec2.modify_network_interface_attribute(
                    NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=list(native_ids)
                )

    def _list_interfaces(self, group_id: str) -> "list[NetworkInterfaceTypeDef]":
        filters: list[FilterTypeDef] = [{"Name": "group-id", "Values": [group_id]}]
        pages = self._client.ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters)
        with self._client.translating_errors():
            return [interface for page in pages for interface in page["NetworkInterfaces"]]


def _in_vpc(vpc_id: str) -> "list[FilterTypeDef]":
    return [{"Name": "vpc-id", "Values": [vpc_id]}]
