"""RBAC policies, address groups, QoS policies, trunks and metering labels: the rules of these types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.work_queue import enqueue
from stratiform.services.network import policy
from stratiform.services.network.errors import BadRequest, NetworkNotFound
from stratiform.services.network.errors.addressing import (
    AddressesAlreadyExist,
    AddressesNotFound,
    AddressGroupInUse,
)
from stratiform.services.network.errors.links import DuplicateSubPort, SubPortNotFound, TrunkPortInUse
from stratiform.services.network.errors.qos import QosDefaultPolicyExists, QosPolicyInUse
from stratiform.services.network.errors.sharing import RbacPolicyInUse
from stratiform.services.network.model import Attributes
from stratiform.services.network.model.declared_types.addressing import ADDRESS_GROUP
from stratiform.services.network.model.declared_types.links import METERING_LABEL, METERING_LABEL_RULE, TRUNK
from stratiform.services.network.model.declared_types.qos import QOS_POLICY, QOS_RULES
from stratiform.services.network.model.declared_types.sharing import (
    ACCESS_AS_EXTERNAL,
    EVERY_PROJECT,
    OBJECT_TYPES,
    RBAC_POLICY,
)
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import rbac_policies, resources, security_groups
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.service.cloud_objects import require_applicable
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.qos_assignments import find_default_qos_policy
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies

_SEGMENTATION_TYPES = ("vlan", "inherit")
_LAST_VLAN = 4094


@dataclass(frozen=True, slots=True)
class RbacPolicies:
    """RBAC policies. They belong to the project of their object."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            RBAC_POLICY,
            prepare=self._prepare,
            check_update=self._check_update,
            before_delete=self._require_unused,
        )

    def _prepare(self, ctx: RequestContext, rbac_policy: Resource) -> Resource:
        if rbac_policy["action"] == ACCESS_AS_EXTERNAL and (
            rbac_policy["object_type"] != "network" or not ctx.caller.is_admin
        ):
            raise policy.NETWORKS_CREATE_EXTERNAL.build_forbidden_error()
        self._require_target(ctx, rbac_policy["target_tenant"], rbac_policy.project_id)
        owner = _find_owner(ctx, rbac_policy["object_type"], rbac_policy["object_id"])
        if owner != ctx.caller.project_id and not ctx.caller.is_admin:
            raise NetworkNotFound(rbac_policy["object_id"])
        return rbac_policy

    def _check_update(self, ctx: RequestContext, rbac_policy: Resource, changes: Attributes) -> Attributes:
        if changes.get("target_tenant", rbac_policy["target_tenant"]) != rbac_policy["target_tenant"]:
            self._require_target(ctx, changes["target_tenant"], rbac_policy.project_id)
            self._require_unused(ctx, rbac_policy)
        return changes

    def _require_target(self, ctx: RequestContext, target: str, project_id: str) -> None:
        if target == EVERY_PROJECT:
            policy.RBAC_POLICIES_WILDCARD.require(ctx.caller, project_id)

    def _require_unused(self, ctx: RequestContext, rbac_policy: Resource) -> None:
        """Raises RbacPolicyInUse if the target still has ports on the network."""
        network = resources.networks.find(ctx.db, rbac_policy["object_id"])
        if network is None or rbac_policy["object_type"] != "network":
            return
        if rbac_policies.has_ports_of(ctx.db, network.id, network.project_id, rbac_policy["target_tenant"]):
            raise RbacPolicyInUse(network.id, "There are ports of other projects on the network.")


def _find_owner(ctx: RequestContext, object_type: str, object_id: str) -> str:
    """Return the project of an object. Raises the `not_found` of its type."""
    if object_type == "network":
        network = resources.networks.find(ctx.db, object_id)
        if network is None:
            raise NetworkNotFound(object_id)
        return network.project_id
    gateway = gateways[OBJECT_TYPES[object_type]]
    resource = gateway.find(ctx.db, object_id)
    if resource is None:
        raise gateway.resource_type.not_found(object_id)
    return resource.project_id


