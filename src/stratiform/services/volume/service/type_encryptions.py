"""Encryption of volume types. Source: cinder/api/contrib/volume_type_encryption.py."""

from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import EncryptionNotFound, InvalidInput
from stratiform.services.volume.model.type_properties import CONTROL_LOCATIONS, Encryption
from stratiform.services.volume.repository import type_properties
from stratiform.services.volume.service.volume_types import VolumeTypes


@dataclass(frozen=True, slots=True)
class TypeEncryptions:
    """Create, read, update and delete the encryption of a volume type. It cannot change while volumes use the type."""

    ids: Ids
    volume_types: VolumeTypes

    def find(self, ctx: RequestContext, type_id: str) -> Encryption | None:
        """Return the encryption of a type, or None. Raises VolumeTypeNotFound."""
        policy.TYPE_ENCRYPTION_GET.require(ctx.caller, None)
        self.volume_types.get(ctx, type_id)
        return type_properties.encryptions.find(ctx.db, type_id)

    def create(
        self,
        ctx: RequestContext,
        type_id: str,
        *,
        provider: str,
        control_location: str,
        cipher: str | None,
        key_size: int | None,
    ) -> Encryption:
        """Raises VolumeTypeNotFound, InvalidInput, Invalid if the type has an encryption, or is in use."""
        self._require_unused(ctx, policy.TYPE_ENCRYPTION_CREATE, type_id, "Cannot create encryption specs")
        if type_properties.encryptions.find(ctx.db, type_id) is not None:
            raise Invalid(f"Volume type encryption for type {type_id} already exists.")
        encryption = Encryption(type_id, self.ids.uuid(), provider, control_location, cipher, key_size, ctx.now)
        return type_properties.encryptions.insert(ctx.db, _checked(encryption))

    def update(self, ctx: RequestContext, type_id: str, encryption_id: str, **changes: Any) -> Encryption:
        """Change fields of an encryption. Raises EncryptionNotFound, InvalidInput, Invalid if the type is in use."""
        self._require_unused(ctx, policy.TYPE_ENCRYPTION_UPDATE, type_id, "Cannot update encryption specs")
        encryption = _get(ctx, type_id, encryption_id)
        return type_properties.encryptions.save(ctx.db, _checked(replace(encryption, updated_at=ctx.now, **changes)))

    def delete(self, ctx: RequestContext, type_id: str, encryption_id: str) -> None:
        """Raises EncryptionNotFound, Invalid if the type is in use."""
        self._require_unused(ctx, policy.TYPE_ENCRYPTION_DELETE, type_id, "Cannot delete encryption specs")
        _get(ctx, type_id, encryption_id)
        type_properties.encryptions.delete(ctx.db, type_properties.encryptions.key == type_id)

    def _require_unused(self, ctx: RequestContext, rule: Rule, type_id: str, problem: str) -> None:
        rule.require(ctx.caller, None)
        self.volume_types.get(ctx, type_id)
        if repository.is_type_in_use(ctx.db, type_id):
            raise Invalid(f"{problem}. Volume type in use.")


def _get(ctx: RequestContext, type_id: str, encryption_id: str) -> Encryption:
    encryption = type_properties.encryptions.find(ctx.db, type_id)
    if encryption is None or encryption.id != encryption_id:
        raise EncryptionNotFound(type_id)
    return encryption


def _checked(encryption: Encryption) -> Encryption:
    """Raises InvalidInput."""
    if encryption.control_location not in CONTROL_LOCATIONS:
        raise InvalidInput(f"Valid control location are: {list(CONTROL_LOCATIONS)}")
    if not encryption.provider or len(encryption.provider) > 255 or len(encryption.cipher or "") > 255:
        raise InvalidInput("provider must be defined, and provider and cipher have at most 255 characters")
    if encryption.key_size is not None and not 0 <= encryption.key_size < 2**31:
        raise InvalidInput(f"key_size must be an integer between 0 and {2**31 - 1}")
    return encryption
