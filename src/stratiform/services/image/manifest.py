"""The manifest of the image service."""

from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.service import IdentityService
from stratiform.services.image import policy, tables, tasks
from stratiform.services.image.service import ImageService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> ImageService:
    return ImageService.build(
        database=env.database,
        ids=env.ids,
        clouds=registry.get(CloudsService),
        identity=registry.get(IdentityService),
        home=env.home,
        settings=env.image_settings,
        clock=env.clock,
        publishes_notifications=env.publishes_notifications,
    )


manifest = ServiceManifest(
    name="image",
    build=_build,
    tables=list_declared_tables(tables),
    rules=policy.RULES,
    handlers=lambda registry: tasks.build_handlers(registry.get(ImageService)),
)
