"""The unmodified `openstack` client and openstacksdk create servers: a server, a worker and the simulated cloud.

A command of the client takes long, so it covers the common operations once, and the library the others.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import pytest

from stratiform.app import worker
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.clouds.model import ResourceType
from support.processes import WAIT_S, wait_until
from support.server import Live, live_server


@dataclass(frozen=True, slots=True)
class Site:
    """A server and a worker; the demo project can create servers."""

    live: Live

    def json(self, *arguments: str) -> Any:
        """Run an `openstack` command of the demo user. Return the decoded output."""
        return self.live.json(*arguments, user="demo")

    def run(self, *arguments: str) -> str:
        """Run an `openstack` command of the demo user. Return its output."""
        return self.live.openstack(*arguments, user="demo")

    def connect(self, user: str = "demo", microversion: str | None = None) -> Any:
        """Return a connection of openstacksdk."""
        environment = self.live.environment(user)
        names = ("auth_url", "username", "password", "project_name", "user_domain_name", "project_domain_name")
        auth = {name: environment[f"OS_{name.upper()}"] for name in names}
        return openstack.connect(
            auth=auth, region_name="RegionOne", compute_default_microversion=microversion, load_yaml_config=False
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with live_server(Path(tmp_path_factory.mktemp("site"))) as live:
        services = live.services
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            project = services.identity.ensure_demo_project(ctx, "demo-pass")
            cloud = services.clouds.accounts.ensure_default_cloud(ctx, "memory", "memory")
            assert cloud is not None
            services.clouds.bindings.create(ctx, project.id, cloud.id, "zone-a")
            services.compute.flavors.create_defaults(ctx)
            services.volume.volume_types.ensure_initial_types(ctx)
            services.network.default_networks.ensure_network(ctx, project.id)
            image = services.image.images.create_for_native_ids(ctx, "cirros")
            services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, "memory-cirros")
        server_worker = Worker(
            services.database, worker.collect_handlers(services), name="wire", clock=services.clock, idle_us=20_000
        )
        thread = threading.Thread(target=server_worker.run)
        thread.start()
        try:
            yield Site(live)
        finally:
            server_worker.stop()
            thread.join(WAIT_S)


def test_server_lifecycle_with_the_client(site: Site, tmp_path: Path) -> None:
    user_data = tmp_path / "user-data"
    user_data.write_text("#cloud-config\n")
    assert "PRIVATE KEY" in site.run("keypair", "create", "laptop")
    arguments = ["--image", "cirros", "--flavor", "m1.tiny", "--network", "private", "--key-name", "laptop"]
    arguments += ["--user-data", str(user_data), "--property", "k=v"]
    server = site.json("server", "create", *arguments, "--wait", "web")
    assert (server["status"], server["properties"], server["key_name"]) == ("ACTIVE", {"k": "v"}, "laptop")
    assert list(server["addresses"]) == ["private"]
    (listed,) = site.json("server", "list")
    assert {name: listed[name] for name in ("Name", "Status", "Image", "Flavor")} == {
        "Name": "web",
        "Status": "ACTIVE",
        "Image": "cirros",
        "Flavor": "m1.tiny",
    }
    site.run("server", "resize", "--flavor", "m1.small", "--wait", "web")
    site.run("server", "resize", "confirm", "web")
    assert "Linux version" in site.run("console", "log", "show", "web")
    site.run("server", "set", "--name", "web2", "--property", "a=b", "--tag", "blue", "web")
    server = site.json("server", "show", "web2")
    assert (server["properties"], server["tags"]) == ({"k": "v", "a": "b"}, ["blue"])
    assert (server["flavor"]["name"], server["status"]) == ("m1.small", "ACTIVE")
    events = site.json("server", "event", "list", "web2")
    assert {event["Action"] for event in events} == {"create", "resize", "confirmResize"}
    site.run("server", "delete", "--wait", "web2")


@pytest.mark.parametrize("microversion", ["2.1", "2.26", "2.37", "2.47", "2.79", None])
def test_server_lifecycle_with_the_library(site: Site, microversion: str | None) -> None:
    cloud = site.connect(microversion=microversion)
    compute = cloud.compute
    image, flavor = cloud.image.find_image("cirros"), compute.find_flavor("m1.tiny")
    networks = {"networks": "auto"} if microversion in (None, "2.37", "2.47", "2.79") else {}
    server = compute.create_server(name=f"at-{microversion}", image_id=image.id, flavor_id=flavor.id, **networks)
    server = compute.wait_for_server(server, interval=0.05, wait=WAIT_S)
    assert next(iter(server.addresses)) == "private"
    for action, status in (
        (compute.stop_server, "SHUTOFF"),
        (compute.start_server, "ACTIVE"),
        (lambda server: compute.reboot_server(server, "HARD"), "ACTIVE"),
        (lambda server: compute.resize_server(server, compute.find_flavor("m1.small")), "VERIFY_RESIZE"),
        (compute.revert_server_resize, "ACTIVE"),
        (lambda server: compute.rebuild_server(server, image=image.id), "ACTIVE"),
    ):
        action(server)
        server = wait_for_status(compute, server, status)
    assert [match.id for match in compute.servers(name="^at-", status="ACTIVE")] == [server.id]
    compute.set_server_metadata(server, k="v")
    assert compute.get_server(server).metadata == {"k": "v"}
    compute.lock_server(server)
    with pytest.raises(openstack.exceptions.ConflictException, match="is locked"):
        compute.delete_server(server)
    compute.unlock_server(server)
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.05, wait=WAIT_S)


def test_attach_and_detach_a_volume(site: Site) -> None:
    cloud = site.connect()
    compute = cloud.compute
    volume = cloud.block_storage.create_volume(name="data", size=1)
    image_id = cloud.image.find_image("cirros").id
    server = compute.create_server(name="db", image_id=image_id, flavor_id="1", networks="auto")
    server = compute.wait_for_server(server, interval=0.05, wait=WAIT_S)
    cloud.block_storage.wait_for_status(volume, "available", interval=0.05, wait=WAIT_S)
    compute.create_volume_attachment(server, volume_id=volume.id)
    cloud.block_storage.wait_for_status(volume, "in-use", interval=0.05, wait=WAIT_S)
    (attachment,) = compute.volume_attachments(server)
    assert (attachment.volume_id, attachment.device) == (volume.id, "/dev/vdb")
    compute.delete_volume_attachment(server, volume)
    cloud.block_storage.wait_for_status(volume, "available", interval=0.05, wait=WAIT_S)
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.05, wait=WAIT_S)


def test_operations_of_an_operator(site: Site) -> None:
    compute = site.connect("admin").compute
    flavor = compute.create_flavor(name="nano", ram=256, vcpus=1, disk=1)
    compute.create_flavor_extra_specs(flavor, {"a": "b"})
    assert compute.get_flavor(flavor.id).extra_specs == {"a": "b"}
    compute.delete_flavor(flavor)
    assert {service.state for service in compute.services()} == {"up"}
    assert [hypervisor.status for hypervisor in compute.hypervisors()] == ["enabled"]
    assert list(compute.servers(all_projects=True)) is not None
    with pytest.raises(openstack.exceptions.ForbiddenException):
        site.connect().compute.create_flavor(name="x", ram=1, vcpus=1, disk=1)


def test_zones_limits_keypairs_and_quotas_of_a_customer(site: Site) -> None:
    cloud = site.connect()
    assert [zone.name for zone in cloud.compute.availability_zones()] == ["zone-a"]
    limits = cloud.compute.get_limits().absolute
    assert (limits.instances, limits.instances_used) == (10, 0)
    cloud.compute.create_keypair(name="desktop")
    assert "desktop" in [pair.name for pair in cloud.compute.keypairs()]
    cloud.compute.delete_keypair("desktop")
    assert cloud.compute.get_quota_set(cloud.current_project_id).cores == 20
    assert list(cloud.compute.server_groups()) == []
    assert list(cloud.compute.extensions())


def wait_for_status(compute: Any, server: Any, status: str) -> Any:
    """Wait until a server has a status and no task. Return the server."""

    def has_status() -> bool:
        current = compute.get_server(server)
        return bool(current.status == status and current.task_state is None)

    wait_until(has_status, f"{server.name} is not {status}")
    return compute.get_server(server)
