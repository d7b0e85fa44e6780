"""Subnet pools, address scopes and groups, RBAC and QoS policies, trunks, metering labels, and their actions."""

from collections.abc import Callable, Sequence
from typing import Any

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import ResourceEndpoints, declare_resource
from stratiform.interfaces.openstack.network.schemas import shared_resources as schemas
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Rule
from stratiform.services.network import policy
from stratiform.services.network.model.declared_types import addressing, links, qos, sharing
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.service import NetworkService

Change = Callable[..., Resource]

for _type in (
    addressing.ADDRESS_SCOPE,
    qos.QOS_POLICY,
    *qos.QOS_RULES,
    sharing.RBAC_POLICY,
    links.METERING_LABEL,
    links.METERING_LABEL_RULE,
):
    declare_resource(_type)
_address_groups = declare_resource(addressing.ADDRESS_GROUP)
_subnet_pools = declare_resource(addressing.SUBNET_POOL)
_trunks = declare_resource(links.TRUNK)

#: The types of QoS rules, and the parameters of each.
_QOS_RULE_TYPES = {rule_type.name.removesuffix("_rule"): rule_type for rule_type in qos.QOS_RULES}


def _declare_action(
    endpoints: ResourceEndpoints, name: str, rule: Rule, key: str, get: Callable[[NetworkService], Change]
) -> None:
    """Declare `PUT …/{id}/{name}`, whose body has a list at `key`; trunks have neither a wrapper in the body."""

    def change_resource(request: ApiRequest, body: dict[str, Any], **ids: str) -> dict[str, Any]:
        items = schemas.read_items(body, endpoints.resource_type.name, key)
        resource = get(request.services.network)(request.ctx, ids[endpoints.resource_type.id_parameter], items)
        [description] = endpoints.respond(request, [resource])
        return description if key == "sub_ports" else {endpoints.resource_type.name: description}

    change_resource.__name__ = name
    api.put(f"{endpoints.item_path}/{name}", rule)(change_resource)


for _name, _key, _endpoints, _rule, _get in (
    (
        "add_addresses",
        "addresses",
        _address_groups,
        policy.ADDRESS_GROUPS.update,
        lambda service: service.address_groups.add_addresses,
    ),
    (
        "remove_addresses",
        "addresses",
        _address_groups,
        policy.ADDRESS_GROUPS.update,
        lambda service: service.address_groups.remove_addresses,
    ),
    ("add_subports", "sub_ports", _trunks, policy.TRUNKS.update, lambda service: service.trunks.add_sub_ports),
    ("remove_subports", "sub_ports", _trunks, policy.TRUNKS.update, lambda service: service.trunks.remove_sub_ports),
):
    _declare_action(_endpoints, _name, _rule, _key, _get)


@api.get("/trunks/{trunk_id}/get_subports", policy.TRUNKS.get)
def list_sub_ports(request: ApiRequest, trunk_id: str) -> schemas.SubPortsResponse:
    return schemas.SubPortsResponse(_trunks.get(request, {"trunk_id": trunk_id})["sub_ports"])


@api.put("/subnetpools/{subnetpool_id}/add_prefixes", policy.SUBNET_POOLS.update)
def add_prefixes(request: ApiRequest, subnetpool_id: str, body: schemas.PrefixesRequest) -> schemas.PrefixesResponse:
    pool = request.services.network.subnet_pools.add_prefixes(request.ctx, subnetpool_id, body.prefixes)
    return schemas.PrefixesResponse(pool["prefixes"])


@api.put("/subnetpools/{subnetpool_id}/remove_prefixes", policy.SUBNET_POOLS.update)
def remove_prefixes(request: ApiRequest, subnetpool_id: str, body: schemas.PrefixesRequest) -> schemas.PrefixesResponse:
    pool = request.services.network.subnet_pools.remove_prefixes(request.ctx, subnetpool_id, body.prefixes)
    return schemas.PrefixesResponse(pool["prefixes"])


@api.put("/subnetpools/{subnetpool_id}/onboard_network_subnets", policy.SUBNET_POOLS.update)
def onboard_network_subnets(
    request: ApiRequest, subnetpool_id: str, body: schemas.OnboardRequest
) -> schemas.OnboardResponse:
    service = request.services.network
    network = service.networks.get(request.ctx, body.network_id)
    policy.SUBNETS_UPDATE.require(request.ctx.caller, network.project_id)
    subnets = service.subnet_pools.onboard_subnets(request.ctx, subnetpool_id, network.id)
    return schemas.OnboardResponse([views.subnet(subnet) for subnet in subnets])


@api.get("/qos/rule-types", policy.QOS_POLICIES.get)
def list_qos_rule_types(_request: ApiRequest) -> schemas.QosRuleTypesResponse:
    return schemas.QosRuleTypesResponse([schemas.QosRuleType(name) for name in _QOS_RULE_TYPES])


@api.get("/qos/rule-types/{rule_type}", policy.QOS_POLICIES.get)
def show_qos_rule_type(_request: ApiRequest, rule_type: str) -> schemas.QosRuleTypeResponse:
    if rule_type not in _QOS_RULE_TYPES:
        raise NotFound(f"Rule type {rule_type} could not be found.")
    return schemas.QosRuleTypeResponse(schemas.QosRuleTypeDetails(rule_type, _drivers(rule_type)))


def _drivers(rule_type: str) -> Sequence[schemas.QosDriver]:
    names = [attribute.name for attribute in _QOS_RULE_TYPES[rule_type].attributes if not attribute.hidden]
    return [schemas.QosDriver("stratiform", [schemas.QosParameter(name) for name in names])]
