"""Creation of servers: everything that can be checked before the clouds are involved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.model import Binding
from stratiform.services.compute import events
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import power_states, task_states, vm_states
from stratiform.services.compute.model.flavors import Flavor
from stratiform.services.compute.model.servers import NewServer, Server
from stratiform.services.compute.model.validation import sanitize_hostname, validate_metadata, validate_tags
from stratiform.services.compute.repository import instance_actions, servers
from stratiform.services.compute.service.block_devices import BlockDevices, BootSource
from stratiform.services.compute.service.flavors import get_flavor_for_server
from stratiform.services.compute.service.keypairs import get_public_key
from stratiform.services.compute.service.placement import Placement, ServerDemands
from stratiform.services.compute.service.quotas import Quotas
from stratiform.services.compute.service.server_groups import ServerGroups
from stratiform.services.compute.service.server_security_groups import resolve_security_group
from stratiform.services.compute.service.server_transitions import RECONCILE, build_instance_action
from stratiform.services.network.service import NetworkService

_MAX_SERVERS_PER_REQUEST = 100


@dataclass(frozen=True, slots=True)
class ServerBuilder:
    """Creates the rows of new servers, with their ports, volume attachments, notifications and work."""

    ids: Ids
    placement: Placement
    network: NetworkService
    block_devices: BlockDevices
    quotas: Quotas
    server_groups: ServerGroups

    def build_servers(self, ctx: RequestContext, new: NewServer, project_id: str) -> Sequence[Server]:
        """Create from `min_count` to `max_count` servers, as the quota allows. Raises Invalid, NotFound, Conflict."""
        _validate(new)
        flavor = get_flavor_for_server(ctx, new.flavor_id, project_id)
        source = self.block_devices.resolve(ctx, new, flavor.snapshot())
        if new.max_count > 1 and source.names_volume:
            raise Invalid("Cannot attach one or more volumes to multiple instances")
        count = self.quotas.reserve_servers(ctx, project_id, flavor.snapshot(), new.min_count, new.max_count)
        demands = self._build_demands(ctx, new, project_id, flavor, source)
        bindings = self.placement.select(ctx, demands, new.min_count, count)
        if new.group_id:
            self.server_groups.reserve_members(ctx, new.group_id, len(bindings))
        template = self._template(ctx, new, project_id, flavor, source)
        created = [self._instantiate(template, binding, index, new.max_count) for index, binding in enumerate(bindings)]
        servers.insert_servers(ctx.db, created)
        records = [build_instance_action(ctx, self.ids, server, "create") for server in created]
        instance_actions.insert_actions(ctx.db, records)
        self._create_ports(ctx, created, new)
        for server in created:
            self.block_devices.create_volumes(ctx, server, source)
            enqueue(ctx.db, RECONCILE, server.id, ctx.now)
        events.append_create_starts(ctx.db, self.ids, created, ctx.now)
        return created

    def _create_ports(self, ctx: RequestContext, created: Sequence[Server], new: NewServer) -> None:
        if new.networks is not None and created:
            project_id = created[0].project_id
            names = new.security_groups or ("default",)
            groups = [resolve_security_group(self.network, ctx, project_id, name).id for name in names]
            ids = [server.id for server in created]
            self.network.server_ports.create_for_servers(ctx, project_id, ids, list(new.networks), groups)

    def _build_demands(
        self, ctx: RequestContext, new: NewServer, project_id: str, flavor: Flavor, source: BootSource
    ) -> ServerDemands:
        operations = {
            ServerOperation.CONFIG_DRIVE: new.config_drive,
            ServerOperation.BOOT_FROM_VOLUME: not source.image_id,
        }
        return ServerDemands(
            project_id=project_id,
            user_id=ctx.caller.user_id,
            flavor=flavor.snapshot(),
            image_id=source.image_id,
            zone=new.zone or source.zone,
            hints=new.hints,
            cloud_ids=source.cloud_ids,
            operations=tuple(operation for operation, is_needed in operations.items() if is_needed),
            group=self.server_groups.find_constraint(ctx, new.group_id),
        )

    def _resolve_security_groups(self, ctx: RequestContext, project_id: str, names_or_ids: Sequence[str]) -> list[str]:
        try:
            names = [resolve_security_group(self.network, ctx, project_id, group).name for group in names_or_ids]
        except NotFound as error:
            raise Invalid(error.message) from error
        return list(dict.fromkeys(names))

    def _instantiate(self, template: Server, binding: Binding, index: int, count: int) -> Server:
        """Return server `index` of `count` with its own id, name, host name and cloud."""
        server_id = self.ids.uuid()
        name = template.name if count == 1 else f"{template.name}-{index + 1}"
        hostname = template.hostname or sanitize_hostname(name, f"Server-{server_id}")
        return replace(
            template,
            id=server_id,
            name=name,
            hostname=hostname,
            launch_index=index,
            cloud_id=binding.cloud_id,
            cloud_name=binding.cloud_name,
            zone=binding.zone,
            native_zone=binding.native_zone,
        )

    def _template(
        self, ctx: RequestContext, new: NewServer, project_id: str, flavor: Flavor, source: BootSource
    ) -> Server:
        """Return the row that all servers of the request share, without id and cloud."""
        return Server(
            id="",
            project_id=project_id,
            user_id=ctx.caller.user_id,
            name=new.name,
            hostname=new.hostname or "",
            description=new.description,
            created_at=ctx.now,
            updated_at=ctx.now,
            vm_state=vm_states.BUILDING,
            task_state=task_states.SCHEDULING,
            power_state=power_states.NOSTATE,
            power_on=True,
            flavor=flavor.snapshot(),
            flavor_id=flavor.id,
            image_id=source.image_id,
            image=source.image,
            cloud_id="",
            cloud_name="",
            zone="",
            native_zone="",
            reservation_id=f"r-{self.ids.hex()[-8:]}",
            key_name=new.key_name,
            public_key=get_public_key(ctx, new.key_name),
            user_data=new.user_data,
            metadata=dict(new.metadata),
            tags=sorted(set(new.tags)),
            security_groups=self._resolve_security_groups(ctx, project_id, new.security_groups or ("default",)),
            config_drive=new.config_drive,
            disk_config=new.disk_config,
            access_ip_v4=new.access_ip_v4,
            access_ip_v6=new.access_ip_v6,
            pinned_zone=new.zone,
            group_id=new.group_id,
        )


def _validate(new: NewServer) -> None:
    if new.min_count > new.max_count:
        raise Invalid("min_count must be <= max_count")
    if new.max_count > _MAX_SERVERS_PER_REQUEST:
        raise InvalidField(
            "max_count", new.max_count, f"{new.max_count} is greater than the maximum of {_MAX_SERVERS_PER_REQUEST}"
        )
    validate_metadata(new.metadata)
    validate_tags(new.tags)
    if new.max_count > 1:
        _validate_multiple(new)


def _validate_multiple(new: NewServer) -> None:
    """Raises Invalid for a port or a fixed IP, which only one server can have."""
    networks = new.networks or ()
    if any(nic.port_id for nic in networks):
        raise Invalid(
            "Unable to launch multiple instances with a single configured port ID. "
            "Please launch your instance one by one with different ports."
        )
    if any(nic.fixed_ip for nic in networks):
        raise Invalid("Invalid fixed network addresses requested: multiple servers can't share a fixed IP.")
