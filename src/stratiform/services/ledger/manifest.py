"""The manifest of the usage ledger."""

from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.service import IdentityService
from stratiform.services.ledger import policy, tables
from stratiform.services.ledger.model import MeterCatalog
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables


def _build(_env: ServiceEnvironment, registry: ServiceRegistry) -> LedgerService:
    return LedgerService.build(registry.get(MeterCatalog), registry.get(CloudsService), registry.get(IdentityService))


manifest = ServiceManifest(name="ledger", build=_build, tables=list_declared_tables(tables), rules=policy.RULES)
