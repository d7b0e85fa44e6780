"""The `openstack` command and openstacksdk against the Networking API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack.connection import Connection
from openstack.exceptions import BadRequestException, ConflictException, NotFoundException

from support.server import DEMO_PASSWORD, Live, live_server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(Path(tmp_path_factory.mktemp("live")) / "home") as live:
        yield live


@pytest.fixture(scope="module")
def sdk(live: Live) -> Iterator[Connection]:
    """openstacksdk as the demo user."""
    connection = openstack.connect(
        auth_url=f"{live.url}/identity/v3",
        username="demo",
        password=DEMO_PASSWORD,
        project_name="demo",
        user_domain_name="Default",
        project_domain_name="Default",
        region_name="RegionOne",
    )
    yield connection
    connection.close()


def test_cli_creates_a_network_a_subnet_and_a_port(live: Live) -> None:
    network = live.json("network", "create", "cli", "--description", "d", "--tag", "red", user="demo")
    subnet = live.json(
        *("subnet", "create", "cli", "--network", "cli", "--subnet-range", "10.9.0.0/24"),
        *("--allocation-pool", "start=10.9.0.10,end=10.9.0.20", "--dns-nameserver", "9.9.9.9"),
        *("--host-route", "destination=10.1.0.0/16,gateway=10.9.0.1"),
        user="demo",
    )
    assert (subnet["gateway_ip"], subnet["network_id"]) == ("10.9.0.1", network["id"])
    port = live.json(
        *("port", "create", "cli", "--network", "cli", "--fixed-ip", "subnet=cli,ip-address=10.9.0.15"), user="demo"
    )
    assert port["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "10.9.0.15"}]
    assert port["mac_address"].startswith("fa:16:3e:")
    live.openstack("port", "set", "cli", "--name", "cli2", user="demo")
    [listed] = live.json("port", "list", "--fixed-ip", "ip-address=10.9.0.15", user="demo")
    assert (listed["ID"], listed["Name"]) == (port["id"], "cli2")


def test_cli_updates_and_deletes(live: Live) -> None:
    live.openstack("subnet", "set", "cli", "--gateway", "10.9.0.2", "--dns-nameserver", "1.1.1.1", user="demo")
    subnet = live.json("subnet", "show", "cli", user="demo")
    assert subnet["gateway_ip"] == "10.9.0.2"
    assert sorted(subnet["dns_nameservers"]) == ["1.1.1.1", "9.9.9.9"]
    [availability] = live.json("ip", "availability", "list")
    assert (availability["Total IPs"], availability["Used IPs"]) == (11, 1)
    error = live.refused("network", "delete", "cli", user="demo")
    assert "There are one or more ports still in use on the network" in error
    live.openstack("port", "delete", "cli2", user="demo")
    live.openstack("network", "delete", "cli", user="demo")
    assert live.json("network", "list", user="demo") == []


def test_cli_lists_security_groups_and_quotas(live: Live) -> None:
    [group] = live.json("security", "group", "list", user="demo")
    assert group["Name"] == "default"
    assert len(live.json("security", "group", "rule", "list", user="demo")) == 4
    quota = {row["Resource"]: row["Limit"] for row in live.json("quota", "show", "--network", user="demo")}
    assert quota["networks"] == 100  # the default of Neutron


def test_cli_options_with_typed_values_and_filters(live: Live) -> None:
    assert live.json("network", "create", "typed", "--mtu", "1400", user="demo")["mtu"] == 1400
    live.openstack("network", "set", "typed", "--mtu", "1450", user="demo")
    assert live.json("network", "show", "typed", user="demo")["mtu"] == 1450
    port = live.json("port", "create", "typed", "--network", "typed", user="demo")
    [group_id] = port["security_group_ids"]
    [listed] = live.json("port", "list", "--security-group", group_id, user="demo")
    assert listed["ID"] == port["id"]
    assert live.json("security", "group", "list", "--tags", "red", user="demo") == []
    live.openstack("port", "delete", "typed", user="demo")
    live.openstack("network", "delete", "typed", user="demo")


def test_sdk_creates_lists_and_deletes(sdk: Any) -> None:
    network = sdk.network.create_network(name="sdk", is_admin_state_up=True)
    subnet = sdk.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.8.0.0/28", name="sdk")
    ports = list(sdk.network.create_ports([{"network_id": network.id, "name": f"p{i}"} for i in range(5)]))
    assert sdk.network.find_network("sdk").id == network.id
    assert [item.id for item in sdk.network.subnets(network_id=network.id)] == [subnet.id]
    addresses = {port.fixed_ips[0]["ip_address"] for port in ports}
    assert addresses == {f"10.8.0.{octet}" for octet in range(2, 7)}
    pages = [port.name for port in sdk.network.ports(network_id=network.id, limit=2, sort_key="name")]
    assert pages == [f"p{i}" for i in range(5)]
    assert sdk.network.update_port(ports[0], description="x").description == "x"
    sdk.network.set_tags(network, ["a", "b"])
    assert [item.id for item in sdk.network.networks(tags="a,b")] == [network.id]
    with pytest.raises(ConflictException, match="One or more ports have"):
        sdk.network.delete_subnet(subnet)
    for port in ports:
        sdk.network.delete_port(port)
    sdk.network.delete_subnet(subnet)
    sdk.network.delete_network(network)
    with pytest.raises(NotFoundException, match="could not be found"):
        sdk.network.get_network(network.id)


def test_sdk_receives_error_messages(sdk: Any) -> None:
    network = sdk.network.create_network(name="why")
    with pytest.raises(BadRequestException, match="is not a valid IP subnet"):
        sdk.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.0.0.0/99")
    sdk.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.0.0.0/30")
    sdk.network.create_port(network_id=network.id)
    with pytest.raises(ConflictException, match="No more IP addresses available on network"):
        sdk.network.create_port(network_id=network.id)


def test_cloud_layer_of_the_sdk(sdk: Any) -> None:
    network = sdk.create_network("layer")
    sdk.create_subnet("layer", cidr="10.7.0.0/24", subnet_name="layer")
    assert sdk.get_network("layer")["id"] == network["id"]
    assert [group["name"] for group in sdk.list_security_groups()] == ["default"]
    assert sdk.delete_subnet("layer")
    assert sdk.delete_network("layer")
