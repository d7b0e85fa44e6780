"""Server types capability of OpenStack: the flavors that the project can use.

Source: Compute API, "Flavors".
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.connectors.openstack.flavors import Flavor
from stratiform.contract.server_types import NativeServerType

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client


class OpenstackServerTypeDriver:
    """Implements contract.server_types.ServerTypeDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list(self) -> Iterator[NativeServerType]:
        flavors = self._client.list_items("compute", "/flavors/detail", "flavors", Flavor)
        return iter(
            sorted(
                (
                    NativeServerType(flavor.id, flavor.name, flavor.vcpus, flavor.ram, flavor.disk)
                    for flavor in flavors
                    if not flavor.is_disabled
                ),
                key=lambda server_type: server_type.id,
            )
        )
