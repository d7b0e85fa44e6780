"""The manifest of ingest."""

from stratiform.kit.outbox import INGEST, PUBLISH
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest import policy, tables, tasks
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> IngestService:
    return IngestService.build(
        registry.get(MessageParser),
        registry.get(LedgerService),
        env.raw_messages_days,
        publishes=env.publishes_notifications,
    )


manifest = ServiceManifest(
    name="ingest",
    build=_build,
    tables=list_declared_tables(tables),
    rules=policy.RULES,
    handlers=lambda registry: tasks.build_handlers(registry.get(IngestService), registry.get(CloudsService)),
    recurring=(INGEST, "ingest.retention", "ingest.poll_sync", PUBLISH),
)
