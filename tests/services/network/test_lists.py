"""Lists with filters, order and pages, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.kit.pagination import Page
from stratiform.services.network.model import FixedIp, Listing, PortWish, SubnetWish
from support.stacks import Bench, bench, customer


@pytest.fixture
def of(database_url: str, home: Path) -> Iterator[Bench]:
    home.mkdir()
    made = bench(home, database_url)
    yield made
    made.services.database.close()


def test_networks(of: Bench) -> None:
    service = of.services.network
    with of.services.database.transaction() as db:
        ctx, other = of.ctx(db, customer()), of.ctx(db, customer("p2"))
        for name, tags in (("a", ["red"]), ("B", ["Red", 'q"uote']), ("ü", [])):
            service.create_network(ctx, None, {"name": name, "tags": tags, "mtu": 1400 + len(name)})
        service.create_network(other, None, {"name": "stranger"})

        def names(**filters: list[str]) -> list[str]:
            found = service.networks(ctx, Listing({key.replace("__", "-"): of for key, of in filters.items()}))
            return sorted(network.name for network in found.items)

        assert names() == ["B", "a", "ü"]
        assert names(tags=["red"]) == ["a"]
        assert names(tags=['Red,q"uote']) == ["B"]
        assert names(tags__any=["red,Red"]) == ["B", "a"]
        assert names(not__tags=["red"]) == ["B", "ü"]
        assert names(name=["b"]) == []
        assert names(name=["ü"]) == ["ü"]
        assert names(shared=["False"], admin_state_up=["true"], mtu=["1401"]) == ["B", "a", "ü"]
        assert names(status=["DOWN"]) == []


def test_pages_in_any_order_hold_everything_once(of: Bench) -> None:
    service = of.services.network
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, customer())
        made = [service.create_network(ctx, None, {"name": f"n{i % 3}", "mtu": 1400 + i % 2}) for i in range(11)]
        marker, seen = None, []
        while True:
            sort = [("mtu", True), ("name", False)]
            found = service.networks(ctx, Listing({}, sort, Page(4, marker)))
            seen += list(found.items)
            if not found.more:
                break
            marker = found.items[-1].id
    assert seen == sorted(made, key=lambda network: (-network.mtu, network.name, network.id))


def test_ports_by_address(of: Bench) -> None:
    service = of.services.network
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, customer())
        network = service.create_network(ctx, None, {})
        subnet = service.create_subnet(ctx, SubnetWish(network.id, 4, "192.0.2.0/24"))
        service.create_subnet(ctx, SubnetWish(network.id, 6, "2001:db8::/64"))
        dual = service.create_port(ctx, PortWish(network.id))
        fixed = [FixedIp(ip_address="192.0.2.77")]
        one = service.create_port(ctx, PortWish(network.id, fixed, values={"device_id": "d"}))

        def ids(*fixed_ips: str) -> list[str]:
            return [port.id for port in service.ports(ctx, Listing({"fixed_ips": list(fixed_ips)})).items]

        assert [fixed["ip_address"] for fixed in dual.fixed_ips] == ["192.0.2.2", "2001:db8::2"]
        assert ids("ip_address=2001:DB8:0::2") == [dual.id]
        assert ids("ip_address_substr=2.77") == [one.id]
        assert sorted(ids(f"subnet_id={subnet.id}")) == sorted([dual.id, one.id])
        assert [port.id for port in service.ports(ctx, Listing({"status": ["ACTIVE"]})).items] == [one.id]
        assert service.ports_of_all(db, ["d", "e"]) == {"d": [one], "e": []}
        assert service.names(db, [network.id, "none"]) == {network.id: ""}
