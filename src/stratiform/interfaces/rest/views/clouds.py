"""Responses of clouds."""

from collections.abc import Mapping

from stratiform.interfaces.rest.schemas import bindings as binding_schemas
from stratiform.interfaces.rest.schemas import clouds as cloud_schemas
from stratiform.kit.clock import format_iso
from stratiform.services.clouds.model import Binding, NativeIdMapping


def binding(binding: Binding, names: Mapping[str, str]) -> binding_schemas.Binding:
    """`names` are those of projects, by id."""
    return binding_schemas.Binding(
        project_id=binding.project_id,
        project_name=names.get(binding.project_id, ""),
        cloud=binding.cloud_name,
        cloud_id=binding.cloud_id,
        zone=binding.zone,
        native_zone=binding.native_zone,
        created_at=format_iso(binding.created_at),
    )


def native_id_mapping(native: NativeIdMapping, name: str) -> cloud_schemas.NativeIdMapping:
    """`name` is that of the image, flavor or volume type."""
    return cloud_schemas.NativeIdMapping(
        cloud_id=native.cloud_id,
        resource_type=native.resource_type,
        resource_id=native.resource_id,
        resource_name=name,
        native_id=native.native_id,
    )