@dataclass(frozen=True, slots=True)
class AddressGroups:
    """Address groups: lists of addresses that security group rules refer to."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(ADDRESS_GROUP, prepare=_normalize_addresses, before_delete=_require_no_rules)

    def add_addresses(self, ctx: RequestContext, group_id: str, addresses: Sequence[str]) -> Resource:
        """Raises BadRequest, AddressesAlreadyExist."""
        group, added = self.collection.get_for_update(ctx, group_id), _parse_addresses(addresses)
        existing = [address for address in added if address in group["addresses"]]
        if existing:
            raise AddressesAlreadyExist(existing, group_id)
        return self._save_addresses(ctx, group, [*group["addresses"], *added])

    def remove_addresses(self, ctx: RequestContext, group_id: str, addresses: Sequence[str]) -> Resource:
        """Raises BadRequest, AddressesNotFound."""
        group, removed = self.collection.get_for_update(ctx, group_id), _parse_addresses(addresses)
        missing = [address for address in removed if address not in group["addresses"]]
        if missing:
            raise AddressesNotFound(missing, group_id)
        remaining = [address for address in group["addresses"] if address not in removed]
        return self._save_addresses(ctx, group, remaining)

    def _save_addresses(self, ctx: RequestContext, group: Resource, addresses: Sequence[str]) -> Resource:
        """Save the addresses, and apply the security groups with rules that refer to them."""
        saved = self.collection.save(ctx, group, {"addresses": addresses})
        for security_group in security_groups.list_groups_with_addresses(ctx.db, group.id):
            owner = security_group.project_id
            require_applicable(ctx, self.dependencies.clouds, "security_group", security_group.id, owner)
            enqueue(ctx.db, "network.security_group", security_group.id, ctx.now)
        return saved


def _require_no_rules(ctx: RequestContext, group: Resource) -> None:
    """Raises AddressGroupInUse."""
    if security_groups.list_groups_with_addresses(ctx.db, group.id):
        raise AddressGroupInUse(group.id)


def _normalize_addresses(_ctx: RequestContext, group: Resource) -> Resource:
    return replace(group, values={**group.values, "addresses": _parse_addresses(group["addresses"])})


def _parse_addresses(addresses: Sequence[str]) -> list[str]:
    try:
        return list(dict.fromkeys(str(ip_network(address, strict=False)) for address in addresses))
    except ValueError as error:
        raise BadRequest(f"Invalid input for addresses. Reason: {error}.") from error


@dataclass(frozen=True, slots=True)
class QosPolicies:
    """QoS policies and their rules, which belong to the project of the policy."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            QOS_POLICY,
            prepare=_prepare_policy,
            check_update=_check_policy_update,
            compute=self._compute,
            before_delete=_require_unused_policy,
        )

    def build_rule_collections(self) -> Sequence[ResourceCollection]:
        return [
            self.dependencies.build(
                rule_type,
                resolve_owner=lambda ctx, values, _project_id: self._get(ctx, values["policy_id"]).project_id,
                check_parent=self._get,
                is_shared=lambda ctx, rule: self._get(ctx, rule["policy_id"]) is not None,
            )
            for rule_type in QOS_RULES
        ]

    def _get(self, ctx: RequestContext, policy_id: str) -> Resource:
        return self.collection.get(ctx, policy_id)

    def _compute(self, ctx: RequestContext, policies: Sequence[Resource]) -> Mapping[str, Attributes]:
        ids = [item.id for item in policies]
        rules: dict[str, list[Attributes]] = {policy_id: [] for policy_id in ids}
        for rule_type in QOS_RULES:
            gateway = gateways[rule_type.name]
            for rule in gateway.list_all(ctx.db, gateway.table.c.policy_id.in_(ids)):
                [body] = self.dependencies.build(rule_type).describe(ctx, [rule])
                kind = {"type": rule_type.name.removesuffix("_rule"), "qos_policy_id": rule["policy_id"]}
                rules[rule["policy_id"]].append({**body, **kind})
        return {policy_id: {"rules": items} for policy_id, items in rules.items()}


def _prepare_policy(ctx: RequestContext, qos_policy: Resource) -> Resource:
    if qos_policy["is_default"]:
        _require_no_default(ctx, qos_policy)
    return qos_policy


def _check_policy_update(ctx: RequestContext, qos_policy: Resource, changes: Attributes) -> Attributes:
    if changes.get("is_default") and not qos_policy["is_default"]:
        _require_no_default(ctx, qos_policy)
    return changes


def _require_no_default(ctx: RequestContext, qos_policy: Resource) -> None:
    """Raises QosDefaultPolicyExists if the project has a default policy."""
    if find_default_qos_policy(ctx, qos_policy.project_id) is not None:
        raise QosDefaultPolicyExists(qos_policy.project_id)


def _require_unused_policy(ctx: RequestContext, qos_policy: Resource) -> None:
    if resources.is_qos_policy_used(ctx.db, qos_policy.id):
        raise QosPolicyInUse(qos_policy.id)


