"""Actions on subnet pools, address groups and trunks; types of QoS rules."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from stratiform.interfaces.openstack.network.schemas.subnets import Subnet
from stratiform.services.network.errors import BadRequest


class PrefixesRequest(Struct):
    prefixes: list[str]


class PrefixesResponse(Struct):
    prefixes: list[str]


class OnboardRequest(Struct):
    network_id: str


class OnboardResponse(Struct):
    subnets: list[Subnet]


class SubPortsResponse(Struct):
    sub_ports: list[dict[str, Any]]


class QosRuleType(Struct):
    type: str


class QosRuleTypesResponse(Struct):
    rule_types: list[QosRuleType]


class QosParameter(Struct):
    parameter_name: str


class QosDriver(Struct):
    name: str
    supported_parameters: list[QosParameter]


class QosRuleTypeDetails(Struct):
    type: str
    drivers: Sequence[QosDriver]


class QosRuleTypeResponse(Struct):
    rule_type: QosRuleTypeDetails


def read_items(body: dict[str, Any], name: str, key: str) -> list[Any]:
    """Return the list at `key` of an action's body, which may be wrapped in an object. Raises BadRequest."""
    values = body.get(name, body)
    items = values.get(key) if isinstance(values, dict) else None
    if not isinstance(items, list):
        raise BadRequest(f"Unable to find '{key}' in request body")
    kind = dict if key == "sub_ports" else str
    if not all(isinstance(item, kind) for item in items):
        raise BadRequest(f"Invalid input for {key}. Reason: an item has a wrong type.")
    return items
