"""Filters, sort keys and pages of list requests, on every database."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from stratiform.kit.pagination import Page
from stratiform.services.network.model import FixedIpRequest, ListQuery, NewPort, NewSubnet
from support.stacks import ServiceHarness, build_harness, customer


@pytest.fixture
def any_harness(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    home.mkdir()
    any_harness = build_harness(home, database_url)
    yield any_harness
    any_harness.services.database.close()


def test_network_filters(any_harness: ServiceHarness) -> None:
    networks = any_harness.services.network.networks
    with any_harness.services.database.transaction() as db:
        ctx, other = any_harness.ctx(db, customer()), any_harness.ctx(db, customer("p2"))
        for name, tags in (("a", ["red"]), ("B", ["Red", 'q"uote']), ("ü", [])):
            networks.create(ctx, None, {"name": name, "tags": tags, "mtu": 1400 + len(name)})
        networks.create(other, None, {"name": "other"})

        def names(**filters: Sequence[str | int]) -> list[str]:
            query = ListQuery(filters)
            return sorted(network.name for network in networks.list(ctx, query).items)

        assert names() == ["B", "a", "ü"]
        assert names(tags=["red"]) == ["a"]
        assert names(tags=['Red,q"uote']) == ["B"]
        assert names(tags_any=["red,Red"]) == ["B", "a"]
        assert names(not_tags=["red"]) == ["B", "ü"]
        assert names(name=["b"]) == []
        assert names(name=["ü"]) == ["ü"]
        assert names(shared=[False], admin_state_up=[True], mtu=[1401]) == ["B", "a", "ü"]
        assert names(status=["DOWN"]) == []


def test_pages_in_any_order_contain_every_item_once(any_harness: ServiceHarness) -> None:
    networks = any_harness.services.network.networks
    with any_harness.services.database.transaction() as db:
        ctx = any_harness.ctx(db, customer())
        created = [networks.create(ctx, None, {"name": f"n{i % 3}", "mtu": 1400 + i % 2}) for i in range(11)]
        marker, listed = None, []
        while True:
            sort = [("mtu", True), ("name", False)]
            page = networks.list(ctx, ListQuery({}, sort, Page(4, marker)))
            listed += list(page.items)
            if not page.more:
                break
            marker = page.items[-1].id
    assert listed == sorted(created, key=lambda network: (-network.mtu, network.name, network.id))


def test_null_is_sorted_before_all_values(any_harness: ServiceHarness) -> None:
    networks = any_harness.services.network.networks
    values = {
        "provider_segmentation_id": [None, 1, 2],
        "vlan_transparent": [None, False],
        "provider_network_type": [None, "vlan"],
    }
    with any_harness.services.database.transaction() as db:
        ctx = any_harness.ctx(db, customer("p1", "admin"))
        for segmentation_id in (2, 1):
            provider = {"provider_network_type": "vlan", "provider_physical_network": "p"}
            networks.create(ctx, None, {**provider, "provider_segmentation_id": segmentation_id})
        networks.create(ctx, None, {"vlan_transparent": False})
        networks.create(ctx, None, {})
        for name, expected in values.items():
            page = networks.list(ctx, ListQuery({}, [(name, False)], Page(4)))
            assert list(dict.fromkeys(getattr(network, name) for network in page.items)) == expected
            following = networks.list(ctx, ListQuery({}, [(name, False)], Page(4, page.items[1].id)))
            assert list(following.items) == list(page.items[2:])


def test_port_filters(any_harness: ServiceHarness) -> None:
    service = any_harness.services.network
    with any_harness.services.database.transaction() as db:
        ctx = any_harness.ctx(db, customer())
        network = service.networks.create(ctx, None, {})
        subnet = service.subnets.create(ctx, NewSubnet(network.id, 4, "192.0.2.0/24"))
        service.subnets.create(ctx, NewSubnet(network.id, 6, "2001:db8::/64"))
        dual_stack = service.ports.create(ctx, NewPort(network.id))
        requests = [FixedIpRequest(ip_address="192.0.2.77")]
        attached = service.ports.create(ctx, NewPort(network.id, requests, attributes={"device_id": "d"}))

        def ids(*fixed_ips: str) -> list[str]:
            return [port.id for port in service.ports.list(ctx, ListQuery({"fixed_ips": list(fixed_ips)})).items]

        assert [fixed_ip["ip_address"] for fixed_ip in dual_stack.fixed_ips] == ["192.0.2.2", "2001:db8::2"]
        assert ids("ip_address=2001:DB8:0::2") == [dual_stack.id]
        assert ids("ip_address_substr=2.77") == [attached.id]
        assert sorted(ids(f"subnet_id={subnet.id}")) == sorted([dual_stack.id, attached.id])
        for group_ids, expected in ((dual_stack.security_groups, 2), (["unknown"], 0)):
            assert len(service.ports.list(ctx, ListQuery({"security_groups": group_ids})).items) == expected
        active = service.ports.list(ctx, ListQuery({"status": ["ACTIVE"]})).items
        assert [port.id for port in active] == [attached.id]
        assert service.server_ports.list_by_server(db, ["d", "e"]) == {"d": [attached], "e": []}
        assert service.networks.list_names(db, [network.id, "unknown"]) == {network.id: ""}
