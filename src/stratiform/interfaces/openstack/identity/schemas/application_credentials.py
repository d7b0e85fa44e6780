"""Application credentials and access rules."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.openstack.identity.schemas.common import Name, PageLinks, PageQuery, SelfLink


class RoleReference(Struct):
    """A role by its id or by its name."""

    id: str = ""
    name: str = ""


class AccessRuleReference(Struct):
    """A new access rule, or an existing one by its id."""

    id: str = ""
    service: str = ""
    method: Annotated[str, Meta(pattern=r"^(|GET|HEAD|POST|PUT|PATCH|DELETE)$")] = ""
    path: Annotated[str, Meta(max_length=128)] = ""


class ApplicationCredentialCreate(Struct):
    name: Name
    secret: str | None = None
    description: str | None = None
    expires_at: str | None = None
    unrestricted: bool = False
    roles: list[RoleReference] = []
    access_rules: list[AccessRuleReference] | None = None


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
    access_rules: list[Any] | UnsetType = UNSET
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
    links: SelfLink


class AccessRuleResponse(Struct):
    access_rule: AccessRule


class AccessRulesResponse(Struct):
    access_rules: list[AccessRule]
    links: PageLinks
