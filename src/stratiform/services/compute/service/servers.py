"""The verbs that look at servers and change what is written of them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.work import enqueue
from stratiform.services.compute import events
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model.server import (
    DELETING,
    Action,
    Detail,
    Server,
    ServerFilter,
    check_metadata,
    check_pattern,
    check_tags,
)
from stratiform.services.compute.policy import ALL_PROJECTS, SEE_DELETED, SEE_HOST, policy
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service.parts import WORK, Parts


class Servers(Parts):
    """Servers, their metadata, tags and actions."""

    __slots__ = ()

    def server(self, ctx: RequestContext, server_id: str) -> Server:
        """Raises ServerNotFound, Forbidden."""
        return self.seen(ctx, "os_compute_api:servers:show", server_id)

    def server_named(self, ctx: RequestContext, name_or_id: str) -> Server:
        """For people: by id, or by a name that only one server of the project has. Raises NotFound, Invalid."""
        found = servers.server(ctx.db, name_or_id)
        if found is not None:
            return self.server(ctx, name_or_id)
        wanted = ServerFilter(project_id=ctx.caller.project_id, all_projects=ctx.caller.is_admin)
        page = servers.list_servers(ctx.db, replace(wanted, equals={"name": name_or_id}), Page(limit=2)).items
        if not page:
            raise NotFound(f"No server with a name or ID of '{name_or_id}' exists.")
        if len(page) > 1:
            raise Invalid(f"More than one server is called '{name_or_id}'.", hint="use its id")
        return self.server(ctx, page[0].id)

    def servers(self, ctx: RequestContext, wanted: ServerFilter, page: Page) -> Slice[Server]:
        """A page of the project's servers; everyone's, or deleted ones, only for the operator."""
        project = wanted.project_id if wanted.all_projects else ctx.caller.project_id
        policy.require(ctx.caller, "os_compute_api:servers:index", ctx.caller.project_id)
        if wanted.all_projects:
            policy.require(ctx.caller, ALL_PROJECTS, None)
        if wanted.deleted:
            policy.require(ctx.caller, SEE_DELETED, None)
        everyone = wanted.all_projects and project is None
        wanted = replace(wanted, project_id=project, all_projects=everyone)
        _check_filter(wanted)
        if wanted.ip is not None:
            wanted = replace(wanted, ids=self._with_address(ctx, wanted))
        return servers.list_servers(ctx.db, wanted, page)

    def details(self, ctx: RequestContext, found: Sequence[Server]) -> list[Detail]:
        """Servers with their ports and volumes; as many queries for a hundred as for one."""
        ids = [server.id for server in found]
        ports = self.networks.server_ports.list_by_server(ctx.db, ids)
        names = self.networks.networks.list_names(
            ctx.db, sorted({port.network_id for own in ports.values() for port in own})
        )
        volumes = self.volumes.attachments.group_by_server(ctx.db, ids)
        details = []
        for server in found:
            detail = Detail(server, volumes=list(volumes[server.id]))
            for port in ports.get(server.id, []):
                detail.ports.setdefault(names.get(port.network_id, ""), []).append(port)
            details.append(detail)
        return details

    def sees_hosts(self, ctx: RequestContext) -> bool:
        """Whether the caller is told what only the operator should know."""
        return policy.rules[SEE_HOST](ctx.caller, None)

    def update_server(self, ctx: RequestContext, server_id: str, changes: dict[str, Any]) -> Server:
        """Change name, description, hostname, disk_config, access_ip_v4, access_ip_v6: what is given of them."""
        server = self.held(ctx, "os_compute_api:servers:update", server_id, despite_lock=True)
        return self.update_row(ctx, server, **changes)

    def delete_server(self, ctx: RequestContext, server_id: str) -> None:
        """At any time, whatever is under way. Raises ServerNotFound, Locked."""
        server = self.held(ctx, "os_compute_api:servers:delete", server_id)
        if server.task_state == DELETING:
            enqueue(ctx.db, WORK, server.id, ctx.now)
            return
        self.start_task(ctx, server, "delete", events.DELETE_START, task_state=DELETING)

    def metadata(self, ctx: RequestContext, server_id: str) -> dict[str, str]:
        return self.seen(ctx, "os_compute_api:server-metadata:index", server_id).metadata

    def set_metadata(
        self, ctx: RequestContext, server_id: str, given: dict[str, str], *, whole: bool
    ) -> dict[str, str]:
        """Add to what is there, or put `given` in its place (`whole`)."""
        server = self.held(ctx, "os_compute_api:server-metadata:create", server_id)
        together = given if whole else {**server.metadata, **given}
        check_metadata(together)
        return self.update_row(ctx, server, metadata=together).metadata

    def delete_metadata(self, ctx: RequestContext, server_id: str, key: str) -> None:
        """Raises NotFound where there is no such key."""
        server = self.held(ctx, "os_compute_api:server-metadata:delete", server_id)
        if key not in server.metadata:
            raise NotFound("Metadata item was not found")
        self.update_row(ctx, server, metadata={name: text for name, text in server.metadata.items() if name != key})

    def tags(self, ctx: RequestContext, server_id: str) -> list[str]:
        return self.seen(ctx, "os_compute_api:os-server-tags:index", server_id).tags

    def set_tags(self, ctx: RequestContext, server_id: str, tags: Sequence[str]) -> list[str]:
        """These and no others. Raises Invalid for more than 50, or a text that can be no tag."""
        server = self.held(ctx, "os_compute_api:os-server-tags:update", server_id, despite_lock=True)
        check_tags(tags)
        return self.update_row(ctx, server, tags=sorted(set(tags))).tags

    def add_tag(self, ctx: RequestContext, server_id: str, tag: str) -> bool:
        """Whether it is new. Raises Invalid."""
        server = self.held(ctx, "os_compute_api:os-server-tags:update", server_id, despite_lock=True)
        if tag in server.tags:
            return False
        check_tags([*server.tags, tag])
        self.update_row(ctx, server, tags=sorted([*server.tags, tag]))
        return True

    def remove_tag(self, ctx: RequestContext, server_id: str, tag: str) -> None:
        """Raises NotFound where it has no such tag."""
        server = self.held(ctx, "os_compute_api:os-server-tags:delete", server_id, despite_lock=True)
        if tag not in server.tags:
            raise NotFound(f"Server {server_id} has no tag '{tag}'")
        self.update_row(ctx, server, tags=[other for other in server.tags if other != tag])

    def actions(self, ctx: RequestContext, server_id: str) -> list[Action]:
        """What was asked of a server, newest first; also of one that is deleted."""
        return servers.list_actions(ctx.db, self._was(ctx, "list", server_id).id)

    def action(self, ctx: RequestContext, server_id: str, request_id: str) -> Action:
        """Raises NotFound."""
        found = servers.action(ctx.db, self._was(ctx, "show", server_id).id, request_id)
        if found is None:
            raise NotFound(f"Action for request_id {request_id} on instance {server_id} not found")
        return found

    def update_row(self, ctx: RequestContext, server: Server, **values: Any) -> Server:
        """Write `values`, and tell that the row has changed."""
        changed = servers.save(ctx.db, replace(server, updated_at=ctx.now, **values))
        events.post(ctx.db, self.ids, events.UPDATE, changed, ctx.now, **events.changed(server))
        return changed

    def _was(self, ctx: RequestContext, verb: str, server_id: str) -> Server:
        server = servers.server(ctx.db, server_id)
        return self._allowed(ctx, f"os_compute_api:os-instance-actions:{verb}", server_id, _as_live(server))

    def _with_address(self, ctx: RequestContext, wanted: ServerFilter) -> tuple[str, ...]:
        ids = servers.ids(ctx.db, wanted)
        pattern = re.compile(wanted.ip or "")
        ports = self.networks.server_ports.list_by_server(ctx.db, ids)
        return tuple(
            server_id
            for server_id, own in ports.items()
            if any(pattern.search(ip["ip_address"]) for port in own for ip in port.fixed_ips)
        )


def _as_live(server: Server | None) -> Server | None:
    return None if server is None else replace(server, deleted_at=None)


def _check_filter(wanted: ServerFilter) -> None:
    for pattern in (wanted.name, wanted.ip):
        if pattern is not None:
            check_pattern(pattern)
    for key, direction in wanted.sort:
        if key not in servers.SORT:
            raise InvalidField("sort_key", key, "This is nothing that servers are sorted by.")
        if direction not in ("asc", "desc"):
            raise InvalidField("sort_dir", direction, f"{direction!r} is not one of ['asc', 'desc']")
