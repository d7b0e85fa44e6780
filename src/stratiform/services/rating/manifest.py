"""The manifest of rating."""

from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import Environment, ServiceManifest, ServiceRegistry, declared_tables
from stratiform.services.rating import policy, tables
from stratiform.services.rating.service import RatingService


def _build(env: Environment, registry: ServiceRegistry) -> RatingService:
    return RatingService.build(env.ids, registry.get(LedgerService))


manifest = ServiceManifest(name="rating", build=_build, tables=declared_tables(tables), rules=policy.RULES)