@dataclass(frozen=True, slots=True)
class Trunks:
    """Trunks: a parent port, and subports with a segmentation id each."""

    dependencies: ResourceDependencies
    ports: Ports

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(TRUNK, prepare=self._prepare, build_duplicate_error=_parent_in_use)

    def add_sub_ports(self, ctx: RequestContext, trunk_id: str, sub_ports: Sequence[Attributes]) -> Resource:
        """Raises BadRequest, PortNotFound, TrunkPortInUse, DuplicateSubPort."""
        trunk = self.collection.get_for_update(ctx, trunk_id)
        added = self._check_sub_ports(ctx, trunk, sub_ports)
        return self.collection.save(ctx, trunk, {"sub_ports": [*trunk["sub_ports"], *added]})

    def remove_sub_ports(self, ctx: RequestContext, trunk_id: str, sub_ports: Sequence[Attributes]) -> Resource:
        """Raises SubPortNotFound."""
        trunk = self.collection.get_for_update(ctx, trunk_id)
        port_ids = [sub_port.get("port_id") for sub_port in sub_ports]
        existing = [sub_port["port_id"] for sub_port in trunk["sub_ports"]]
        for port_id in port_ids:
            if port_id not in existing:
                raise SubPortNotFound(trunk_id, str(port_id))
        remaining = [sub_port for sub_port in trunk["sub_ports"] if sub_port["port_id"] not in port_ids]
        return self.collection.save(ctx, trunk, {"sub_ports": remaining})

    def _prepare(self, ctx: RequestContext, trunk: Resource) -> Resource:
        self.ports.get(ctx, trunk["port_id"])
        empty = replace(trunk, values={**trunk.values, "sub_ports": []})
        sub_ports = self._check_sub_ports(ctx, empty, trunk["sub_ports"] or [])
        return replace(trunk, values={**trunk.values, "sub_ports": sub_ports})

    def _check_sub_ports(
        self, ctx: RequestContext, trunk: Resource, sub_ports: Sequence[Attributes]
    ) -> list[Attributes]:
        used = {(item["segmentation_type"], item["segmentation_id"]) for item in trunk["sub_ports"]}
        attached = _list_trunk_ports(ctx) | {trunk["port_id"]}
        checked = []
        for sub_port in sub_ports:
            item = _parse_sub_port(sub_port)
            self.ports.get(ctx, item["port_id"])
            if item["port_id"] in attached:
                raise TrunkPortInUse(item["port_id"])
            segment = (item["segmentation_type"], item["segmentation_id"])
            if segment in used:
                raise DuplicateSubPort(*segment, trunk.id)
            used.add(segment)
            attached.add(item["port_id"])
            checked.append(item)
        return checked


def _list_trunk_ports(ctx: RequestContext) -> set[str]:
    """Return the ports of all trunks."""
    trunks = gateways["trunk"].list_all(ctx.db)
    return {trunk["port_id"] for trunk in trunks} | {item["port_id"] for trunk in trunks for item in trunk["sub_ports"]}


def _parent_in_use(_ctx: RequestContext, trunk: Resource) -> TrunkPortInUse:
    return TrunkPortInUse(trunk["port_id"])


def _parse_sub_port(sub_port: Mapping[str, Any]) -> Attributes:
    kind, segment = sub_port.get("segmentation_type", "vlan"), sub_port.get("segmentation_id")
    if not isinstance(sub_port.get("port_id"), str) or kind not in _SEGMENTATION_TYPES:
        raise BadRequest(f"Invalid input for sub_ports. Reason: {dict(sub_port)} is not a valid subport.")
    if not isinstance(segment, int) or isinstance(segment, bool) or not 0 < segment <= _LAST_VLAN:
        raise BadRequest(f"Invalid input for sub_ports. Reason: Invalid segmentation id '{segment}'.")
    return {"port_id": sub_port["port_id"], "segmentation_type": kind, "segmentation_id": segment}


def build_metering_collections(dependencies: ResourceDependencies) -> Sequence[ResourceCollection]:
    """Return the collections of metering labels and their rules."""
    labels = dependencies.build(METERING_LABEL)

    def prepare(ctx: RequestContext, rule: Resource) -> Resource:
        labels.get(ctx, rule["metering_label_id"])
        prefixes = [rule[name] for name in ("remote_ip_prefix", "source_ip_prefix", "destination_ip_prefix")]
        if all(prefix is None for prefix in prefixes):
            raise BadRequest("A metering label rule has a remote, source or destination IP prefix.")
        _parse_addresses([prefix for prefix in prefixes if prefix is not None])
        return rule

    return [labels, dependencies.build(METERING_LABEL_RULE, prepare=prepare)]
