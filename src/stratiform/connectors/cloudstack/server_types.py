"""Server types capability of CloudStack: the fixed service offerings. Source: API reference (listServiceOfferings)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack.offerings import list_service_offerings
from stratiform.contract.server_types import NativeServerType

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client


class CloudStackServerTypeDriver:
    """Implements contract.server_types.ServerTypeDriver. It omits customized offerings, which have no size."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list(self) -> Iterator[NativeServerType]:
        for offering in sorted(list_service_offerings(self._client), key=lambda item: item.name):
            if not offering.is_custom:
                yield NativeServerType(offering.name, offering.name, offering.vcpus, offering.ram_mib)
