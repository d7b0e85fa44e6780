"""Ports of servers."""

import pytest

from stratiform.services.network.errors import IpAddressGenerationFailure, NetworkAmbiguous, PortInUse
from stratiform.services.network.model import NewPort, NewSubnet, NicRequest
from support.stacks import ServiceHarness, customer


def test_server_without_requests_is_attached_to_the_only_network(service_harness: ServiceHarness) -> None:
    service = service_harness.services.network
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db, customer("p1"))
        network = service.default_networks.ensure_network(ctx, "p1")
        assert service.default_networks.ensure_network(ctx, "p1") == network
        [port] = service.server_ports.create(ctx, "p1", "server-1", [])
        assert port.mac_address.startswith("fa:16:3e:")
        assert service.server_ports.list(db, "server-1") == [port]
        [subnet] = service.subnets.list_by_network(db, [network.id])[network.id]
        assert port.fixed_ips == [{"subnet_id": subnet.id, "ip_address": subnet.cidr.replace("0/24", "4")}]
        service.server_ports.release(db, "server-1", ctx.now)
        assert service.server_ports.list(db, "server-1") == []


def test_existing_port_survives_its_server(service_harness: ServiceHarness) -> None:
    service = service_harness.services.network
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db, customer("p1"))
        network = service.default_networks.ensure_network(ctx, "p1")
        port = service.ports.create(ctx, NewPort(network.id))
        request = NicRequest(port_id=port.id)
        [attached] = service.server_ports.create(ctx, "p1", "server-1", [request])
        assert (attached.device_id, attached.status, attached.fixed_ips) == ("server-1", "ACTIVE", port.fixed_ips)
        with pytest.raises(PortInUse):
            service.server_ports.create(ctx, "p1", "server-2", [request])
        service.server_ports.release(db, "server-1", ctx.now)
        detached = service.ports.get(ctx, port.id)
        assert (detached.device_id, detached.status, detached.fixed_ips) == ("", "DOWN", port.fixed_ips)


def test_several_networks_are_ambiguous_and_none_means_no_port(service_harness: ServiceHarness) -> None:
    service = service_harness.services.network
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db, customer("p1"))
        assert service.server_ports.create(ctx, "p1", "server-1", []) == []
        service.networks.create(ctx, None, {"name": "a"})
        service.networks.create(ctx, None, {"name": "b"})
        with pytest.raises(NetworkAmbiguous):
            service.server_ports.create(ctx, "p1", "server-1", [])


def test_exhausted_pool(service_harness: ServiceHarness) -> None:
    service = service_harness.services.network
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db, customer("p1"))
        network = service.networks.create(ctx, None, {})
        service.subnets.create(ctx, NewSubnet(network.id, 4, "192.0.2.0/29"))
        addresses = {service.ports.create(ctx, NewPort(network.id)).fixed_ips[0]["ip_address"] for _ in range(5)}
        assert addresses == {f"192.0.2.{octet}" for octet in range(2, 7)}
        with pytest.raises(IpAddressGenerationFailure):
            service.ports.create(ctx, NewPort(network.id))
