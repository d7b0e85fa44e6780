"""The manifest of the volume service."""

from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.service import ImageService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables
from stratiform.services.volume import events, policy, tables, tasks
from stratiform.services.volume.model import QuotaDefaults
from stratiform.services.volume.service import VolumeService


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> VolumeService:
    return VolumeService.build(
        ids=env.ids,
        clouds=registry.get(CloudsService),
        images=registry.get(ImageService),
        quotas=QuotaDefaults(**env.volume_quotas),
    )


manifest = ServiceManifest(
    name="volume",
    build=_build,
    tables=list_declared_tables(tables),
    rules=policy.RULES,
    handlers=lambda registry: tasks.build_handlers(registry.get(VolumeService)),
    recurring=(tasks.SURVEY, tasks.DELETE_MESSAGES),
    event_types=events.EVENT_TYPES,
)
