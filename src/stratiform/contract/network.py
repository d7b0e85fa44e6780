"""Network capability: subnets in a cloud, so that a server gets the address that its port has in our API."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SubnetSpec:
    """A subnet to create. `token` is our subnet's id, `network_id` our network's."""

    token: str
    network_id: str
    name: str
    cidr: str
    gateway_ip: str
    availability_zone: str = ""  # "" for the cloud's default


@dataclass(frozen=True, slots=True)
class NativeSubnet:
    """A subnet as reported by its cloud."""

    id: str
    token: str
    cidr: str


class NetworkDriver(Protocol):
    """Operations on subnets. All are idempotent and raise errors of `contract.errors`."""

    #: The number of addresses that the cloud reserves at the start and at the end of each IPv4 subnet.
    reserved_head: int
    reserved_tail: int

    def ensure_subnet(self, spec: SubnetSpec) -> NativeSubnet:
        """Create a subnet, or return the one with the token `spec.token`.

        Raises: RequestRejected (CIDR not valid in this cloud), InsufficientCapacity.
        """

    def list_subnets(self) -> Iterator[NativeSubnet]:
        """Iterate over all subnets of this installation."""

    def delete_subnet(self, subnet_id: str) -> None:
        """Delete a subnet; succeeds if it does not exist. Raises: RequestRejected while servers use it."""
