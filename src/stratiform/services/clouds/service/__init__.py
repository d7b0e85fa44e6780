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
from stratiform.services.clouds.service.credential_checks import CredentialChecks
from stratiform.services.clouds.service.native_ids import NativeIds


@dataclass(frozen=True, slots=True)
class CloudsService:
    """Cloud accounts, connections to them, checks of credentials, bindings of projects, and native ids."""

    accounts: CloudAccounts
    connections: Connections
    credential_checks: CredentialChecks
    bindings: Bindings
    native_ids: NativeIds

    @classmethod
    def build(cls, *, database: Database, ids: Ids, keys: KeyRepository, installation: Installation) -> "CloudsService":
        """Return the service; `keys` encrypt the secrets of cloud accounts."""
        settings = CloudAccountSettings(keys)
        connections = Connections(database, settings, installation)
        return cls(
            accounts=CloudAccounts(ids, settings, connections),
            connections=connections,
            credential_checks=CredentialChecks(connections),
            bindings=Bindings(connections),
            native_ids=NativeIds(connections),
        )
