"""The manifest of billing."""

from stratiform.services.audit.service import AuditService
from stratiform.services.billing import policy, tables
from stratiform.services.billing.service import BillingService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables
from stratiform.services.rating.service import RatingService


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> BillingService:
    return BillingService.build(
        ids=env.ids,
        audit=registry.get(AuditService),
        ledger=registry.get(LedgerService),
        ingest=registry.get(IngestService),
        rating=registry.get(RatingService),
    )


manifest = ServiceManifest(name="billing", build=_build, tables=list_declared_tables(tables), rules=policy.RULES)
