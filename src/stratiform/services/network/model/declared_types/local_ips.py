"""Local IPs: addresses that lead to a port of the host from which they are used."""

from typing import Literal
from uuid import UUID, uuid5

from stratiform.services.network import policy
from stratiform.services.network.errors.local_ips import (
    LocalIpAssociationNotFound,
    LocalIpInUse,
    LocalIpNotFound,
)
from stratiform.services.network.model.resource_types import (
    STANDARD,
    ResourceType,
    computed,
    reference,
    text,
)

_NAMESPACE = UUID("c1b0a1f6-7a55-4a2d-a0de-0b2f0a3c6d11")

LOCAL_IP = ResourceType(
    "local_ip",
    "local_ips",
    "/local_ips",
    policy.LOCAL_IPS,
    LocalIpNotFound,
    (
        reference("local_port_id", "network_port", None, update=False, cascades=True),
        reference("network_id", "network_network", None, update=False),
        text("local_ip_address", None, update=False),
        text("ip_mode", "translate", Literal["translate", "passthrough"], update=False),
    ),
    in_use=LocalIpInUse,
    standard=STANDARD - {"tags"},
)

#: The id of an association is that of its port in paths; see `get_association_id`.
PORT_ASSOCIATION = ResourceType(
    "port_association",
    "port_associations",
    "/local_ips/{local_ip_id}/port_associations",
    policy.LOCAL_IP_ASSOCIATIONS,
    LocalIpAssociationNotFound,
    (
        reference("local_ip_id", "network_local_ip", update=False, hidden=True, cascades=True),
        reference("fixed_port_id", "network_port", update=False, cascades=True),
        text("fixed_ip", None, update=False),
        computed("local_ip_address"),
        computed("host"),
    ),
    standard=frozenset(),
    owned=False,
    parent="local_ip_id",
    unique=(("local_ip_id", "fixed_port_id"),),
    operations=frozenset({"create", "show", "list", "delete"}),
    id_name="port_id",
    has_id=False,
)


def get_association_id(local_ip_id: str, port_id: str) -> str:
    """Return the id of the association of a local IP with a port, which responses do not contain."""
    return str(uuid5(_NAMESPACE, f"{local_ip_id}/{port_id}"))
