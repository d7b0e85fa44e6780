"""Credentials, EC2 credentials and trusts."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.openstack.identity.schemas.application_credentials import RoleReference
from stratiform.interfaces.openstack.identity.schemas.common import PageQuery, ShortName


class CredentialUpdate(Struct, kw_only=True):
    user_id: ShortName | UnsetType = UNSET
    project_id: str | UnsetType | None = UNSET
    type: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    blob: str | UnsetType = UNSET


class CredentialCreate(CredentialUpdate, kw_only=True):
    user_id: ShortName
    project_id: str | None = None
    type: Annotated[str, Meta(min_length=1, max_length=255)]
    blob: str


class CredentialCreateRequest(Struct):
    credential: CredentialCreate


class CredentialUpdateRequest(Struct):
    credential: CredentialUpdate


class CredentialListQuery(PageQuery, kw_only=True):
    user_id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class Ec2CredentialRequest(Struct):
    tenant_id: str


class TrustCreate(Struct, kw_only=True):
    trustor_user_id: ShortName
    trustee_user_id: ShortName
    impersonation: bool
    project_id: str | None = None
    roles: list[RoleReference] = []
    expires_at: str | None = None
    remaining_uses: Annotated[int, Meta(ge=1)] | None = None
    allow_redelegation: bool = False
    redelegation_count: int | None = None


class TrustRequest(Struct):
    trust: TrustCreate


class TrustListQuery(PageQuery, kw_only=True):
    trustor_user_id: str = ""
    trustee_user_id: str = ""
