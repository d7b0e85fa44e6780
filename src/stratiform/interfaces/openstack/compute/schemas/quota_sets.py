"""Quota sets, quota classes and limits."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since, Until

_Limit = int | str | UnsetType


class Limits(Struct, kw_only=True):
    """The limits of a project or quota class by resource."""

    instances: int
    cores: int
    ram: int
    metadata_items: int
    key_pairs: int
    server_groups: int
    server_group_members: int
    injected_files: Annotated[int, Until(56)]
    injected_file_content_bytes: Annotated[int, Until(56)]
    injected_file_path_bytes: Annotated[int, Until(56)]
    fixed_ips: Annotated[int, Until(35)]
    floating_ips: Annotated[int, Until(35)]
    security_groups: Annotated[int, Until(35)]
    security_group_rules: Annotated[int, Until(35)]


class QuotaSet(Limits, kw_only=True):
    """`id` is not in responses to updates."""

    id: str | UnsetType = UNSET


class QuotaSetResponse(Struct):
    quota_set: QuotaSet


class QuotaClassSet(Limits, kw_only=True):
    """`id` is not in responses to updates. Server groups have been part of it since 2.50."""

    id: str | UnsetType = UNSET
    server_groups: Annotated[int, Since(50)]
    server_group_members: Annotated[int, Since(50)]
    fixed_ips: Annotated[int, Until(49)]
    floating_ips: Annotated[int, Until(49)]
    security_groups: Annotated[int, Until(49)]
    security_group_rules: Annotated[int, Until(49)]


class QuotaClassSetResponse(Struct):
    quota_class_set: QuotaClassSet


class LimitsUpdate(Struct, kw_only=True, forbid_unknown_fields=True):
    """New limits; those that are absent stay."""

    instances: _Limit = UNSET
    cores: _Limit = UNSET
    ram: _Limit = UNSET
    metadata_items: _Limit = UNSET
    key_pairs: _Limit = UNSET
    server_groups: _Limit = UNSET
    server_group_members: _Limit = UNSET
    injected_files: Annotated[_Limit, Until(56)] = UNSET
    injected_file_content_bytes: Annotated[_Limit, Until(56)] = UNSET
    injected_file_path_bytes: Annotated[_Limit, Until(56)] = UNSET
    fixed_ips: Annotated[_Limit, Until(35)] = UNSET
    floating_ips: Annotated[_Limit, Until(35)] = UNSET
    security_groups: Annotated[_Limit, Until(35)] = UNSET
    security_group_rules: Annotated[_Limit, Until(35)] = UNSET


class QuotaSetUpdate(LimitsUpdate, kw_only=True, forbid_unknown_fields=True):
    tenant_id: object = UNSET
    force: bool | str = False


class QuotaSetUpdateRequest(Struct, forbid_unknown_fields=True):
    quota_set: QuotaSetUpdate


class QuotaClassSetUpdateRequest(Struct, forbid_unknown_fields=True):
    quota_class_set: LimitsUpdate


class QuotaUsage(Struct):
    in_use: int
    limit: int
    reserved: int = 0


class QuotaSetDetail(Struct, kw_only=True):
    id: str
    instances: QuotaUsage
    cores: QuotaUsage
    ram: QuotaUsage
    metadata_items: QuotaUsage
    key_pairs: QuotaUsage
    server_groups: QuotaUsage
    server_group_members: QuotaUsage
    injected_files: Annotated[QuotaUsage, Until(56)]
    injected_file_content_bytes: Annotated[QuotaUsage, Until(56)]
    injected_file_path_bytes: Annotated[QuotaUsage, Until(56)]
    fixed_ips: Annotated[QuotaUsage, Until(35)]
    floating_ips: Annotated[QuotaUsage, Until(35)]
    security_groups: Annotated[QuotaUsage, Until(35)]
    security_group_rules: Annotated[QuotaUsage, Until(35)]


class QuotaSetDetailResponse(Struct):
    quota_set: QuotaSetDetail


class LimitsQuery(Struct):
    """Another project, for operators; both names mean the same."""

    tenant_id: str | None = None
    project_id: str | None = None


class AbsoluteLimits(Struct, kw_only=True, rename="camel"):
    total_instances_used: int
    total_cores_used: int
    total_ram_used: int = field(name="totalRAMUsed")
    total_server_groups_used: int
    max_total_instances: int
    max_total_cores: int
    max_total_ram_size: int = field(name="maxTotalRAMSize")
    max_total_keypairs: int
    max_server_meta: int
    max_server_groups: int
    max_server_group_members: int
    max_personality: Annotated[int, Until(56)]
    max_personality_size: Annotated[int, Until(56)]
    max_image_meta: Annotated[int, Until(38)]
    max_security_groups: Annotated[int, Until(35)]
    max_security_group_rules: Annotated[int, Until(35)]
    max_total_floating_ips: Annotated[int, Until(35)]
    total_floating_ips_used: Annotated[int, Until(35)] = 0
    total_security_groups_used: Annotated[int, Until(35)] = 0


class LimitsBody(Struct):
    absolute: AbsoluteLimits
    rate: list[str] = field(default_factory=list)


class LimitsResponse(Struct):
    limits: LimitsBody
