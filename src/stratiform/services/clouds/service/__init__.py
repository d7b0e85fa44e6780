"""The clouds service."""

from dataclasses import dataclass

from stratiform.contract.connector import Installation
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service.account_settings import CloudAccountSettings
from stratiform.services.clouds.service.bindings import Bindings
from stratiform.services.clouds.service.cloud_accounts import CloudAccounts
from stratiform.services.clouds.service.connections import Connections
from stratiform.services.clouds.service.native_ids import NativeIds
from stratiform.services.clouds.service.server_types import ServerTypes


@dataclass(frozen=True, slots=True)
class CloudsService:
    """Cloud accounts, connections to them, bindings of projects, native ids, and types of servers."""

    accounts: CloudAccounts
    connections: Connections
    bindings: Bindings
    native_ids: NativeIds
    server_types: ServerTypes

    @classmethod
    def build(cls, *, database: Database, ids: Ids, keys: KeyRepository, installation: Installation) -> "CloudsService":
        """Return the service; `keys` encrypt the secrets of cloud accounts."""
        settings = CloudAccountSettings(keys)
        connections = Connections(database, settings, installation)
        return cls(
            accounts=CloudAccounts(ids, settings, connections),
            connections=connections,
            bindings=Bindings(connections),
            native_ids=NativeIds(connections),
            server_types=ServerTypes(connections),
        )
