"""Users."""

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


class UserUpdate(ResourceBody, kw_only=True):
    name: Name | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    password: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    default_project_id: str | UnsetType | None = UNSET
    options: JsonObject | UnsetType = UNSET


class UserCreate(UserUpdate, kw_only=True):
    name: Name


class UserCreateRequest(Struct):
    user: UserCreate


class UserUpdateRequest(Struct):
    user: UserUpdate


class PasswordChange(Struct):
    password: str
    original_password: str


class PasswordChangeRequest(Struct):
    user: PasswordChange


class UserListQuery(NamedResourceListQuery, kw_only=True):
    domain_id: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class User(ExtensibleStruct, kw_only=True):
    id: str
    name: str
    domain_id: str
    enabled: bool
    password_expires_at: str | None = None
    options: JsonObject
    links: SelfLink
    default_project_id: str | UnsetType = UNSET


class UserResponse(Struct):
    user: User


class UsersResponse(Struct):
    users: list[User]
    links: PageLinks
    truncated: bool | UnsetType = UNSET
