"""Quotas."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.services.network.service.quotas import DEFAULT_LIMITS


class QuotaResponse(Struct):
    quota: dict[str, int]


class QuotasResponse(Struct):
    quotas: list[dict[str, int | str]]


Limit = Annotated[int, Meta(ge=-1, le=2**31 - 1)]

#: The limits to set, by resource; -1: unlimited.
QuotaUpdate = msgspec.defstruct(
    "QuotaUpdate",
    [
        *((name, Limit | UnsetType, UNSET) for name in DEFAULT_LIMITS),
        *((name, bool | UnsetType, UNSET) for name in ("force", "check_limit")),
        *((name, str | UnsetType, UNSET) for name in ("project_id", "tenant_id")),
    ],
    forbid_unknown_fields=True,
    kw_only=True,
    module=__name__,
)

QuotaUpdateRequest = msgspec.defstruct("QuotaUpdateRequest", [("quota", QuotaUpdate)], module=__name__)


class QuotaDetail(Struct):
    limit: int
    used: int
    reserved: int = 0


class QuotaDetailsResponse(Struct):
    quota: dict[str, QuotaDetail]
