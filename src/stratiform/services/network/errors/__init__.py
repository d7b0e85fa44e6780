"""Errors of the Networking API; `neutron_type` is the exception's name in the response body.

Source: neutron_lib/exceptions and neutron/common/exceptions.
"""

from stratiform.kit.errors import Conflict, Fault, Invalid, NotFound, OverLimit, Unavailable


class NetworkNotFound(NotFound):
    neutron_type = "NetworkNotFound"

    def __init__(self, network_id: str) -> None:
        super().__init__(f"Network {network_id} could not be found.")


class SubnetNotFound(NotFound):
    neutron_type = "SubnetNotFound"

    def __init__(self, subnet_id: str) -> None:
        super().__init__(f"Subnet {subnet_id} could not be found.")


class SubnetPoolNotFound(NotFound):
    neutron_type = "SubnetPoolNotFound"

    def __init__(self, pool_id: str) -> None:
        super().__init__(f"Subnet pool {pool_id} could not be found.")


class PortNotFound(NotFound):
    neutron_type = "PortNotFound"

    def __init__(self, port_id: str) -> None:
        super().__init__(f"Port {port_id} could not be found.")


class AgentNotFound(NotFound):
    neutron_type = "AgentNotFound"

    def __init__(self, agent_id: str) -> None:
        super().__init__(f"Agent {agent_id} could not be found.")


class TagNotFound(NotFound):
    neutron_type = "TagNotFound"

    def __init__(self, tag: str) -> None:
        super().__init__(f"Tag {tag} could not be found.")


class QuotaExceeded(OverLimit):
    neutron_type = "OverQuota"

    def __init__(self, resource: str) -> None:
        super().__init__(f"Quota exceeded for resources: ['{resource}'].")


class ResourceInUse(Conflict):
    """A resource is deleted that others refer to."""

    neutron_type = "InUse"

    def __init__(self, resource_id: str) -> None:
        super().__init__(f"Resource {resource_id} is in use.")


class ResourceExists(Conflict):
    """A resource is created that exists already."""

    neutron_type = "Conflict"

    def __init__(self, resource: str) -> None:
        super().__init__(f"A {resource} with these values already exists.")


class RevisionNumberConstraintFailed(Fault):
    """The revision in `If-Match` is not the resource's."""

    neutron_type = "RevisionNumberConstraintFailed"
    status = 412

    def __init__(self, expected: int, resource_id: str, current: int) -> None:
        super().__init__(
            f"Constrained to {expected}, but current revision of {resource_id} is {current}",
        )


class BadRequest(Invalid):
    """A malformed request body or query."""

    neutron_type = "HTTPBadRequest"


class InvalidInput(Invalid):
    """A well-formed request with values that contradict each other or the existing resources."""

    neutron_type = "InvalidInput"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid input for operation: {reason}.")


class InvalidIpForSubnet(Invalid):
    neutron_type = "InvalidIpForSubnet"

    def __init__(self, address: str) -> None:
        super().__init__(f"IP address {address} is not a valid IP for the specified subnet.")


class InvalidIpForNetwork(Invalid):
    neutron_type = "InvalidIpForNetwork"

    def __init__(self, address: str) -> None:
        super().__init__(f"IP address {address} is not a valid IP for any of the subnets on the specified network.")


class InvalidAllocationPool(Invalid):
    neutron_type = "InvalidAllocationPool"

    def __init__(self, start: str, end: str) -> None:
        super().__init__(f"The allocation pool {start}-{end} is not valid.")


class OutOfBoundsAllocationPool(Invalid):
    neutron_type = "OutOfBoundsAllocationPool"

    def __init__(self, pool: str, cidr: str) -> None:
        super().__init__(f"The allocation pool {pool} spans beyond the subnet cidr {cidr}.")


class OverlappingAllocationPools(Conflict):
    neutron_type = "OverlappingAllocationPools"

    def __init__(self, pool: str, other_pool: str, cidr: str) -> None:
        super().__init__(f"Found overlapping allocation pools: {pool} {other_pool} for subnet {cidr}.")


class GatewayConflictWithAllocationPools(Conflict):
    neutron_type = "GatewayConflictWithAllocationPools"

    def __init__(self, gateway: str, pool: str) -> None:
        super().__init__(f"Gateway ip {gateway} conflicts with allocation pool {pool}.")


class VlanTransparencyNotSupported(Invalid):
    neutron_type = "VlanTransparencyDriverError"

    def __init__(self) -> None:
        super().__init__("Backend does not support VLAN Transparency.")


class NetworkInUse(Conflict):
    neutron_type = "NetworkInUse"

    def __init__(self, network_id: str, ports: str = "") -> None:
        reason = "There are one or more ports still in use on the network"
        port_list = f", id for these ports is {ports}" if ports else ""
        super().__init__(f"Unable to complete operation on network {network_id}. {reason}{port_list}.")


class SubnetInUse(Conflict):
    neutron_type = "SubnetInUse"

    def __init__(self, subnet_id: str) -> None:
        reason = "One or more ports have an IP allocation from this subnet."
        super().__init__(f"Unable to complete operation on subnet {subnet_id}: {reason}")


class PortInUse(Conflict):
    neutron_type = "PortInUse"

    def __init__(self, port_id: str) -> None:
        super().__init__(f"Port {port_id} is still in use.")


class IpAddressInUse(Conflict):
    neutron_type = "IpAddressInUse"

    def __init__(self, network_id: str, address: str) -> None:
        super().__init__(f"Unable to complete operation for network {network_id}. The IP address {address} is in use.")


class MacAddressInUse(Conflict):
    neutron_type = "MacAddressInUse"

    def __init__(self, network_id: str, mac: str) -> None:
        super().__init__(f"Unable to complete operation for network {network_id}. The mac address {mac} is in use.")


class IpAddressGenerationFailure(Conflict):
    neutron_type = "IpAddressGenerationFailure"

    def __init__(self, network_id: str) -> None:
        super().__init__(f"No more IP addresses available on network {network_id}.")


class NoMatchingServiceSubnet(Conflict):
    neutron_type = "IpAddressGenerationFailureNoMatchingSubnet"

    def __init__(self, network_id: str) -> None:
        super().__init__(f"No valid service subnet for the given device owner on network {network_id}.")


class MacAddressGenerationFailure(Unavailable):
    neutron_type = "MacAddressGenerationFailure"

    def __init__(self, network_id: str) -> None:
        super().__init__(f"Unable to generate unique mac on network {network_id}.")


class NetworkAmbiguous(Conflict):
    """A server requests no network, and the project can use several. Source: nova/exception.py."""

    neutron_type = "NetworkAmbiguous"

    def __init__(self) -> None:
        super().__init__("Multiple possible networks found, use a Network ID to be more specific.")
