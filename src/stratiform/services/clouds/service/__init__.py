"""The clouds service."""

from dataclasses import dataclass

from stratiform.contract.connector import Installation
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service.account_quotas import AccountQuotas
from stratiform.services.clouds.service.account_settings import CloudAccountSettings
from stratiform.services.clouds.service.bindings import Bindings
from stratiform.services.clouds.service.cloud_accounts import CloudAccounts
from stratiform.services.clouds.service.connections import Connections
from stratiform.services.clouds.service.credential_checks import CredentialChecks
from stratiform.services.clouds.service.native_ids import NativeIds
from stratiform.services.clouds.service.placement_policies import PlacementPolicies
from stratiform.services.clouds.service.pools import Pools
from stratiform.services.clouds.service.price_estimates import PriceEstimates
from stratiform.services.clouds.service.server_types import ServerTypes


@dataclass(frozen=True, slots=True)
class CloudsService:
    """Cloud accounts with connections and quotas, pools, bindings, placement policies, native ids, server types."""

    accounts: CloudAccounts
    connections: Connections
    credential_checks: CredentialChecks
    account_quotas: AccountQuotas
    pools: Pools
    bindings: Bindings
    placement_policies: PlacementPolicies
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
            credential_checks=CredentialChecks(connections),
            account_quotas=AccountQuotas(),
            pools=Pools(ids),
            bindings=Bindings(connections),
            placement_policies=PlacementPolicies(PriceEstimates()),
            native_ids=NativeIds(connections),
            server_types=ServerTypes(connections),
        )
