"""Networks: enough that a machine has the address that we promised."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SubnetSpec:
    """A subnet that must exist. `token` is our subnet's id; `network` our network's."""

    token: str
    network: str
    name: str
    cidr: str
    gateway: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class NativeSubnet:
    """A subnet as its cloud shows it."""

    id: str
    token: str
    cidr: str


class Networks(Protocol):
    """Verbs on subnets."""

    #: How many addresses at the head and at the tail of every subnet the cloud keeps for itself.
    reserved_head: int
    reserved_tail: int

    def ensure(self, spec: SubnetSpec) -> NativeSubnet:
        """Make the subnet, or return the one that carries `spec.token` already."""

    def list(self) -> Iterator[NativeSubnet]: ...

    def delete(self, subnet_id: str) -> None:
        """Also where it is gone already. Raises Refused while machines are in it."""
