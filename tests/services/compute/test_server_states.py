"""Paused, shelved and soft-deleted servers: what happens to them later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.contract.compute import NativeServerState, ServerSize, ServerSpec
from stratiform.kit.clock import HOUR_US
from stratiform.services.volume.model import AttachmentOptions
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness


@pytest.fixture
def reclaiming(home: Path) -> Iterator[ServerHarness]:
    stack = build_harness(home, reclaim_instance_interval=3600)
    yield with_servers(stack)
    stack.services.database.close()


def test_a_hard_reboot_starts_a_paused_server(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_state_actions.pause(ctx, server.id)
    servers.run_worker(2)
    assert servers.get(server.id).status == "PAUSED"
    with servers.ctx() as ctx:
        servers.compute.server_actions.reboot(ctx, server.id, hard=True)
    servers.run_worker(2)
    assert servers.get(server.id).status == "ACTIVE"
    assert servers.native_servers()[0].state is NativeServerState.RUNNING


def test_volumes_of_a_shelved_server_are_attached_again(servers: ServerHarness) -> None:
    server, volume = servers.create_active(), servers.create_volume()
    with servers.ctx() as ctx:
        servers.compute.volume_attachments.attach(ctx, server.id, volume.id, AttachmentOptions())
    servers.run_worker(1)
    with servers.ctx() as ctx:
        servers.compute.server_state_actions.shelve(ctx, server.id)
    servers.run_worker(4)
    assert (servers.get(server.id).status, servers.native_servers()) == ("SHELVED_OFFLOADED", [])
    with servers.ctx() as ctx:
        servers.compute.server_state_actions.unshelve(ctx, server.id)
    servers.run_worker(4)
    [native] = servers.native_servers()
    assert (servers.get(server.id).status, len(native.volume_ids)) == ("ACTIVE", 1)


def test_a_server_that_appears_for_a_shelved_one_is_deleted(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_state_actions.shelve(ctx, server.id)
    servers.run_worker(4)
    servers.cloud_compute.create(ServerSpec(server.id, "late", ServerSize(1, 512, 1), "memory-cirros"))
    servers.observe()
    servers.run_worker(2)
    assert servers.native_servers() == []
    assert servers.get(server.id).status == "SHELVED_OFFLOADED"


def test_a_soft_deleted_server_is_restored(reclaiming: ServerHarness) -> None:
    server = reclaiming.create_active()
    with reclaiming.ctx() as ctx:
        reclaiming.compute.servers.delete(ctx, server.id)
    reclaiming.run_worker(2)
    assert reclaiming.get(server.id).status == "SOFT_DELETED"
    assert [native.state for native in reclaiming.native_servers()] == [NativeServerState.STOPPED]
    with reclaiming.ctx() as ctx:
        reclaiming.compute.server_state_actions.restore(ctx, server.id)
    reclaiming.run_worker(2)
    assert reclaiming.get(server.id).status == "ACTIVE"


def test_a_soft_deleted_server_is_deleted_after_the_interval(reclaiming: ServerHarness) -> None:
    server = reclaiming.create_active()
    with reclaiming.ctx() as ctx:
        reclaiming.compute.servers.delete(ctx, server.id)
    reclaiming.run_worker(2)
    reclaiming.harness.clock.advance(HOUR_US)
    reclaiming.run_worker(2)
    assert (reclaiming.get(server.id).status, reclaiming.native_servers()) == ("DELETED", [])
    assert [kind for kind in reclaiming.event_types(server.id) if "delete" in kind] == [
        "soft_delete.start",
        "soft_delete.end",
        "delete.start",
        "delete.end",
    ]
