"""Quota sets and limits. Every quota is unlimited."""

from typing import Annotated

from msgspec import Struct, field

from stratiform.interfaces.endpoints import Until
from stratiform.interfaces.openstack.compute.schemas.common import UNLIMITED


class QuotaSet(Struct, kw_only=True):
    id: str
    instances: int = UNLIMITED
    cores: int = UNLIMITED
    ram: int = UNLIMITED
    metadata_items: int = UNLIMITED
    key_pairs: int = UNLIMITED
    server_groups: int = UNLIMITED
    server_group_members: int = UNLIMITED
    injected_files: Annotated[int, Until(56)] = UNLIMITED
    injected_file_content_bytes: Annotated[int, Until(56)] = UNLIMITED
    injected_file_path_bytes: Annotated[int, Until(56)] = UNLIMITED
    fixed_ips: Annotated[int, Until(35)] = UNLIMITED
    floating_ips: Annotated[int, Until(35)] = UNLIMITED
    security_groups: Annotated[int, Until(35)] = UNLIMITED
    security_group_rules: Annotated[int, Until(35)] = UNLIMITED


class QuotaSetResponse(Struct):
    quota_set: QuotaSet


class QuotaUsage(Struct):
    in_use: int = 0
    limit: int = UNLIMITED
    reserved: int = 0


class QuotaSetDetail(Struct, kw_only=True):
    id: str
    instances: QuotaUsage
    cores: QuotaUsage
    ram: QuotaUsage
    metadata_items: QuotaUsage = field(default_factory=QuotaUsage)
    key_pairs: QuotaUsage = field(default_factory=QuotaUsage)
    server_groups: QuotaUsage = field(default_factory=QuotaUsage)
    server_group_members: QuotaUsage = field(default_factory=QuotaUsage)
    injected_files: Annotated[QuotaUsage, Until(56)] = field(default_factory=QuotaUsage)
    injected_file_content_bytes: Annotated[QuotaUsage, Until(56)] = field(default_factory=QuotaUsage)
    injected_file_path_bytes: Annotated[QuotaUsage, Until(56)] = field(default_factory=QuotaUsage)
    fixed_ips: Annotated[QuotaUsage, Until(35)] = field(default_factory=QuotaUsage)
    floating_ips: Annotated[QuotaUsage, Until(35)] = field(default_factory=QuotaUsage)
    security_groups: Annotated[QuotaUsage, Until(35)] = field(default_factory=QuotaUsage)
    security_group_rules: Annotated[QuotaUsage, Until(35)] = field(default_factory=QuotaUsage)


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
    total_server_groups_used: int = 0
    max_total_instances: int = UNLIMITED
    max_total_cores: int = UNLIMITED
    max_total_ram_size: int = field(name="maxTotalRAMSize", default=UNLIMITED)
    max_total_keypairs: int = UNLIMITED
    max_server_meta: int = 128
    max_server_groups: int = UNLIMITED
    max_server_group_members: int = UNLIMITED
    max_personality: Annotated[int, Until(56)] = 0
    max_personality_size: Annotated[int, Until(56)] = 0
    max_image_meta: Annotated[int, Until(38)] = 128
    max_security_groups: Annotated[int, Until(35)] = UNLIMITED
    max_security_group_rules: Annotated[int, Until(35)] = UNLIMITED
    max_total_floating_ips: Annotated[int, Until(35)] = UNLIMITED
    total_floating_ips_used: Annotated[int, Until(35)] = 0
    total_security_groups_used: Annotated[int, Until(35)] = 0


class Limits(Struct):
    absolute: AbsoluteLimits
    rate: list[str] = field(default_factory=list)


class LimitsResponse(Struct):
    limits: Limits
