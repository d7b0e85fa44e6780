"""The manifest of audits."""

from stratiform.services.audit import policy
from stratiform.services.audit.service import AuditService
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> AuditService:
    return AuditService.build(
        env.database,
        env.clock,
        registry.get(LedgerService),
        registry.get(IngestService),
        registry.get(CloudsService),
    )


manifest = ServiceManifest(name="audit", build=_build, rules=policy.RULES)
