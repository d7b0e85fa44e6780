"""The manifest of audits."""

from stratiform.services.audit import policy, tables
from stratiform.services.audit.service import AuditService
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> AuditService:
    return AuditService.build(
        env.database,
        env.clock,
        env.ids,
        registry.get(LedgerService),
        registry.get(IngestService),
        registry.get(CloudsService),
    )


manifest = ServiceManifest(name="audit", build=_build, tables=list_declared_tables(tables), rules=policy.RULES)
