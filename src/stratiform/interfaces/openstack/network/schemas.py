"""Bodies of the Network API. Source: Networking API v2.0."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.services import decode
from stratiform.kit.errors import Invalid
from stratiform.services.network.errors import BadRequest
from stratiform.services.network.model import FixedIpRequest

Text = Annotated[str, Meta(max_length=255)]
Tag = Annotated[str, Meta(min_length=1, max_length=255)]
MaybeText = Text | UnsetType
Flag = bool | UnsetType
Mode = Literal["dhcpv6-stateful", "dhcpv6-stateless", "slaac"]


class Change(Struct, forbid_unknown_fields=True):
    """What may be said of everything."""

    name: MaybeText = UNSET
    description: MaybeText = UNSET


class NetworkChange(Change, forbid_unknown_fields=True):
    """`PUT /networks/{id}`."""

    admin_state_up: Flag = UNSET
    shared: Flag = UNSET
    external: Flag = field(name="router:external", default=UNSET)
    is_default: Flag = UNSET
    mtu: Annotated[int, Meta(ge=68, le=65535)] | UnsetType = UNSET
    port_security_enabled: Flag = UNSET


class NetworkNew(NetworkChange, forbid_unknown_fields=True, kw_only=True):
    """`POST /networks`. Hints are taken and not kept: which zones a network is in follows from its project."""

    project_id: Text | UnsetType = UNSET
    tenant_id: Text | UnsetType = UNSET
    tags: list[Tag] | UnsetType = UNSET
    availability_zone_hints: list[str] | UnsetType = UNSET


class Pool(Struct, forbid_unknown_fields=True):
    """Addresses, both ends inside."""

    start: str
    end: str


class Route(Struct, forbid_unknown_fields=True):
    """A route that machines learn by DHCP."""

    destination: str
    nexthop: str


class SubnetChange(Change, forbid_unknown_fields=True):
    """`PUT /subnets/{id}`."""

    gateway_ip: str | UnsetType | None = UNSET
    allocation_pools: list[Pool] | UnsetType = UNSET
    enable_dhcp: Flag = UNSET
    dns_nameservers: list[str] | UnsetType = UNSET
    host_routes: list[Route] | UnsetType = UNSET
    service_types: list[str] | UnsetType = UNSET


class SubnetNew(SubnetChange, forbid_unknown_fields=True, kw_only=True):
    """`POST /subnets`."""

    project_id: Text | UnsetType = UNSET
    tenant_id: Text | UnsetType = UNSET
    tags: list[Tag] | UnsetType = UNSET
    network_id: str
    ip_version: int
    cidr: str | UnsetType | None = UNSET
    ipv6_address_mode: Mode | UnsetType | None = UNSET
    ipv6_ra_mode: Mode | UnsetType | None = UNSET
    subnetpool_id: str | UnsetType | None = UNSET
    segment_id: UnsetType | None = UNSET


class Fixed(Struct, forbid_unknown_fields=True):
    """A subnet, an address, or both."""

    subnet_id: str | None = None
    ip_address: str | None = None


class PortChange(Change, forbid_unknown_fields=True):
    """`PUT /ports/{id}`."""

    admin_state_up: Flag = UNSET
    fixed_ips: list[Fixed] | UnsetType = UNSET
    mac_address: str | UnsetType = UNSET
    device_id: MaybeText = UNSET
    device_owner: MaybeText = UNSET
    security_groups: list[str] | UnsetType = UNSET
    port_security_enabled: Flag = UNSET
    host: MaybeText = field(name="binding:host_id", default=UNSET)
    vnic_type: MaybeText = field(name="binding:vnic_type", default=UNSET)
    profile: dict[str, Any] | UnsetType = field(name="binding:profile", default=UNSET)


class PortNew(PortChange, forbid_unknown_fields=True, kw_only=True):
    """`POST /ports`."""

    project_id: Text | UnsetType = UNSET
    tenant_id: Text | UnsetType = UNSET
    tags: list[Tag] | UnsetType = UNSET
    network_id: str


class NetworkBody(Struct):
    network: NetworkChange


class NetworksBody(Struct):
    network: NetworkNew | UnsetType = UNSET
    networks: list[NetworkNew] | UnsetType = UNSET


class SubnetBody(Struct):
    subnet: SubnetChange


class SubnetsBody(Struct):
    subnet: SubnetNew | UnsetType = UNSET
    subnets: list[SubnetNew] | UnsetType = UNSET


class PortBody(Struct):
    port: PortChange


class PortsBody(Struct):
    port: PortNew | UnsetType = UNSET
    ports: list[PortNew] | UnsetType = UNSET


class TagsBody(Struct):
    tags: list[Tag]


#: How msgspec begins to say that an attribute is not in the schema.
_UNKNOWN = "Object contains unknown field "


def read(body: bytes, into: type[Any]) -> Any:
    """As `decode`, in Neutron's words."""
    try:
        return decode(body, into)
    except Invalid as error:
        if error.message.startswith(_UNKNOWN):
            name = error.message.removeprefix(_UNKNOWN).split("`")[1]
            raise BadRequest(f"Unrecognized attribute(s) '{name}'") from error
        raise BadRequest(f"Invalid input. Reason: {error.message}.") from error


def given(said: Struct, *without: str) -> dict[str, Any]:
    """What a body says, by the service's names; what it leaves out is left out."""
    found = {name: getattr(said, name) for name in said.__struct_fields__ if name not in without}
    return {name: msgspec.to_builtins(value) for name, value in found.items() if value is not UNSET}


def project(said: NetworkNew | SubnetNew | PortNew) -> str | None:
    """Whose it shall be; None: the caller's."""
    for value in (said.project_id, said.tenant_id):
        if value is not UNSET and value:
            return value
    return None


def fixed_ips(said: list[Fixed] | UnsetType) -> list[FixedIpRequest] | None:
    return None if said is UNSET else [FixedIpRequest(one.subnet_id, one.ip_address) for one in said]


def one_or_many(one: Any, many: Any, noun: str) -> tuple[list[Any], bool]:
    """What a creating body holds, and whether it is a bulk."""
    if many is not UNSET:
        return many, True
    if one is UNSET:
        raise BadRequest(f"Unable to find '{noun}' in request body")
    return [one], False


#: Not in the body of a record: they are answered by other means.
NOT_STORED = ("project_id", "tenant_id", "availability_zone_hints")
