"""Servers. Source: Compute API reference, "Servers"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Unpack

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.work_queue import enqueue
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import task_states
from stratiform.services.compute.model.servers import NewServer, Server, ServerChanges, ServerDetail, ServerFilter
from stratiform.services.compute.model.validation import validate_regular_expression
from stratiform.services.compute.repository import servers as repository
from stratiform.services.compute.service import server_transitions as transitions
from stratiform.services.compute.service.action_table import DELETE, SOFT_DELETE
from stratiform.services.compute.service.server_access import get_server, get_server_for_update
from stratiform.services.compute.service.server_builder import ServerBuilder
from stratiform.services.compute.service.server_ports import list_ports_by_network
from stratiform.services.network.model import FloatingAddresses, Port
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.service import VolumeService


@dataclass(frozen=True, slots=True)
class Servers:
    """Operations of `/servers`."""

    ids: Ids
    network: NetworkService
    volume: VolumeService
    builder: ServerBuilder
    reclaim_interval_us: Micros

    def create(self, ctx: RequestContext, new: NewServer) -> Sequence[Server]:
        """Create `max_count` servers; the worker then creates them in the cloud.

        Raises: Invalid, NotFound (volume), Conflict (no cloud or no network for the project)
        """
        project_id = ctx.caller.require_project_id()
        policy.SERVERS_CREATE.require(ctx.caller, project_id)
        if new.host is not None:
            policy.SERVERS_CREATE_ON_HOST.require(ctx.caller, project_id)
            raise Invalid("Creating a server on a requested host is not supported.")
        return self.builder.build_servers(ctx, new, project_id)

    def get(self, ctx: RequestContext, server_id: str) -> Server:
        """Raises ServerNotFound, Forbidden."""
        return get_server(ctx, policy.SERVERS_SHOW, server_id)

    def get_by_name_or_id(self, ctx: RequestContext, name_or_id: str) -> Server:
        """Return the server with this id, or the only one of the project with this name. Raises NotFound, Invalid."""
        if repository.find_server(ctx.db, name_or_id) is not None:
            return self.get(ctx, name_or_id)
        filters = ServerFilter(
            project_id=ctx.caller.project_id, all_projects=ctx.caller.is_admin, equals={"name": name_or_id}
        )
        matches = repository.list_servers(ctx.db, filters, Page(limit=2)).items
        if not matches:
            raise NotFound(f"No server with a name or ID of '{name_or_id}' exists.")
        if len(matches) > 1:
            raise Invalid(f"More than one server exists with the name '{name_or_id}'.", hint="use its ID")
        return self.get(ctx, matches[0].id)

    def list(self, ctx: RequestContext, filters: ServerFilter, page: Page) -> Slice[Server]:
        """Return a page of the project's servers; all projects' and deleted ones only for operators."""
        policy.SERVERS_LIST.require(ctx.caller, ctx.caller.project_id)
        return self._list(ctx, filters, page)

    def list_details(self, ctx: RequestContext, filters: ServerFilter, page: Page) -> Slice[ServerDetail]:
        """As `list`, with ports and volume attachments."""
        policy.SERVERS_LIST_DETAIL.require(ctx.caller, ctx.caller.project_id)
        servers = self._list(ctx, filters, page)
        return Slice(self.load_details(ctx, servers.items), servers.more)

    def get_detail(self, ctx: RequestContext, server_id: str) -> ServerDetail:
        """Raises ServerNotFound, Forbidden."""
        return self.load_details(ctx, [self.get(ctx, server_id)])[0]

    def load_details(self, ctx: RequestContext, servers: Sequence[Server]) -> Sequence[ServerDetail]:
        """Return servers with their ports, floating IPs and volume attachments, in a constant number of queries."""
        ids = [server.id for server in servers]
        ports = list_ports_by_network(self.network, ctx, ids)
        attachments = self.volume.attachments.group_by_server(ctx.db, ids)
        all_ports = [port for by_network in ports.values() for items in by_network.values() for port in items]
        floating_ips = self.network.server_ports.list_floating_addresses(ctx.db, all_ports)
        return [
            ServerDetail(
                server,
                ports[server.id],
                list(attachments[server.id]),
                _select_addresses(floating_ips, ports[server.id]),
            )
            for server in servers
        ]

    def update(self, ctx: RequestContext, server_id: str, **changes: Unpack[ServerChanges]) -> Server:
        """Raises ServerNotFound, Forbidden."""
        server = get_server_for_update(ctx, policy.SERVERS_UPDATE, server_id, allowed_if_locked=True)
        return transitions.update_server(ctx, self.ids, server, **changes)

    def delete(self, ctx: RequestContext, server_id: str, *, force: bool = False) -> None:
        """Delete the server in any state. Raises ServerNotFound, Forbidden, ServerLocked.

        With a grace period, it is stopped and can be restored, unless `force` is True or its state does not allow that.
        """
        server = transitions.get_server_for_action(ctx, DELETE, server_id)
        if server.task_state == task_states.DELETING:
            enqueue(ctx.db, transitions.RECONCILE, server.id, ctx.now)
        elif self.reclaim_interval_us and not force and SOFT_DELETE.is_allowed(server):
            transitions.apply_action(ctx, self.ids, SOFT_DELETE, server)
        else:
            transitions.apply_action(ctx, self.ids, DELETE, server)

    def _list(self, ctx: RequestContext, filters: ServerFilter, page: Page) -> Slice[Server]:
        if filters.all_projects:
            policy.SERVERS_LIST_ALL_PROJECTS.require(ctx.caller, None)
        if filters.deleted:
            policy.SERVERS_LIST_DELETED.require(ctx.caller, None)
        project_id = filters.project_id if filters.all_projects else ctx.caller.project_id
        all_projects = filters.all_projects and project_id is None
        filters = replace(filters, project_id=project_id, all_projects=all_projects)
        _validate_filter(filters)
        if filters.ip is not None:
            filters = replace(filters, ids=self._list_ids_by_address(ctx, filters, filters.ip))
        return repository.list_servers(ctx.db, filters, page)

    def _list_ids_by_address(self, ctx: RequestContext, filters: ServerFilter, pattern: str) -> tuple[str, ...]:
        address = re.compile(pattern)
        ports_by_server = self.network.server_ports.list_by_server(ctx.db, repository.list_server_ids(ctx.db, filters))
        return tuple(
            server_id
            for server_id, ports in ports_by_server.items()
            if any(address.search(ip["ip_address"]) for port in ports for ip in port.fixed_ips)
        )


def _validate_filter(filters: ServerFilter) -> None:
    for pattern in (filters.name, filters.ip):
        if pattern is not None:
            validate_regular_expression(pattern)
    for key, direction in filters.sort:
        if key not in repository.SORT_COLUMNS:
            raise InvalidField("sort_key", key, f"{key!r} is not a valid sort key")
        if direction not in ("asc", "desc"):
            raise InvalidField("sort_dir", direction, f"{direction!r} is not one of ['asc', 'desc']")


def _select_addresses(
    floating_ips: FloatingAddresses, ports_by_network: Mapping[str, Sequence[Port]]
) -> FloatingAddresses:
    """Return the floating IPs of one server's ports."""
    ports = [port for ports in ports_by_network.values() for port in ports]
    return {port.id: floating_ips[port.id] for port in ports if port.id in floating_ips}
