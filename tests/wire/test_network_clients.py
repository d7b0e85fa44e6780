"""The `openstack` command and openstacksdk against the Network API."""

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
    with live_server(Path(tmp_path_factory.mktemp("live")) / "home") as made:
        yield made


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


def test_the_command_makes_a_network_a_subnet_and_a_port(live: Live) -> None:
    made = live.json("network", "create", "cli", "--description", "d", "--tag", "red", user="demo")
    subnet = live.json(
        *("subnet", "create", "cli", "--network", "cli", "--subnet-range", "10.9.0.0/24"),
        *("--allocation-pool", "start=10.9.0.10,end=10.9.0.20", "--dns-nameserver", "9.9.9.9"),
        *("--host-route", "destination=10.1.0.0/16,gateway=10.9.0.1"),
        user="demo",
    )
    assert (subnet["gateway_ip"], subnet["network_id"]) == ("10.9.0.1", made["id"])
    port = live.json(
        *("port", "create", "cli", "--network", "cli", "--fixed-ip", "subnet=cli,ip-address=10.9.0.15"), user="demo"
    )
    assert port["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "10.9.0.15"}]
    assert port["mac_address"].startswith("fa:16:3e:")
    live.openstack("port", "set", "cli", "--name", "cli2", user="demo")
    [listed] = live.json("port", "list", "--fixed-ip", "ip-address=10.9.0.15", user="demo")
    assert (listed["ID"], listed["Name"]) == (port["id"], "cli2")


def test_the_command_changes_and_deletes(live: Live) -> None:
    live.openstack("subnet", "set", "cli", "--gateway", "10.9.0.2", "--dns-nameserver", "1.1.1.1", user="demo")
    shown = live.json("subnet", "show", "cli", user="demo")
    assert shown["gateway_ip"] == "10.9.0.2"
    assert sorted(shown["dns_nameservers"]) == ["1.1.1.1", "9.9.9.9"]
    [full] = live.json("ip", "availability", "list")
    assert (full["Total IPs"], full["Used IPs"]) == (11, 1)
    told = live.refused("network", "delete", "cli", user="demo")
    assert "There are one or more ports still in use on the network" in told
    live.openstack("port", "delete", "cli2", user="demo")
    live.openstack("network", "delete", "cli", user="demo")
    assert live.json("network", "list", user="demo") == []


def test_the_command_knows_security_groups_and_quotas(live: Live) -> None:
    [group] = live.json("security", "group", "list", user="demo")
    assert group["Name"] == "default"
    assert len(live.json("security", "group", "rule", "list", user="demo")) == 4
    quota = {row["Resource"]: row["Limit"] for row in live.json("quota", "show", "--network", user="demo")}
    assert quota["networks"] == -1


def test_the_sdk_finds_what_it_made(sdk: Any) -> None:
    network = sdk.network.create_network(name="sdk", is_admin_state_up=True)
    subnet = sdk.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.8.0.0/28", name="sdk")
    ports = list(sdk.network.create_ports([{"network_id": network.id, "name": f"p{i}"} for i in range(5)]))
    assert sdk.network.find_network("sdk").id == network.id
    assert [one.id for one in sdk.network.subnets(network_id=network.id)] == [subnet.id]
    held = {port.fixed_ips[0]["ip_address"] for port in ports}
    assert held == {f"10.8.0.{last}" for last in range(2, 7)}
    pages = [port.name for port in sdk.network.ports(network_id=network.id, limit=2, sort_key="name")]
    assert pages == [f"p{i}" for i in range(5)]
    assert sdk.network.update_port(ports[0], description="x").description == "x"
    sdk.network.set_tags(network, ["a", "b"])
    assert [one.id for one in sdk.network.networks(tags="a,b")] == [network.id]
    with pytest.raises(ConflictException, match="One or more ports have"):
        sdk.network.delete_subnet(subnet)
    for port in ports:
        sdk.network.delete_port(port)
    sdk.network.delete_subnet(subnet)
    sdk.network.delete_network(network)
    with pytest.raises(NotFoundException, match="could not be found"):
        sdk.network.get_network(network.id)


def test_the_sdk_is_told_why(sdk: Any) -> None:
    network = sdk.network.create_network(name="why")
    with pytest.raises(BadRequestException, match="is not a valid IP subnet"):
        sdk.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.0.0.0/99")
    sdk.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.0.0.0/30")
    sdk.network.create_port(network_id=network.id)
    with pytest.raises(ConflictException, match="No more IP addresses available on network"):
        sdk.network.create_port(network_id=network.id)


def test_the_sdks_cloud_layer(sdk: Any) -> None:
    network = sdk.create_network("layer")
    sdk.create_subnet("layer", cidr="10.7.0.0/24", subnet_name="layer")
    assert sdk.get_network("layer")["id"] == network["id"]
    assert [group["name"] for group in sdk.list_security_groups()] == ["default"]
    assert sdk.delete_subnet("layer")
    assert sdk.delete_network("layer")
