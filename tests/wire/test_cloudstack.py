"""The unmodified `openstack` client, whose project is bound to an account of CloudStack."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stratiform.app import worker
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.clouds.model import ResourceType
from support.cloudstack import cloudstack_server, cloudstack_settings
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import TEMPLATE, ZONE
from support.cloudstack.scenarios import list_owned
from support.cloudstack.state import ApiError
from support.processes import WAIT_S, wait_until
from support.server import DEMO_PASSWORD, Live, live_server


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the live server, and the CloudStack behind it."""

    live: Live
    cloudstack: ApiServer

    def json(self, *arguments: str) -> Any:
        return self.live.json(*arguments, user="demo")

    def run(self, *arguments: str) -> str:
        return self.live.openstack(*arguments, user="demo")

    def wait_for(self, resource: str, name: str, status: str) -> dict[str, Any]:
        """Wait until `openstack RESOURCE show NAME` has a status, and return its output."""
        wait_until(
            lambda: self.json(resource, "show", name)["status"] == status, f"{resource} {name} does not become {status}"
        )
        return dict(self.json(resource, "show", name))

    def wait_until_deleted(self, resource: str) -> None:
        wait_until(lambda: self.json(resource, "list") == [], f"{resource} list is not empty")


@pytest.fixture
def customer(home: Path) -> Iterator[Customer]:
    with cloudstack_server() as cloudstack, live_server(home) as live:
        services = live.services
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            project = services.identity.ensure_demo_project(ctx, DEMO_PASSWORD)
            settings = cloudstack_settings(cloudstack.url)
            cloud = services.clouds.accounts.create(ctx, "cloudstack", "cs", settings)
            services.clouds.bindings.create(ctx, project.id, cloud.id, ZONE, ZONE)
            services.compute.flavors.create_defaults(ctx)
            services.volume.volume_types.ensure_initial_types(ctx)
            services.network.default_networks.ensure_network(ctx, project.id)
            image = services.image.images.create_for_native_ids(ctx, "debian")
            native_id = cloudstack.get_id("templates", TEMPLATE)
            services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, native_id)
        handlers = worker.collect_handlers(services)
        server_worker = Worker(services.database, handlers, name="wire", clock=services.clock, idle_us=20_000)
        thread = threading.Thread(target=server_worker.run)
        thread.start()
        try:
            yield Customer(live, cloudstack)
        finally:
            server_worker.stop()
            thread.join(WAIT_S)


def test_life_of_a_server_with_a_volume(customer: Customer) -> None:
    arguments = ("--image", "debian", "--flavor", "m1.small", "--network", "private")
    customer.run("server", "create", *arguments, "web")
    server = customer.wait_for("server", "web", "ACTIVE")
    [vm] = list_owned(customer.cloudstack, "vms")
    assert [nic["ipaddress"] for nic in vm["nic"]] == server["addresses"]["private"]
    customer.run("volume", "create", "--size", "3", "data")
    customer.wait_for("volume", "data", "available")
    customer.run("server", "add", "volume", "web", "data")
    customer.wait_for("volume", "data", "in-use")
    [data] = [row for row in list_owned(customer.cloudstack, "volumes") if row["type"] == "DATADISK"]
    assert data["virtualmachineid"] == vm["id"]
    customer.run("server", "stop", "web")
    customer.wait_for("server", "web", "SHUTOFF")
    assert vm["state"] == "Stopped"
    customer.run("server", "start", "web")
    customer.wait_for("server", "web", "ACTIVE")
    customer.run("server", "image", "create", "--name", "golden", "web")
    customer.wait_for("image", "golden", "active")
    assert len(list_owned(customer.cloudstack, "templates")) == 1
    customer.run("server", "remove", "volume", "web", "data")
    customer.wait_for("volume", "data", "available")
    customer.run("server", "delete", "web")
    customer.run("image", "delete", "golden")
    customer.wait_until_deleted("server")
    customer.run("volume", "delete", "data")
    customer.wait_until_deleted("volume")
    tables = ("vms", "volumes", "snapshots", "templates")
    wait_until(lambda: not any(list_owned(customer.cloudstack, table) for table in tables), "resources are left")


def test_server_that_cloudstack_cannot_start_is_an_error_with_the_reason(customer: Customer) -> None:
    customer.cloudstack.state.failing_jobs["DeployVMCmd"] = ApiError(533, "no host has enough memory", 4335)
    customer.run("server", "create", "--image", "debian", "--flavor", "m1.small", "--network", "private", "web")
    server = customer.wait_for("server", "web", "ERROR")
    assert "no host has enough memory" in str(server["fault"])
    customer.run("server", "delete", "web")
    customer.wait_until_deleted("server")
    wait_until(lambda: not list_owned(customer.cloudstack, "vms"), "the server is left in CloudStack")


def test_server_with_a_floating_ip(customer: Customer) -> None:
    live, state = customer.live, customer.cloudstack.state
    live.openstack("network", "create", "--external", "public")
    live.openstack("subnet", "create", "--network", "public", "--subnet-range", "203.0.113.0/24", "public")
    for arguments in (
        ("router", "create", "--external-gateway", "public", "edge"),
        ("router", "add", "subnet", "edge", "private"),
        ("security", "group", "create", "web"),
        ("security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "80:81", "web"),
        ("server", "create", "--image", "debian", "--flavor", "m1.small", "--network", "private", "web"),
    ):
        customer.run(*arguments)
    customer.wait_for("server", "web", "ACTIVE")
    customer.run("server", "add", "security", "group", "web", "web")
    address = customer.json("floating", "ip", "create", "public")["floating_ip_address"]
    customer.run("server", "add", "floating", "ip", "web", address)
    [native] = [row for row in list_owned(customer.cloudstack, "addresses") if row["ipaddress"] == address]
    [vm] = list_owned(customer.cloudstack, "vms")
    wait_until(lambda: native.get("virtualmachineid") == vm["id"], "the floating IP is not associated")

    def list_rules(table: str) -> list[tuple[Any, ...]]:
        return [(row["protocol"], row.get("startport"), row["cidrlist"]) for row in state.rows(table)]

    wait_until(lambda: list_rules("firewall_rules") == [("tcp", 80, "0.0.0.0/0")], "port 80 is not open")
    fixed_address = vm["nic"][0]["ipaddress"]
    wait_until(lambda: list_rules("egress_rules") == [("all", None, f"{fixed_address}/32")], "the egress is not open")
    customer.run("server", "remove", "security", "group", "web", "web")
    wait_until(lambda: list_rules("firewall_rules") == [], "port 80 is still open")
    customer.run("floating", "ip", "delete", address)
    wait_until(lambda: native["state"] == "Free", "the address is not released")
    customer.run("server", "delete", "web")
    customer.wait_until_deleted("server")
    customer.run("router", "remove", "subnet", "edge", "private")
    customer.run("router", "delete", "edge")
    customer.run("security", "group", "delete", "web")
    customer.run("subnet", "delete", "private")
    wait_until(lambda: list_owned(customer.cloudstack, "networks") == [], "a network is left in CloudStack")
