"""Metadata definitions: namespaces, and one collection per kind of item."""

from dataclasses import dataclass

from stratiform.kit.ids import Ids
from stratiform.services.image.service.metadef_items import (
    METADEF_OBJECTS,
    METADEF_PROPERTIES,
    METADEF_RESOURCE_TYPE_ASSOCIATIONS,
    METADEF_TAGS,
    MetadefItems,
    MetadefResourceTypes,
)
from stratiform.services.image.service.metadef_namespaces import MetadefNamespaces


@dataclass(frozen=True, slots=True)
class Metadefs:
    """Source: Image API v2, "Metadata definitions"."""

    namespaces: MetadefNamespaces
    objects: MetadefItems
    properties: MetadefItems
    tags: MetadefItems
    associations: MetadefItems
    resource_types: MetadefResourceTypes

    @classmethod
    def build(cls, ids: Ids) -> "Metadefs":
        return cls(
            MetadefNamespaces(ids),
            METADEF_OBJECTS,
            METADEF_PROPERTIES,
            METADEF_TAGS,
            METADEF_RESOURCE_TYPE_ASSOCIATIONS,
            MetadefResourceTypes(),
        )
