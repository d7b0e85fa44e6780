"""The manifest of the network service."""

from stratiform.services.clouds.service import CloudsService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables
from stratiform.services.network import events, policy, tables, tasks
from stratiform.services.network.service import NetworkService


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> NetworkService:
    return NetworkService.build(database=env.database, ids=env.ids, clouds=registry.get(CloudsService))


manifest = ServiceManifest(
    name="network",
    build=_build,
    tables=(*list_declared_tables(tables), *tables.resource_tables.values()),
    rules=policy.RULES,
    event_types=events.EVENT_TYPES,
    handlers=lambda registry: tasks.build_handlers(registry.get(NetworkService)),
)
