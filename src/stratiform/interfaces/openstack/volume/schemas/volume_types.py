"""Volume types, their extra specs, and access to them."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ADMIN_ONLY
from stratiform.interfaces.openstack.volume.lists import ListQuery
from stratiform.interfaces.openstack.volume.schemas.common import Link


class VolumeTypeCreate(Struct):
    name: str
    description: str | None = None
    extra_specs: dict[str, str] | None = None
    is_public: bool | None = field(name="os-volume-type-access:is_public", default=None)


class VolumeTypeCreateRequest(Struct):
    volume_type: VolumeTypeCreate


class VolumeTypeUpdate(Struct):
    name: str | None = None
    description: str | None = None
    is_public: bool | None = None


class VolumeTypeUpdateRequest(Struct):
    volume_type: VolumeTypeUpdate


class VolumeTypeListQuery(ListQuery, kw_only=True):
    is_public: str | None = None


class VolumeType(Struct, kw_only=True):
    id: str
    name: str
    description: str | None
    is_public: bool
    access_is_public: bool | UnsetType = field(name="os-volume-type-access:is_public")
    extra_specs: dict[str, str]
    qos_specs_id: Annotated[str | UnsetType | None, ADMIN_ONLY] = UNSET


class VolumeTypeResponse(Struct):
    volume_type: VolumeType


class VolumeTypesResponse(Struct):
    volume_types: list[VolumeType]
    volume_type_links: list[Link] | UnsetType = UNSET


class ExtraSpecs(Struct):
    """The body of requests and responses with extra specs."""

    extra_specs: dict[str, str]


class ProjectAccess(Struct):
    """The value of the actions that grant and revoke access."""

    project: str


class TypeAccess(Struct):
    volume_type_id: str
    project_id: str


class TypeAccessResponse(Struct):
    volume_type_access: list[TypeAccess]
