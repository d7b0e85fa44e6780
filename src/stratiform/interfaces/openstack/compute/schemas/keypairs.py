"""Key pairs."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.compute.schemas.common import Link, Name, PageQuery
from stratiform.kit.pagination import Page


class KeyPairOwnerQuery(Struct):
    """`user_id`: another user, for operators."""

    user_id: Annotated[str | None, Since(10)] = None


class KeyPairListQuery(KeyPairOwnerQuery, kw_only=True):
    limit: Annotated[str | None, Since(35)] = None
    marker: Annotated[str | None, Since(35)] = None

    def page(self) -> Page:
        """Raises Invalid."""
        return PageQuery(self.limit, self.marker).page()


class KeyPairCreate(Struct, forbid_unknown_fields=True):
    name: Name
    public_key: str | None = None
    type: Annotated[str | UnsetType, Since(2)] = UNSET
    user_id: Annotated[str | UnsetType, Since(10)] = UNSET


class KeyPairCreateRequest(Struct, forbid_unknown_fields=True):
    keypair: KeyPairCreate


class KeyPairSummary(Struct):
    name: str
    public_key: str
    fingerprint: str
    type: Annotated[str, Since(2)]


class KeyPairDetail(KeyPairSummary, kw_only=True):
    id: int
    user_id: str
    created_at: str
    updated_at: str | None = None
    deleted: bool = False
    deleted_at: str | None = None


class CreatedKeyPair(KeyPairSummary, kw_only=True):
    """`private_key` is present if the key was generated."""

    user_id: str
    private_key: str | UnsetType = UNSET


class KeyPairItem(Struct):
    keypair: KeyPairSummary


class KeyPairsResponse(Struct):
    keypairs: list[KeyPairItem]
    keypairs_links: list[Link] | UnsetType = UNSET


class KeyPairResponse(Struct):
    keypair: KeyPairDetail


class KeyPairCreateResponse(Struct):
    keypair: CreatedKeyPair
