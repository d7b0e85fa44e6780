"""Routing capability: routers, floating IPs and security groups in a cloud."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

#: The kinds of routing objects.
Kind = Literal["router", "floating_ip", "local_ip", "security_group"]


@dataclass(frozen=True, slots=True)
class RoutingObject:
    """The desired state of one object. `token` is its id in our API; subnets and groups are referred to by theirs.

    `properties` of a router: `interfaces` (`subnet_id`, `ip_address`, `network_id` and `cidr` each), `gateway` (the id
    of the external network, or None), `gateway_addresses`, `snat`, `routes` (`destination` and `nexthop` each),
    `admin_state_up`, `conntrack_helpers` (`protocol`, `port` and `helper` each), `ndp_proxies` (IPv6 addresses to
    announce on the external network), and what other routers of the same networks have: `other_gateways`,
    `other_subnets`.
    Of a floating IP: `address`, `fixed_address` and `subnet_id` (None if it is not associated), `router`,
    `forwardings`.
    Of a local IP: `address` and `network_id`; `targets`, the ports (`fixed_address`, `network_id`) of which one on the
    client's host receives the traffic; `ip_mode`.
    Of a security group: `stateful`; `rules` with the attributes of Neutron's, and `remote_addresses`, the addresses of
    the address group. Its members are the interfaces that have it.
    """

    kind: Kind
    token: str
    name: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


class RoutingDriver(Protocol):
    """Operations on routing objects. All are idempotent and raise errors of `contract.errors`."""

    def apply(self, desired: RoutingObject) -> None:
        """Create an object, or replace the one with its kind and token.

        A cloud may create a part of it when a subnet or a server uses it first; then it is applied again.
        Raises: RequestRejected, NotSupported.
        """

    def delete(self, kind: Kind, token: str) -> None:
        """Delete an object; succeeds if it does not exist."""

    def list_objects(self) -> Iterator[RoutingObject]:
        """Iterate over all objects of this installation, with the properties that the cloud reports."""

    def ensure_security_groups(
        self, groups: Sequence[RoutingObject], subnet_id: str, *, filtered: bool
    ) -> tuple[str, ...]:
        """Create the groups where the native subnet is, and return native ids for `NetworkInterface.security_groups`.

        An interface without groups has no traffic, or all traffic if it is not `filtered`.
        """

    def set_security_groups(
        self, subnet_id: str, ip_address: str, groups: Sequence[RoutingObject], *, filtered: bool
    ) -> None:
        """Set the groups of the interface with this address, if a server has it."""

    def allocate_address(self, token: str) -> str:
        """Allocate the address of a new floating IP, or return the one with `token`.

        Only for connectors that declare `assigns_floating_addresses`. Raises: InsufficientCapacity, NotSupported.
        """
