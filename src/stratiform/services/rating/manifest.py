"""The manifest of rating."""

from stratiform.services.manifest import Environment, ServiceManifest, ServiceRegistry, declared_tables
from stratiform.services.rating import tables
from stratiform.services.rating.service import RatingService


def _build(env: Environment, _registry: ServiceRegistry) -> RatingService:
    return RatingService(ids=env.ids)


manifest = ServiceManifest(name="rating", build=_build, tables=declared_tables(tables))
