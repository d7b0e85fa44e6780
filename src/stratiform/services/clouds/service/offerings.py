"""Offerings of clouds: the types of servers from which flavors can be registered."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract.offerings import NativeOffering, OfferingDriver
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import UnsupportedOperation
from stratiform.services.clouds import policy
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service.connections import Connections, require_no_transaction


@dataclass(frozen=True, slots=True)
class Offerings:
    """The types of servers that clouds offer."""

    connections: Connections

    def list(self, ctx: RequestContext, cloud: Cloud) -> Sequence[NativeOffering]:
        """Return the offerings of a cloud, ordered by id, after the transaction of `ctx` has ended.

        Raises: UnsupportedOperation if the connector has no offerings; CloudUnreachable, CredentialsRejected.
        """
        policy.NATIVE_IDS_REGISTER.require(ctx.caller, None)
        require_no_transaction(ctx)
        connection = self.connections.get(cloud.id)
        driver: OfferingDriver | None = getattr(connection, "offerings", None)
        if driver is None:
            raise UnsupportedOperation(
                f"Clouds of the kind {cloud.kind} do not list their types of servers",
                hint="map flavors individually: stratiform clouds flavors register",
            )
        return list(driver.list())
