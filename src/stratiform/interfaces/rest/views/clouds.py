"""Responses of clouds."""

from collections.abc import Mapping

from stratiform.interfaces.rest.schemas import bindings as binding_schemas
from stratiform.interfaces.rest.schemas import clouds as cloud_schemas
from stratiform.kit.clock import format_iso
from stratiform.services.clouds.model import Binding, Cloud, NativeIdMapping
from stratiform.services.clouds.model.credential_checks import CredentialCheck
from stratiform.services.compute.model.flavor_changes import FlavorChange


def cloud(cloud: Cloud, check: CredentialCheck | None) -> cloud_schemas.Cloud:
    """`check` is the last one of the cloud's credentials."""
    return cloud_schemas.Cloud(
        id=cloud.id,
        name=cloud.name,
        kind=cloud.kind,
        settings=cloud.settings,
        created_at=format_iso(cloud.created_at),
        updated_at=format_iso(cloud.updated_at),
        credentials="" if check is None else check.status,
        labels=cloud.labels,
        revision=cloud.revision,
    )


def credential_check(check: CredentialCheck) -> cloud_schemas.CredentialCheck:
    return cloud_schemas.CredentialCheck(
        status=check.status,
        checked_at=format_iso(check.checked_at),
        error=check.error,
        valid_at=None if check.valid_at is None else format_iso(check.valid_at),
        identity=check.identity,
        zones=check.zones,
    )


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
        pool=binding.pool_name,
    )


def native_id_mapping(native: NativeIdMapping, name: str) -> cloud_schemas.NativeIdMapping:
    """`name` is that of the image, flavor or volume type."""
    return cloud_schemas.NativeIdMapping(
        cloud_id=native.cloud_id,
        resource_type=native.resource_type,
        resource_id=native.resource_id,
        resource_name=name,
        native_id=native.native_id,
        default_flavor_id=native.default_flavor_id,
    )


def flavor_change(change: FlavorChange, applied: bool) -> cloud_schemas.FlavorChange:
    flavor, size = change.flavor, change.size
    new_name = change.native_type if size is None else size.name
    return cloud_schemas.FlavorChange(
        action=change.action,
        native_id=change.native_type,
        flavor_id="" if flavor is None else flavor.id,
        flavor=new_name if flavor is None else flavor.name,
        reason=change.reason,
        applied=applied,
    )
