"""`/types/{type_id}/encryption`. Source: cinder/api/contrib/volume_type_encryption.py."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.kit.clock import Micros, format_iso_naive
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.volume import policy
from stratiform.services.volume.model.type_properties import Encryption

_PATH = "/types/{type_id}/encryption"
_ITEM_PATH = "/types/{type_id}/encryption/{encryption_id}"


class EncryptionCreate(Struct):
    provider: str
    control_location: str = "front-end"
    cipher: str | None = None
    key_size: int | None = None


class EncryptionCreateRequest(Struct):
    encryption: EncryptionCreate


class EncryptionUpdate(Struct):
    provider: str | UnsetType = UNSET
    control_location: str | UnsetType = UNSET
    cipher: str | UnsetType | None = UNSET
    key_size: int | UnsetType | None = UNSET


class EncryptionUpdateRequest(Struct):
    encryption: EncryptionUpdate


class EncryptionSummary(Struct, kw_only=True):
    volume_type_id: str
    encryption_id: str
    provider: str
    control_location: str
    cipher: str | None
    key_size: int | None


class EncryptionDetail(EncryptionSummary, kw_only=True):
    created_at: str
    updated_at: str | None
    deleted: bool = False
    deleted_at: str | None = None


class EncryptionResponse(Struct):
    encryption: EncryptionSummary


class UpdatedEncryptionResponse(Struct):
    encryption: dict[str, object]


class NoEncryption(Struct):
    """The response for a type without encryption: an empty object."""


@api.get(_PATH, policy.TYPE_ENCRYPTION_GET)
def show_encryption(request: ApiRequest, type_id: str) -> EncryptionDetail | NoEncryption:
    encryption = request.services.volume.type_encryptions.find(request.ctx, type_id)
    return NoEncryption() if encryption is None else _detail(encryption)


@api.post(_PATH, policy.TYPE_ENCRYPTION_CREATE)
def create_encryption(request: ApiRequest, type_id: str, body: EncryptionCreateRequest) -> EncryptionResponse:
    new = body.encryption
    encryption = request.services.volume.type_encryptions.create(
        request.ctx,
        type_id,
        provider=new.provider,
        control_location=new.control_location,
        cipher=new.cipher,
        key_size=new.key_size,
    )
    return EncryptionResponse(_summary(encryption))


@api.get(_ITEM_PATH, policy.TYPE_ENCRYPTION_GET)
def show_encryption_field(request: ApiRequest, type_id: str, encryption_id: str) -> dict[str, object]:
    """Show one field of an encryption; the last segment of the path is its name."""
    encryption = request.services.volume.type_encryptions.find(request.ctx, type_id)
    name = encryption_id
    fields: dict[str, Any] = {}
    if encryption is not None:
        detail = _detail(encryption)
        fields = {field: getattr(detail, field) for field in detail.__struct_fields__}
    if name not in fields:
        raise NotFound(f"Volume type encryption for type {type_id} does not exist.")
    return {name: fields[name]}


@api.put(_ITEM_PATH, policy.TYPE_ENCRYPTION_UPDATE)
def update_encryption(
    request: ApiRequest, type_id: str, encryption_id: str, body: EncryptionUpdateRequest
) -> UpdatedEncryptionResponse:
    """Update an encryption, and return the changed fields."""
    values = {name: getattr(body.encryption, name) for name in body.encryption.__struct_fields__}
    changes = {name: value for name, value in values.items() if value is not UNSET}
    if not changes:
        raise Invalid("Must specify at least one of provider, control_location, cipher and key_size.")
    request.services.volume.type_encryptions.update(request.ctx, type_id, encryption_id, **changes)
    return UpdatedEncryptionResponse(changes)


@api.delete(_ITEM_PATH, policy.TYPE_ENCRYPTION_DELETE, status=202)
def delete_encryption(request: ApiRequest, type_id: str, encryption_id: str) -> None:
    request.services.volume.type_encryptions.delete(request.ctx, type_id, encryption_id)


def _summary(encryption: Encryption) -> EncryptionSummary:
    return EncryptionSummary(
        volume_type_id=encryption.type_id,
        encryption_id=encryption.id,
        provider=encryption.provider,
        control_location=encryption.control_location,
        cipher=encryption.cipher,
        key_size=encryption.key_size,
    )


def _detail(encryption: Encryption) -> EncryptionDetail:
    return EncryptionDetail(
        volume_type_id=encryption.type_id,
        encryption_id=encryption.id,
        provider=encryption.provider,
        control_location=encryption.control_location,
        cipher=encryption.cipher,
        key_size=encryption.key_size,
        created_at=format_iso_naive(encryption.created_at),
        updated_at=_format_time(encryption.updated_at),
    )


def _format_time(at: Micros | None) -> str | None:
    return None if at is None else format_iso_naive(at)
