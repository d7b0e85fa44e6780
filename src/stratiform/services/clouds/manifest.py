"""The manifest of the clouds service."""

from stratiform.services.clouds import policy, tables, tasks
from stratiform.services.clouds.service import CloudsService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables


def _build(env: ServiceEnvironment, _registry: ServiceRegistry) -> CloudsService:
    return CloudsService.build(database=env.database, ids=env.ids, keys=env.secret_keys, installation=env.installation)


manifest = ServiceManifest(
    name="clouds",
    build=_build,
    tables=list_declared_tables(tables),
    rules=policy.RULES,
    handlers=lambda registry: tasks.build_handlers(registry.get(CloudsService)),
    recurring=(tasks.SCHEDULE_CHECKS,),
)
