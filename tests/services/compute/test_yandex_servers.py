"""Servers and volumes of a project on Yandex Cloud: from the API's services through the worker to the cloud."""

import grpc
import pytest

from stratiform.kit.errors import UnsupportedOperation
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute.model import Server
from stratiform.services.volume.model import AttachmentOptions
from support.servers import ServerHarness
from support.stacks import ServiceHarness
from support.yandex import IMAGE, YandexServer, wait_until
from support.yandex.state import ZONES, Abort, Fault, State, unavailable

NO_CAPACITY = Abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Not enough resources in the availability zone")


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


@pytest.fixture
def servers(service_harness: ServiceHarness, yandex_server: YandexServer) -> ServerHarness:
    """A project that is bound to Yandex Cloud, with an image and a network."""
    services = service_harness.services
    with services.database.transaction() as db:
        ctx = service_harness.ctx(db, SYSTEM)
        cloud = services.clouds.accounts.create(ctx, "yandex", "yc", yandex_server.settings)
        services.compute.flavors.create_defaults(ctx)
        services.volume.volume_types.ensure_initial_types(ctx)
        image = services.image.images.create_for_native_ids(ctx, "debian")
        services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, IMAGE)
        services.clouds.bindings.create(ctx, "p1", cloud.id, "nova", ZONES[0])
        services.network.default_networks.ensure_network(ctx, "p1")
    return ServerHarness(service_harness, cloud.id, image.id)


def wait_for(servers: ServerHarness, server_id: str, status: str) -> Server:
    """Run the worker until a server has a status."""

    def is_reached() -> bool:
        servers.run_worker(1)
        return servers.get(server_id).status == status

    wait_until(is_reached)
    return servers.get(server_id)


def test_lifecycle_of_a_server_leaves_nothing(servers: ServerHarness, state: State) -> None:
    server = wait_for(servers, servers.create().id, "ACTIVE")
    [instance] = state.table("instances").values()
    with servers.ctx() as ctx:
        [detail] = servers.compute.servers.load_details(ctx, [server])
    [port] = [port for ports in detail.ports.values() for port in ports]
    assert [item.primary_v4_address.address for item in instance.network_interfaces] == [
        port.fixed_ips[0]["ip_address"]
    ]
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    wait_for(servers, server.id, "SHUTOFF")
    with servers.ctx() as ctx, pytest.raises(UnsupportedOperation, match="cannot replace the boot disk"):
        servers.compute.server_actions.rebuild(ctx, server.id, servers.image_id)
    with servers.ctx() as ctx:
        servers.compute.server_actions.start(ctx, server.id)
    wait_for(servers, server.id, "ACTIVE")
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    wait_for(servers, server.id, "DELETED")
    wait_until(state.settle_all)
    assert (state.table("instances"), state.table("disks")) == ({}, {})


def test_lost_responses_create_one_server(servers: ServerHarness, state: State) -> None:
    state.faults.append(Fault("InstanceService/Create", unavailable(), count=4, executes=True))
    wait_for(servers, servers.create().id, "ACTIVE")
    assert len(state.table("instances")) == 1


def test_failed_creation_is_the_fault_of_the_server(servers: ServerHarness, state: State) -> None:
    state.faults.append(Fault("InstanceService/Create", NO_CAPACITY, in_operation=True, count=9))
    server = wait_for(servers, servers.create().id, "ERROR")
    assert server.fault is not None
    assert server.fault["message"] == "Yandex Cloud: Not enough resources in the availability zone"
    wait_until(state.settle_all)
    assert (state.table("instances"), state.table("disks")) == ({}, {})
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    wait_for(servers, server.id, "DELETED")


def test_revoked_key_changes_no_server(servers: ServerHarness, state: State) -> None:
    server = wait_for(servers, servers.create().id, "ACTIVE")
    state.is_revoked = True
    state.tokens.clear()
    servers.observe()
    assert servers.get(server.id).status == "ACTIVE"
    state.is_revoked = False
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    wait_for(servers, server.id, "DELETED")


def test_server_that_was_stopped_in_the_cloud_is_observed(servers: ServerHarness, state: State) -> None:
    from yandex.cloud.compute.v1.instance_pb2 import Instance

    server = wait_for(servers, servers.create().id, "ACTIVE")
    [instance] = state.table("instances").values()
    instance.status = Instance.STOPPED

    def is_observed() -> bool:
        servers.observe()
        return servers.get(server.id).power_state == 4

    wait_until(is_observed)


def test_volume_is_attached_and_detached(servers: ServerHarness, state: State) -> None:
    server = wait_for(servers, servers.create().id, "ACTIVE")
    volume = servers.create_volume(3)

    def get_status() -> str:
        servers.run_worker(1)
        return next(item.status for item in servers.list_volumes() if item.id == volume.id)

    wait_until(lambda: get_status() == "available")
    with servers.ctx() as ctx:
        servers.compute.volume_attachments.attach(ctx, server.id, volume.id, AttachmentOptions())
    wait_until(lambda: get_status() == "in-use")
    [instance] = state.table("instances").values()
    assert len(instance.secondary_disks) == 1
    with servers.ctx() as ctx:
        servers.compute.volume_attachments.detach(ctx, server.id, volume.id)
    wait_until(lambda: get_status() == "available")
    assert len(instance.secondary_disks) == 0
