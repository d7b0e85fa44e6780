"""What compute asks of networks."""

import pytest

from stratiform.services.network.errors import IpAddressGenerationFailure, NetworkAmbiguous, PortInUse
from stratiform.services.network.model import NicRequest, PortWish, SubnetWish
from support.stacks import Bench, customer


def test_a_server_gets_an_address_of_the_projects_only_network(stack_bench: Bench) -> None:
    service = stack_bench.services.network
    with stack_bench.services.database.transaction() as db:
        ctx = stack_bench.ctx(db, customer("p1"))
        network = service.ensure_default(ctx, "p1")
        assert service.ensure_default(ctx, "p1") == network
        [port] = service.ports_for_server(ctx, "p1", "server-1", [])
        assert port.mac_address.startswith("fa:16:3e:")
        assert service.ports_of(db, "server-1") == [port]
        subnet = service.subnets_of(db, [network.id])[network.id][0]
        assert port.fixed_ips == [
            {"subnet_id": subnet.id, "ip_address": subnet.cidr.replace("0/24", "4")},
        ]
        service.release(db, "server-1", ctx.now)
        assert service.ports_of(db, "server-1") == []


def test_a_customers_port_survives_its_server(stack_bench: Bench) -> None:
    service = stack_bench.services.network
    with stack_bench.services.database.transaction() as db:
        ctx = stack_bench.ctx(db, customer("p1"))
        network = service.ensure_default(ctx, "p1")
        given = service.create_port(ctx, PortWish(network.id))
        request = NicRequest(port_id=given.id)
        [bound] = service.ports_for_server(ctx, "p1", "server-1", [request])
        assert (bound.device_id, bound.status, bound.fixed_ips) == ("server-1", "ACTIVE", given.fixed_ips)
        with pytest.raises(PortInUse):
            service.ports_for_server(ctx, "p1", "server-2", [request])
        service.release(db, "server-1", ctx.now)
        left = service.port(ctx, given.id)
        assert (left.device_id, left.status, left.fixed_ips) == ("", "DOWN", given.fixed_ips)


def test_two_networks_are_ambiguous_and_none_is_no_port(stack_bench: Bench) -> None:
    service = stack_bench.services.network
    with stack_bench.services.database.transaction() as db:
        ctx = stack_bench.ctx(db, customer("p1"))
        assert service.ports_for_server(ctx, "p1", "server-1", []) == []
        service.create_network(ctx, None, {"name": "a"})
        service.create_network(ctx, None, {"name": "b"})
        with pytest.raises(NetworkAmbiguous):
            service.ports_for_server(ctx, "p1", "server-1", [])


def test_a_full_pool_says_so(stack_bench: Bench) -> None:
    service = stack_bench.services.network
    with stack_bench.services.database.transaction() as db:
        ctx = stack_bench.ctx(db, customer("p1"))
        network = service.create_network(ctx, None, {})
        service.create_subnet(ctx, SubnetWish(network.id, 4, "192.0.2.0/29"))
        held = {service.create_port(ctx, PortWish(network.id)).fixed_ips[0]["ip_address"] for _ in range(5)}
        assert held == {f"192.0.2.{last}" for last in range(2, 7)}
        with pytest.raises(IpAddressGenerationFailure):
            service.create_port(ctx, PortWish(network.id))
