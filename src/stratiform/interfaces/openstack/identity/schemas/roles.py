"""Roles and implied roles."""

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.openstack.identity.schemas.common import (
    Name,
    NamedResourceListQuery,
    PageLinks,
    ResourceBody,
    SelfLink,
)
from stratiform.services.identity.model import JsonObject


class RoleUpdate(ResourceBody, kw_only=True):
    name: Name | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    options: JsonObject | UnsetType = UNSET


class RoleCreate(RoleUpdate, kw_only=True):
    name: Name


class RoleCreateRequest(Struct):
    role: RoleCreate


class RoleUpdateRequest(Struct):
    role: RoleUpdate


class RoleListQuery(NamedResourceListQuery, kw_only=True):
    domain_id: str | UnsetType = UNSET


class Role(ExtensibleStruct, kw_only=True):
    id: str
    name: str
    domain_id: str | None
    description: str | None
    options: JsonObject
    links: SelfLink


class RoleResponse(Struct):
    role: Role


class RolesResponse(Struct):
    roles: list[Role]
    links: PageLinks
    truncated: bool | UnsetType = UNSET


class InferredRole(Struct):
    id: str
    name: str
    links: SelfLink


class RoleInference(Struct):
    """A prior role and the role it implies, or all roles it implies."""

    prior_role: InferredRole
    implies: InferredRole | list[InferredRole]


class RoleInferenceResponse(Struct):
    role_inference: RoleInference
    links: SelfLink


class RoleInferencesResponse(Struct):
    role_inferences: list[RoleInference]
    links: SelfLink
