"""Usage of projects."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.compute.schemas.common import Link


class TenantUsageQuery(Struct):
    """The period `[start, end)`, by default the last four weeks. `detailed`: 1 for a list with servers."""

    start: str | None = None
    end: str | None = None
    detailed: str | None = None
    limit: Annotated[str | None, Since(40)] = None
    marker: Annotated[str | None, Since(40)] = None


class ServerUsage(Struct, kw_only=True):
    """`started_at` and `ended_at` are those of the server; `uptime` is in seconds."""

    instance_id: str
    name: str
    tenant_id: str
    flavor: str
    hours: float
    memory_mb: int
    vcpus: int
    local_gb: int
    started_at: str
    ended_at: str | None
    state: str
    uptime: int


class TenantUsage(Struct, kw_only=True):
    tenant_id: str
    start: str
    stop: str
    total_hours: float
    total_memory_mb_usage: float
    total_vcpus_usage: float
    total_local_gb_usage: float
    server_usages: list[ServerUsage] | UnsetType = UNSET


class TenantUsagesResponse(Struct):
    tenant_usages: list[TenantUsage]
    tenant_usages_links: list[Link] | UnsetType = UNSET


class TenantUsageResponse(Struct):
    """`tenant_usage` is empty if the project had no server."""

    tenant_usage: TenantUsage | dict[str, str]
    tenant_usage_links: list[Link] | UnsetType = UNSET
