"""The manifest of the network service."""

from stratiform.services.clouds.service import CloudsService
from stratiform.services.manifest import Environment, ServiceManifest, ServiceRegistry, declared_tables
from stratiform.services.network import policy, tables, tasks
from stratiform.services.network.service import NetworkService


def _build(env: Environment, registry: ServiceRegistry) -> NetworkService:
    return NetworkService.build(database=env.database, ids=env.ids, clouds=registry.get(CloudsService))


manifest = ServiceManifest(
    name="network",
    build=_build,
    tables=declared_tables(tables),
    rules=policy.RULES,
    handlers=lambda registry: tasks.handlers(registry.get(NetworkService)),
)
