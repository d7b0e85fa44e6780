"""Subnet pools, address scopes and address groups."""

from typing import Annotated

from msgspec import Meta

from stratiform.services.network import policy
from stratiform.services.network.errors import SubnetPoolNotFound
from stratiform.services.network.errors.addressing import (
    AddressGroupInUse,
    AddressGroupNotFound,
    AddressScopeInUse,
    AddressScopeNotFound,
)
from stratiform.services.network.model.resource_types import (
    STANDARD,
    IpVersion,
    ResourceType,
    document,
    flag,
    number,
    reference,
)

_Length = Annotated[int, Meta(ge=0, le=128)]
_Prefixes = Annotated[list[str], Meta(min_length=1)]

SUBNET_POOL = ResourceType(
    "subnetpool",
    "subnetpools",
    "/subnetpools",
    policy.SUBNET_POOLS,
    SubnetPoolNotFound,
    (
        document("prefixes", _Prefixes),
        number("default_quota", Annotated[int, Meta(ge=0)], None),
        number("ip_version", default=4, create=False, update=False),
        number("default_prefixlen", _Length, None),
        number("min_prefixlen", _Length, None),
        number("max_prefixlen", _Length, None),
        flag("shared", update=False, create_rule=policy.SUBNET_POOLS_SHARED),
        flag("is_default", create_rule=policy.SUBNET_POOLS_DEFAULT, update_rule=policy.SUBNET_POOLS_DEFAULT),
        reference("address_scope_id", "network_address_scope", None),
    ),
    quota="subnetpool",
)

ADDRESS_SCOPE = ResourceType(
    "address_scope",
    "address_scopes",
    "/address-scopes",
    policy.ADDRESS_SCOPES,
    AddressScopeNotFound,
    (
        number("ip_version", IpVersion, update=False),
        flag("shared", create_rule=policy.ADDRESS_SCOPES_SHARED, update_rule=policy.ADDRESS_SCOPES_SHARED),
    ),
    in_use=AddressScopeInUse,
    standard=frozenset({"name"}),
)

ADDRESS_GROUP = ResourceType(
    "address_group",
    "address_groups",
    "/address-groups",
    policy.ADDRESS_GROUPS,
    AddressGroupNotFound,
    (
        document("addresses", list[str], [], update=False),
        flag("shared", create=False, update=False),
    ),
    in_use=AddressGroupInUse,
    standard=STANDARD - {"tags"},
)
