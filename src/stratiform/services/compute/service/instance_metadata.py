"""Metadata of guests. Source: nova/api/metadata; Nova's user guide, "Metadata"."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict
from stratiform.services.compute.model.guest_data import GuestData
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.repository import guests
from stratiform.services.compute.repository import servers as repository
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.service import VolumeService

_SEED_BYTES = 512


@dataclass(frozen=True, slots=True)
class GuestSettings:
    """The domain of host names, and the operator's vendor data."""

    dhcp_domain: str = "novalocal"
    vendor_data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InstanceMetadata:
    """Reads and writes what guests see. Guests have no token: the interface has verified the proxy's signature."""

    network: NetworkService
    volume: VolumeService
    settings: GuestSettings

    def find(self, db: Connection, server_id: str, project_id: str) -> GuestData | None:
        """Return the data of a server of this project; None if it does not exist, or is deleted."""
        server = repository.find_server(db, server_id)
        if server is None or server.deleted_at is not None or server.project_id != project_id:
            return None
        return self.load(db, server)

    def load(self, db: Connection, server: Server) -> GuestData:
        return GuestData(
            server=server,
            interfaces=self.network.guest_interfaces.list(db, server.id),
            attachments=self.volume.attachments.list_by_server(db, server.id),
            random_seed=secrets.token_bytes(_SEED_BYTES),
            password=guests.find_password(db, server.id),
            dhcp_domain=self.settings.dhcp_domain,
            vendor_data=self.settings.vendor_data,
        )

    def set_password(self, db: Connection, server_id: str, password: str) -> None:
        """Store the encrypted password that the guest reports. Raises Conflict if it has one already."""
        if not guests.insert_password(db, server_id, password):
            raise Conflict("The password has already been set.")
