"""Responses of clouds."""

from stratiform.interfaces.rest.schemas import bindings as binding_schemas
from stratiform.interfaces.rest.schemas import clouds as cloud_schemas
from stratiform.kit.clock import iso
from stratiform.services.clouds.model import Binding, NativeResource


def binding(binding: Binding) -> binding_schemas.Binding:
    return binding_schemas.Binding(
        project_id=binding.project_id,
        cloud=binding.cloud_name,
        cloud_id=binding.cloud_id,
        zone=binding.zone,
        native_zone=binding.native_zone,
        created_at=iso(binding.created_at),
    )


def native_resource(native: NativeResource) -> cloud_schemas.NativeResource:
    return cloud_schemas.NativeResource(native.cloud_id, native.resource_type, native.resource_id, native.native_id)
