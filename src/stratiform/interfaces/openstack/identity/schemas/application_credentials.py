"""Application credentials and access rules."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.openstack.identity.schemas.common import Name, PageLinks, PageQuery, SelfLink


class RoleReference(Struct):
    """A role by its id or by its name."""

    id: str = ""
    name: str = ""


class ApplicationCredentialCreate(Struct):
    name: Name
    secret: str | None = None
    description: str | None = None
    expires_at: str | None = None
    unrestricted: bool = False
    roles: list[RoleReference] = []
    access_rules: list[Any] = []


class ApplicationCredentialRequest(Struct):
    application_credential: ApplicationCredentialCreate


class ApplicationCredentialListQuery(PageQuery, kw_only=True):
    name: str | UnsetType = UNSET


class CredentialRole(Struct):
    id: str
    name: str
    domain_id: str | None


class ApplicationCredential(Struct, kw_only=True):
    """`secret` is only in the response of the request that creates the credential."""

    id: str
    name: str
    description: str | None
    user_id: str
    project_id: str
    system: str | None = None
    expires_at: str | None
    unrestricted: bool
    roles: list[CredentialRole]
    links: SelfLink
    secret: str | UnsetType = UNSET


class ApplicationCredentialResponse(Struct):
    application_credential: ApplicationCredential


class ApplicationCredentialsResponse(Struct):
    application_credentials: list[ApplicationCredential]
    links: PageLinks
    truncated: bool | UnsetType = UNSET


class AccessRule(Struct):
    id: str
    service: str
    method: str
    path: str


class AccessRulesResponse(Struct):
    access_rules: list[AccessRule]
    links: PageLinks
