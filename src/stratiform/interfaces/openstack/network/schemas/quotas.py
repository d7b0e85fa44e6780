"""Quotas."""

from msgspec import Struct


class QuotaResponse(Struct):
    quota: dict[str, int]


class QuotaDetail(Struct):
    limit: int
    used: int
    reserved: int = 0


class QuotaDetailsResponse(Struct):
    quota: dict[str, QuotaDetail]
