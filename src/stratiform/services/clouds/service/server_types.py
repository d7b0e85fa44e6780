"""Types of servers that clouds offer, from which flavors can be registered."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract.server_types import NativeServerType, ServerTypeDriver
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import UnsupportedOperation
from stratiform.services.clouds import policy
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service.connections import Connections, require_no_transaction


@dataclass(frozen=True, slots=True)
class ServerTypes:
    """The types of servers that clouds offer."""

    connections: Connections

    def list(self, ctx: RequestContext, cloud: Cloud) -> Sequence[NativeServerType]:
        """Return the types of a cloud, ordered by id, after the transaction of `ctx` has ended.

        Raises: UnsupportedOperation if the connector does not list them; CloudUnreachable, CredentialsRejected.
        """
        policy.NATIVE_IDS_REGISTER.require(ctx.caller, None)
        require_no_transaction(ctx)
        connection = self.connections.get(cloud.id)
        driver: ServerTypeDriver | None = getattr(connection, "server_types", None)
        if driver is None:
            raise UnsupportedOperation(
                f"Clouds of the kind {cloud.kind} do not list their types of servers",
                hint="map flavors individually: stratiform clouds flavors register",
            )
        return list(driver.list())
