"""Host aggregates."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.compute.schemas.common import Name, Text


class AggregateCreate(Struct, forbid_unknown_fields=True):
    name: Name
    availability_zone: Text | None = None


class AggregateCreateRequest(Struct, forbid_unknown_fields=True):
    aggregate: AggregateCreate


class AggregateUpdate(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    availability_zone: Text | UnsetType | None = UNSET


class AggregateUpdateRequest(Struct, forbid_unknown_fields=True):
    aggregate: AggregateUpdate


class AggregateHost(Struct, forbid_unknown_fields=True):
    host: str


class AggregateMetadata(Struct, forbid_unknown_fields=True):
    """Items with the value null are removed."""

    metadata: dict[str, str | None]


class Aggregate(Struct, kw_only=True):
    id: int
    uuid: Annotated[str, Since(41)]
    name: str
    availability_zone: str | None
    created_at: str
    updated_at: str | None
    deleted: bool = False
    deleted_at: str | None = None


class AggregateDetail(Aggregate, kw_only=True):
    """`hosts` and `metadata` are not in responses to `POST /os-aggregates`."""

    hosts: list[str]
    metadata: dict[str, str]


class AggregatesResponse(Struct):
    aggregates: list[AggregateDetail]


class AggregateResponse(Struct):
    aggregate: AggregateDetail


class AggregateCreateResponse(Struct):
    aggregate: Aggregate
