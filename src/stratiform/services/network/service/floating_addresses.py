"""Addresses of floating IPs that their cloud chooses, such as Elastic IP addresses of AWS."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.contract import registry
from stratiform.contract.errors import NotSupported
from stratiform.kit.clock import MINUTE_US
from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network import policy
from stratiform.services.network.repository import cloud_objects
from stratiform.services.network.service.ownership import resolve_owner

#: The time after which the address of a floating IP that was not created is released.
_UNUSED_US = 5 * MINUTE_US


@dataclass(frozen=True, slots=True)
class AddressReservation:
    """A floating IP that is created with the next address of a cloud."""

    floating_ip_id: str
    cloud_id: str


@dataclass(frozen=True, slots=True)
class FloatingAddresses:
    """Allocates addresses in the default cloud of a project.

    A reservation is recorded before the address is allocated. The worker releases the address if the floating IP is
    not created, also after a lost response or a crash.
    """

    ids: Ids
    clouds: CloudsService

    def is_needed(self, ctx: RequestContext, project_id: str | None) -> bool:
        """Return True if the default cloud of the project chooses the addresses."""
        return bool(self._find_cloud(ctx, resolve_owner(ctx.caller, project_id)))

    def reserve(self, ctx: RequestContext, project_id: str | None) -> AddressReservation:
        owner = resolve_owner(ctx.caller, project_id)
        policy.FLOATING_IPS.create.require(ctx.caller, owner)
        reservation = AddressReservation(self.ids.uuid(), self._find_cloud(ctx, owner))
        cloud_objects.save_cloud(ctx.db, "floating_ip", reservation.floating_ip_id, reservation.cloud_id)
        enqueue(ctx.db, "network.floating_ip", reservation.floating_ip_id, ctx.now + _UNUSED_US)
        return reservation

    def allocate(self, reservation: AddressReservation) -> str:
        """Return the address of a reservation. No transaction is open. Raises: contract.errors."""
        routing = self.clouds.connections.get(reservation.cloud_id).routing
        if routing is None:
            raise NotSupported("the cloud has no routing capability")
        return routing.allocate_address(reservation.floating_ip_id)

    def release(self, ctx: RequestContext, reservations: Sequence[AddressReservation]) -> None:
        """Release the addresses of floating IPs that were not created."""
        for reservation in reservations:
            enqueue(ctx.db, "network.floating_ip", reservation.floating_ip_id, ctx.now)

    def _find_cloud(self, ctx: RequestContext, project_id: str) -> str:
        clouds = self.clouds.bindings.list_clouds(ctx.db, project_id)
        return clouds[0].id if clouds and registry.assigns_floating_addresses(clouds[0].kind) else ""
