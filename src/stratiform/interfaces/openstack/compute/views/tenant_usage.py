"""Usage of projects, from segments of the usage ledger. Source: nova/api/openstack/compute/simple_tenant_usage.py."""

from collections.abc import Iterable

from stratiform.interfaces.openstack.compute.schemas import tenant_usage as schemas
from stratiform.kit.clock import HOUR_US, SECOND_US, Micros, format_iso_naive
from stratiform.services.ledger.model import Segment

_ENDED = "terminated"


def group_by_server(segments: Iterable[Segment]) -> list[list[Segment]]:
    """Return the segments of each server, sorted by project and id: the order of pages."""
    by_server: dict[tuple[str, str], list[Segment]] = {}
    for segment in segments:
        by_server.setdefault((segment.project_id, segment.resource_id), []).append(segment)
    return [by_server[key] for key in sorted(by_server)]


def tenant_usages(
    servers: Iterable[list[Segment]], start: Micros, end: Micros, now: Micros
) -> list[schemas.TenantUsage]:
    """Return the usage of each project in `[start, end)` until now, with its servers, as `group_by_server` sorts them.

    Dashboards request the usage of whole days, so `end` may be in the future.
    """
    by_project: dict[str, list[list[Segment]]] = {}
    for segments in servers:
        by_project.setdefault(segments[0].project_id, []).append(segments)
    return [_tenant_usage(project_id, items, start, end, now) for project_id, items in by_project.items()]


def _tenant_usage(
    project_id: str, servers: list[list[Segment]], start: Micros, end: Micros, now: Micros
) -> schemas.TenantUsage:
    until = max(start, min(end, now))
    clipped = [segment.clip(start, until) for segments in servers for segment in segments]
    return schemas.TenantUsage(
        tenant_id=project_id,
        start=format_iso_naive(start),
        stop=format_iso_naive(end),
        total_hours=sum(_hours(segment) for segment in clipped),
        total_memory_mb_usage=sum(_hours(segment) * _size(segment, "ram_mib") for segment in clipped),
        total_vcpus_usage=sum(_hours(segment) * _size(segment, "vcpus") for segment in clipped),
        total_local_gb_usage=sum(_hours(segment) * _size(segment, "disk_gib") for segment in clipped),
        server_usages=[_server_usage(segments, start, until, now) for segments in servers],
    )


def _server_usage(segments: list[Segment], start: Micros, until: Micros, now: Micros) -> schemas.ServerUsage:
    ordered = sorted(segments, key=lambda segment: segment.start)
    first, last = ordered[0], ordered[-1]
    running_until = now if last.end is None else last.end
    return schemas.ServerUsage(
        instance_id=last.resource_id,
        name=last.name,
        tenant_id=last.project_id,
        flavor=str(last.attributes.get("flavor", "")),
        hours=sum(_hours(segment.clip(start, until)) for segment in ordered),
        memory_mb=_size(last, "ram_mib"),
        vcpus=_size(last, "vcpus"),
        local_gb=_size(last, "disk_gib"),
        started_at=format_iso_naive(first.start),
        ended_at=None if last.end is None else format_iso_naive(last.end),
        state=last.state if last.end is None else _ENDED,
        uptime=(running_until - first.start) // SECOND_US,
    )


def _hours(segment: Segment) -> float:
    return ((segment.end or segment.start) - segment.start) / HOUR_US


def _size(segment: Segment, name: str) -> int:
    value = segment.attributes.get(name)
    return value if isinstance(value, int) else 0
