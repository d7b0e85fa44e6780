"""Routing capability: routers, floating IPs and security groups in a cloud."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

#: The kinds of routing objects.
Kind = Literal["router", "floating_ip", "security_group"]


@dataclass(frozen=True, slots=True)
class RoutingObject:
    """The desired state of one object. `token` is its id in our API.

    `properties` of a router: `interfaces` (subnet token and address each), `gateway_addresses`, `snat`, `routes`. Of a
    floating IP: `address`, `fixed_address`, `subnet` (token), `forwardings`. Of a security group: `rules`, and
    `addresses`, those of the interfaces in it.
    """

    kind: Kind
    token: str
    name: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)


class RoutingDriver(Protocol):
    """Operations on routing objects. All are idempotent and raise errors of `contract.errors`."""

    def apply(self, desired: RoutingObject) -> None:
        """Create an object, or replace the one with its kind and token."""

    def delete(self, kind: Kind, token: str) -> None:
        """Delete an object; succeeds if it does not exist."""

    def list_objects(self) -> Iterator[RoutingObject]:
        """Iterate over all objects of this installation."""
