"""The manifest of rating."""

from stratiform.services.clouds.service import CloudsService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables
from stratiform.services.rating import policy, tables
from stratiform.services.rating.service import RatingService


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> RatingService:
    rating = RatingService.build(env.ids, registry.get(LedgerService))
    registry.get(CloudsService).placement_policies.prices.register(rating.cloud_prices)
    return rating


manifest = ServiceManifest(name="rating", build=_build, tables=list_declared_tables(tables), rules=policy.RULES)
