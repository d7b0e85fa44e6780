"""Security groups: created when an interface uses them first, because Neutron limits their number.

Source: Networking API, "Security groups", "Security group rules".
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from stratiform.connectors.openstack import tags
from stratiform.connectors.openstack.ports import list_ports
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.routing import RoutingObject

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: The attributes that distinguish rules, with the names of Neutron.
_KEYS = ("direction", "ethertype", "protocol", "port_range_min", "port_range_max")


class Rule(msgspec.Struct, frozen=True):
    """A rule of a group, with a source or destination at most."""

    direction: str
    ethertype: str
    protocol: str | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None


class _StoredRule(Rule, frozen=True):
    id: str = ""

    def without_id(self) -> Rule:
        return Rule(*(getattr(self, name) for name in Rule.__struct_fields__))


class Group(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    description: str | None = ""
    rules: list[_StoredRule] = msgspec.field(name="security_group_rules", default_factory=list)


class SecurityGroups:
    """Security groups of one cloud and region."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def apply(self, desired: RoutingObject) -> None:
        """Change the rules if the group exists."""
        for group in self._list(desired.token):
            self._set_rules(group, desired)

    def ensure(self, desired: RoutingObject) -> str:
        """Return the native id of a group, with the desired rules."""
        group = self._ensure(desired.token, desired.name, stateful=desired.properties.get("stateful", True))
        self._set_rules(group, desired)
        return group.id

    def delete(self, token: str) -> None:
        """Delete a group after it is removed from the ports that have it."""
        for group in self._list(token):
            for port in list_ports(self._client, security_groups=group.id):
                if group.id in port.security_groups:
                    remaining = [group_id for group_id in port.security_groups if group_id != group.id]
                    body = {"port": {"security_groups": remaining}}
                    with suppress(NativeNotFound):
                        self._client.request("network", "PUT", f"/ports/{port.id}", body)
            with suppress(NativeNotFound):
                self._client.request("network", "DELETE", f"/security-groups/{group.id}")

    def list_objects(self) -> Iterator[RoutingObject]:
        for group in self._client.list_items("network", "/security-groups", "security_groups", Group):
            token = tags.find_description_token(group.description, self._client.installation_id)
            if token:
                yield RoutingObject("security_group", token, group.name)

    def _list(self, token: str) -> list[Group]:
        description = tags.build_description(self._client.installation_id, token)
        params = {"description": description}
        groups = self._client.list_items("network", "/security-groups", "security_groups", Group, params)
        return sorted((group for group in groups if group.description == description), key=lambda group: group.id)

    def _ensure(self, token: str, name: str, *, stateful: bool = True) -> Group:
        with self._client.lock(token):
            existing = self._list(token)
            if existing:
                return existing[0]
            description = tags.build_description(self._client.installation_id, token)
            body: dict[str, Any] = {"name": _build_name(name, token), "description": description}
            if not stateful:  # an extension, which a cloud without stateless groups rejects
                body["stateful"] = False
            response = self._client.request("network", "POST", "/security-groups", {"security_group": body})
        return self._client.decode("network", response, "security_group", Group)

    def _set_rules(self, group: Group, desired: RoutingObject) -> None:
        """Delete before creating, because the number of rules is limited."""
        desired_rules = {
            rule for item in desired.properties["rules"] for rule in self._convert_rule(group, desired, item)
        }
        current: set[Rule] = set()
        for stored in group.rules:
            rule = stored.without_id()
            if rule in desired_rules and rule not in current:
                current.add(rule)
                continue
            with suppress(NativeNotFound):
                self._client.request("network", "DELETE", f"/security-group-rules/{stored.id}")
        for rule in sorted(desired_rules - current, key=repr):
            self._create_rule(group, rule)

    def _create_rule(self, group: Group, rule: Rule) -> None:
        attributes = {key: value for key, value in msgspec.to_builtins(rule).items() if value is not None}
        body = {"security_group_rule": {"security_group_id": group.id, **attributes}}
        try:
            self._client.request("network", "POST", "/security-group-rules", body)
        except RequestRejected as error:
            if "already exists" not in error.message:
                raise

    def _convert_rule(self, group: Group, desired: RoutingObject, rule: Mapping[str, Any]) -> Iterator[Rule]:
        """Iterate over the native rules of one rule: one for each address of an address group."""
        values = {key: rule.get(key) for key in _KEYS}
        values["protocol"] = None if values["protocol"] is None else str(values["protocol"])
        remote = rule.get("remote_group_id")
        if remote:
            native_id = group.id if remote == desired.token else self._ensure(remote, "").id
            yield Rule(**values, remote_group_id=native_id)  # type: ignore[arg-type]
            return
        addresses: Sequence[str | None] = rule.get("remote_addresses") or (rule.get("remote_ip_prefix"),)
        if rule.get("remote_address_group_id") and not rule.get("remote_addresses"):
            return  # an address group without addresses allows nothing
        for address in addresses:
            yield Rule(**values, remote_ip_prefix=address)  # type: ignore[arg-type]


def _build_name(name: str, token: str) -> str:
    """Return the native name. Neutron reserves the name of the default group of a project."""
    return name if name and name.lower() != "default" else f"stratiform-{token}"
