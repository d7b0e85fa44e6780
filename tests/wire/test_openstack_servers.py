"""The unmodified `openstack` client and openstacksdk order machines: a real server and worker, the simulated cloud.

The client takes seconds to start, so it goes the main way once, and the library does the rest.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import pytest

from stratiform.app import worker
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work import Worker
from stratiform.services.clouds.model import ResourceType
from support.server import Live, live_server


@dataclass(frozen=True, slots=True)
class Shop:
    """A live server with a worker beside it; the demo project can order."""

    live: Live

    def __call__(self, *words: str, **how: Any) -> Any:
        return self.live.json(*words, user="demo", **how)

    def run(self, *words: str, **how: Any) -> str:
        return self.live.openstack(*words, user="demo", **how)

    def connection(self, user: str = "demo", version: str | None = None) -> Any:
        environment = self.live.environment(user)
        names = ("auth_url", "username", "password", "project_name", "user_domain_name", "project_domain_name")
        auth = {name: environment[f"OS_{name.upper()}"] for name in names}
        return openstack.connect(
            auth=auth, region_name="RegionOne", compute_default_microversion=version, load_yaml_config=False
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with live_server(Path(tmp_path_factory.mktemp("shop"))) as live:
        services = live.services
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            project = services.identity.ensure_demo_project(ctx, "demo-pass")
            cloud = services.clouds.accounts.bootstrap(ctx, "memory", "memory")
            assert cloud is not None
            services.clouds.bindings.create(ctx, project.id, cloud.id, "zone-a")
            services.compute.flavors.create_defaults(ctx)
            services.volume.volume_types.ensure_initial(ctx)
            services.network.default_networks.ensure(ctx, project.id)
            image = services.image.images.create_native(ctx, "cirros")
            services.clouds.native_resources.register(ctx, cloud.id, ResourceType.IMAGE, image.id, "memory-cirros")
        hands = Worker(services.database, worker.handlers(services), name="wire", clock=services.clock, idle_us=20_000)
        thread = threading.Thread(target=hands.run)
        thread.start()
        try:
            yield Shop(live)
        finally:
            hands.stop()
            thread.join(timeout=20)


@pytest.mark.timeout(300)  # each command takes seconds of its own
def test_the_main_way_with_the_client(shop: Shop, tmp_path: Path) -> None:
    user_data = tmp_path / "user-data"
    user_data.write_text("#cloud-config\n")
    assert "PRIVATE KEY" in shop.run("keypair", "create", "laptop")
    words = ("server", "create", "--image", "cirros", "--flavor", "m1.tiny", "--network", "private")
    more = ("--key-name", "laptop", "--user-data", str(user_data), "--property", "k=v", "--wait", "web")
    made = shop(*words, *more)
    assert (made["status"], made["properties"], made["key_name"]) == ("ACTIVE", {"k": "v"}, "laptop")
    assert list(made["addresses"]) == ["private"]
    (listed,) = shop("server", "list")
    assert (listed["Name"], listed["Status"], listed["Image"], listed["Flavor"]) == (
        "web",
        "ACTIVE",
        "cirros",
        "m1.tiny",
    )
    shop.run("server", "resize", "--flavor", "m1.small", "--wait", "web")
    shop.run("server", "resize", "confirm", "web")
    assert "Linux version" in shop.run("console", "log", "show", "web")
    shop.run("server", "set", "--name", "web2", "--property", "a=b", "--tag", "blue", "web")
    shown = shop("server", "show", "web2")
    assert (shown["properties"], shown["tags"]) == ({"k": "v", "a": "b"}, ["blue"])
    assert (shown["flavor"]["name"], shown["status"]) == ("m1.small", "ACTIVE")
    events = shop("server", "event", "list", "web2")
    assert {event["Action"] for event in events} == {"create", "resize", "confirmResize"}
    shop.run("server", "delete", "--wait", "web2")


@pytest.mark.parametrize("version", ["2.1", "2.26", "2.37", "2.47", "2.79", None])
def test_the_life_of_a_server_with_the_library(shop: Shop, version: str | None) -> None:
    cloud = shop.connection(version=version)
    compute = cloud.compute
    image, flavor = cloud.image.find_image("cirros"), compute.find_flavor("m1.tiny")
    networks = "auto" if version in (None, "2.37", "2.47", "2.79") else None
    asked = {"image_id": image.id, "flavor_id": flavor.id, **({"networks": networks} if networks else {})}
    server = compute.wait_for_server(compute.create_server(name=f"at-{version}", **asked), interval=0.05)
    assert next(iter(server.addresses)) == "private"
    for ask, status in (
        (compute.stop_server, "SHUTOFF"),
        (compute.start_server, "ACTIVE"),
        (lambda one: compute.reboot_server(one, "HARD"), "ACTIVE"),
        (lambda one: compute.resize_server(one, compute.find_flavor("m1.small")), "VERIFY_RESIZE"),
        (compute.revert_server_resize, "ACTIVE"),
        (lambda one: compute.rebuild_server(one, image=image.id), "ACTIVE"),
    ):
        ask(server)
        server = _until(compute, server, status)
    assert [one.id for one in compute.servers(name="^at-", status="ACTIVE")] == [server.id]
    compute.set_server_metadata(server, k="v")
    assert compute.get_server(server).metadata == {"k": "v"}
    compute.lock_server(server)
    with pytest.raises(openstack.exceptions.ConflictException, match="is locked"):
        compute.delete_server(server)
    compute.unlock_server(server)
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.05)


def test_volumes(shop: Shop) -> None:
    cloud = shop.connection()
    compute = cloud.compute
    volume = cloud.block_storage.create_volume(name="data", size=1)
    asked = {"image_id": cloud.image.find_image("cirros").id, "flavor_id": "1", "networks": "auto"}
    server = compute.wait_for_server(compute.create_server(name="db", **asked), interval=0.05)
    cloud.block_storage.wait_for_status(volume, "available", interval=0.05)
    compute.create_volume_attachment(server, volume_id=volume.id)
    cloud.block_storage.wait_for_status(volume, "in-use", interval=0.05)
    (attachment,) = compute.volume_attachments(server)
    assert (attachment.volume_id, attachment.device) == (volume.id, "/dev/vdb")
    compute.delete_volume_attachment(server, volume)
    cloud.block_storage.wait_for_status(volume, "available", interval=0.05)
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.05)


def test_what_the_operator_has(shop: Shop) -> None:
    compute = shop.connection("admin").compute
    flavor = compute.create_flavor(name="nano", ram=256, vcpus=1, disk=1)
    compute.create_flavor_extra_specs(flavor, {"a": "b"})
    assert compute.get_flavor(flavor.id).extra_specs == {"a": "b"}
    compute.delete_flavor(flavor)
    assert [service.state for service in compute.services()] == ["up"]
    assert list(compute.hypervisors()) == []
    assert list(compute.servers(all_projects=True)) is not None
    with pytest.raises(openstack.exceptions.ForbiddenException):
        shop.connection().compute.create_flavor(name="x", ram=1, vcpus=1, disk=1)


def test_what_a_customer_asks_besides(shop: Shop) -> None:
    cloud = shop.connection()
    assert [zone.name for zone in cloud.compute.availability_zones()] == ["zone-a"]
    limits = cloud.compute.get_limits().absolute
    assert (limits.instances, limits.instances_used) == (-1, 0)
    cloud.compute.create_keypair(name="desktop")
    assert "desktop" in [pair.name for pair in cloud.compute.keypairs()]
    cloud.compute.delete_keypair("desktop")
    assert cloud.compute.get_quota_set(cloud.current_project_id).cores == -1
    assert list(cloud.compute.server_groups()) == []
    assert list(cloud.compute.extensions())


def _until(compute: Any, server: Any, status: str) -> Any:
    last = time.monotonic() + 30
    while time.monotonic() < last:
        found = compute.get_server(server)
        if found.status == status and found.task_state is None:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{server.name} never was {status}")
