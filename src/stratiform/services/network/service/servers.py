"""Ports for servers: what compute asks for."""

from dataclasses import replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.network.errors import NetworkAmbiguous, NetworkNotFound, PortInUse
from stratiform.services.network.model import FixedIp, Network, NicRequest, Port
from stratiform.services.network.model.security import default_group
from stratiform.services.network.policy import policy
from stratiform.services.network.repository import allocation
from stratiform.services.network.repository import rows as repository
from stratiform.services.network.service.placing import insert_with_card
from stratiform.services.network.service.ports import PortVerbs
from stratiform.services.network.tables import networks as networks_table
from stratiform.services.network.tables import ports as table

#: Who Nova says it is when it makes or binds a port.
DEVICE_OWNER = "compute:nova"


class ServerVerbs(PortVerbs):
    """What a server needs of networks."""

    __slots__ = ()

    def ports_for_server(
        self, ctx: RequestContext, project_id: str, server_id: str, requests: list[NicRequest]
    ) -> list[Port]:
        """Make or bind the ports of a new server, with addresses that are held from now on.

        No requests: the project's only network, or else the only shared one; a project without any gets no port.
        Raises NetworkAmbiguous, PortInUse, NetworkNotFound, IpAddressGenerationFailure, IpAddressInUse, Invalid.
        """
        policy.require(ctx.caller, "create_port", project_id)
        wanted = requests or [NicRequest(network_id=network.id) for network in self._only_network(ctx, project_id)]
        self.lock_networks(ctx.db, [one.network_id for one in wanted if one.network_id is not None])
        return [self._port(ctx, project_id, server_id, request) for request in wanted]

    def ports_of(self, db: Connection, device_id: str) -> list[Port]:
        """The ports of one server, in the order in which they were asked for."""
        return repository.ports_of(db, [device_id])[device_id]

    def ports_of_all(self, db: Connection, device_ids: list[str]) -> dict[str, list[Port]]:
        """As `ports_of` for many servers with one query."""
        return repository.ports_of(db, device_ids)

    def release(self, db: Connection, server_id: str, now: Micros) -> None:
        """The server is gone: ports made for it are deleted, those the customer gave are unbound. Safe to repeat."""
        for port in self.ports_of(db, server_id):
            if port.made_for_server:
                allocation.give_back(db, port.id, now)
                repository.ports.delete(db, table.c.id == port.id)
            else:
                unbound = replace(
                    port, device_id="", device_owner="", host="", updated_at=now, revision=port.revision + 1
                )
                repository.ports.save(db, unbound)

    def _only_network(self, ctx: RequestContext, project_id: str) -> list[Network]:
        c = networks_table.c
        own = repository.networks.all(ctx.db, c.project_id == project_id, c.external.is_(False), limit=2)
        found = own or repository.networks.all(ctx.db, c.shared.is_(True), c.external.is_(False), limit=2)
        if len(found) > 1:
            raise NetworkAmbiguous
        return found

    def _port(self, ctx: RequestContext, project_id: str, server_id: str, request: NicRequest) -> Port:
        if request.port_id is not None:
            return self._bind(ctx, project_id, server_id, request.port_id)
        network = self._usable(ctx, project_id, request.network_id or "")
        placing = self._placing(ctx, network)
        if not placing.subnets:
            raise Invalid(f"Network {network.id} requires a subnet in order to boot instances on.")
        made = Port(
            id=self.ids.uuid(),
            project_id=project_id,
            network_id=network.id,
            mac_address="",
            device_id=server_id,
            device_owner=DEVICE_OWNER,
            security_groups=[default_group(project_id).id],
            made_for_server=True,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        wanted = [FixedIp(ip_address=request.fixed_ip)] if request.fixed_ip else None
        return insert_with_card(ctx.db, self.ids, made, placing, wanted)

    def _bind(self, ctx: RequestContext, project_id: str, server_id: str, port_id: str) -> Port:
        port = self.port(ctx, port_id)
        if port.project_id != project_id:
            policy.require(ctx.caller, "update_port:binding:host_id", port.project_id)
        bound = replace(
            port, device_id=server_id, device_owner=DEVICE_OWNER, updated_at=ctx.now, revision=port.revision + 1
        )
        if not repository.bind(ctx.db, bound):
            raise PortInUse(port_id)
        return bound

    def _usable(self, ctx: RequestContext, project_id: str, network_id: str) -> Network:
        network = repository.networks.get(ctx.db, network_id)
        if network is None or not (network.shared or network.project_id == project_id or ctx.caller.is_admin):
            raise NetworkNotFound(network_id)
        return network
