"""The values of volume actions."""

from msgspec import Struct


class Extend(Struct):
    new_size: int


class ResetStatus(Struct):
    status: str | None = None
    attach_status: str | None = None
    migration_status: str | None = None


class SetBootable(Struct):
    bootable: bool


class UpdateReadonlyFlag(Struct):
    readonly: bool


class Retype(Struct):
    new_type: str
    migration_policy: str | None = None


class SetImageMetadata(Struct):
    metadata: dict[str, str]


class UnsetImageMetadata(Struct):
    key: str
