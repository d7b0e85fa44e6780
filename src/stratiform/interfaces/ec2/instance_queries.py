"""Queries of instances with everything that their descriptions need, in a constant number of queries per page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from stratiform.interfaces.ec2.api import Ec2Request
from stratiform.interfaces.ec2.lists import read_all
from stratiform.interfaces.ec2.views.instances import Instance
from stratiform.kit.clock import HOUR_US
from stratiform.services.compute.model import ServerDetail, ServerFilter
from stratiform.services.network.model import ListQuery

#: How long terminated instances are listed, as in EC2.
_TERMINATED_US = HOUR_US

_OLDEST_FIRST = (("created_at", "asc"),)


def list_instances(request: Ec2Request, filters: ServerFilter | None = None) -> list[Instance]:
    """Return the project's instances, oldest first, and those that were terminated less than an hour ago."""
    filters = replace(filters or ServerFilter(), sort=_OLDEST_FIRST)
    current = _list_details(request, filters)
    recent = replace(filters, changes_since=request.ctx.now - _TERMINATED_US)
    terminated = [item for item in _list_details(request, recent) if item.server.deleted_at is not None]
    details = sorted([*current, *terminated], key=lambda item: (item.server.created_at, item.server.id))
    return _build_instances(request, details)


def list_instances_by_id(request: Ec2Request, server_ids: Sequence[str]) -> list[Instance]:
    return list_instances(request, ServerFilter(ids=tuple(server_ids)))


def list_public_addresses(request: Ec2Request, port_ids: Sequence[str]) -> Mapping[str, str]:
    """Return the floating IP of each port that has one."""
    if not port_ids:
        return {}
    collection = request.services.network.collections["floatingip"]
    query = ListQuery({"port_id": list(port_ids)})
    floating_ips = read_all(lambda page: collection.list(request.ctx, replace(query, page=page)), lambda item: item.id)
    return {item["port_id"]: item["floating_ip_address"] for item in floating_ips}


def _list_details(request: Ec2Request, filters: ServerFilter) -> list[ServerDetail]:
    servers = request.services.compute.servers
    return read_all(lambda page: servers.list_details(request.ctx, filters, page), lambda item: item.server.id)


def _build_instances(request: Ec2Request, details: Sequence[ServerDetail]) -> list[Instance]:
    ports = [port for detail in details for group in detail.ports.values() for port in group]
    group_ids = {group_id for port in ports for group_id in port.security_groups}
    names = request.services.network.security_groups.list_names(request.ctx.db, sorted(group_ids))
    addresses = list_public_addresses(request, [port.id for port in ports])
    return [Instance(detail, names, addresses) for detail in details]
