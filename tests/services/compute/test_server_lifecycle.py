"""The lifecycle of servers: requests, the worker, the simulated cloud, notifications."""

import pytest

from stratiform.contract.compute import NativeServerState, ServerSize, ServerSpec
from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Conflict, Invalid, NotFound, UnsupportedOperation
from stratiform.kit.policy import SYSTEM
from stratiform.services.compute.errors import InvalidServerState, ServerNotFound
from stratiform.services.compute.model import BlockDevice
from stratiform.services.volume.model import AttachmentOptions, NewVolume
from support.servers import ServerHarness
from support.stacks import customer


def test_create_creates_one_server_in_the_cloud_with_its_id_and_address(servers: ServerHarness) -> None:
    created = servers.create(key_name=None, metadata={"k": "v"})
    assert (created.status, created.task_state) == ("BUILD", "scheduling")
    servers.run_worker(1)
    server = servers.get(created.id)
    (native,) = servers.native_servers()
    assert (server.status, server.vm_state, server.task_state, server.power_state) == ("ACTIVE", "active", "", 1)
    assert (native.token, native.id) == (server.id, server.native_id)
    assert server.launched_at == native.launched_at
    with servers.ctx() as ctx:
        (detail,) = servers.compute.servers.load_details(ctx, [server])
    assert [port.fixed_ips[0]["ip_address"] for port in detail.ports["private"]] == list(native.addresses)
    assert servers.event_types(created.id) == ["create.start", "create.end"]
    payload = servers.events(created.id)[1].payload
    assert (payload["state"], payload["instance_type"], payload["memory_mb"], payload["vcpus"]) == (
        "active",
        "m1.tiny",
        512,
        1,
    )
    assert payload["launched_at"].count(".") == 1
    assert payload["fixed_ips"][0]["address"] == native.addresses[0]


def test_stop_and_start(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    assert servers.get(server.id).task_state == "powering-off"
    servers.run_worker(1)
    stopped = servers.get(server.id)
    assert (stopped.status, stopped.power_state, stopped.launched_at) == ("SHUTOFF", 4, server.launched_at)
    with servers.ctx() as ctx, pytest.raises(InvalidServerState) as error:
        servers.compute.server_actions.stop(ctx, server.id)
    assert error.value.message == f"Cannot 'stop' instance {server.id} while it is in vm_state stopped"
    with servers.ctx() as ctx:
        servers.compute.server_actions.start(ctx, server.id)
    servers.run_worker(1)
    assert servers.get(server.id).status == "ACTIVE"
    assert servers.event_types(server.id)[2:] == ["power_off.start", "power_off.end", "power_on.start", "power_on.end"]


@pytest.mark.parametrize("hard", [False, True])
def test_reboot(servers: ServerHarness, hard: bool) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.reboot(ctx, server.id, hard=hard)
    assert servers.get(server.id).status == ("HARD_REBOOT" if hard else "REBOOT")
    servers.run_worker(1)
    assert servers.get(server.id).status == "ACTIVE"


def test_hard_reboot_starts_stopped_server(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    servers.run_worker(1)
    with servers.ctx() as ctx, pytest.raises(InvalidServerState):
        servers.compute.server_actions.reboot(ctx, server.id, hard=False)
    with servers.ctx() as ctx:
        servers.compute.server_actions.reboot(ctx, server.id, hard=True)
    servers.run_worker(1)
    assert servers.get(server.id).status == "ACTIVE"


def test_resize_and_confirm(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.resize(ctx, server.id, "2")
    assert servers.get(server.id).status == "RESIZE"
    servers.run_worker(2)
    resized = servers.get(server.id)
    assert (resized.status, resized.flavor["name"]) == ("VERIFY_RESIZE", "m1.small")
    assert servers.native_servers()[0].size.ram_mib == 2048
    with servers.ctx() as ctx, pytest.raises(InvalidServerState):
        servers.compute.server_actions.stop(ctx, server.id)
    with servers.ctx() as ctx:
        servers.compute.server_actions.confirm_resize(ctx, server.id)
    confirmed = servers.get(server.id)
    assert (confirmed.status, confirmed.old_flavor) == ("ACTIVE", None)
    end = next(event for event in servers.events(server.id) if event.event_type.endswith("finish_resize.end"))
    assert (end.payload["state"], end.payload["instance_type"]) == ("resized", "m1.small")


def test_resize_and_revert(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.resize(ctx, server.id, "3")
    servers.run_worker(2)
    with servers.ctx() as ctx:
        servers.compute.server_actions.revert_resize(ctx, server.id)
    assert servers.get(server.id).status == "REVERT_RESIZE"
    servers.run_worker(2)
    reverted = servers.get(server.id)
    assert (reverted.status, reverted.flavor["name"], reverted.old_flavor) == ("ACTIVE", "m1.tiny", None)
    assert servers.native_servers()[0].size.ram_mib == 512
    assert servers.native_servers()[0].size.disk_gib == 40, "disks can't shrink"


def test_resize_keeps_stopped_server_stopped(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    servers.run_worker(1)
    with servers.ctx() as ctx:
        servers.compute.server_actions.resize(ctx, server.id, "2")
    servers.run_worker(1)
    assert servers.get(server.id).status == "VERIFY_RESIZE"
    assert servers.native_servers()[0].state is NativeServerState.STOPPED
    with servers.ctx() as ctx:
        servers.compute.server_actions.confirm_resize(ctx, server.id)
    assert servers.get(server.id).status == "SHUTOFF"


def test_resize_without_capacity_keeps_old_flavor(servers: ServerHarness) -> None:
    server = servers.create_active()
    servers.cloud.client.set_faults(capacity_vcpus=2)
    with servers.ctx() as ctx:
        servers.compute.server_actions.resize(ctx, server.id, "4")
    servers.run_worker(3)
    after = servers.get(server.id)
    assert (after.status, after.flavor["name"], after.new_flavor) == ("ACTIVE", "m1.tiny", None)
    with servers.ctx() as ctx:
        assert servers.compute.instance_actions.list(ctx, server.id)[0].message == "Error"


def test_rebuild(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        changed = servers.compute.server_actions.rebuild(ctx, server.id, servers.image_id, name="other")
    assert (changed.status, changed.name) == ("REBUILD", "other")
    servers.run_worker(1)
    assert servers.get(server.id).status == "ACTIVE"
    assert servers.get(server.id).native_id == server.native_id


def test_rebuild_is_refused_on_clouds_that_lack_it(servers: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    from stratiform.connectors.memory.connector import MemoryConnector

    server = servers.create_active()
    monkeypatch.setattr(MemoryConnector, "unsupported", {ServerOperation.REBUILD: "No rebuild."}, raising=False)
    with servers.ctx() as ctx, pytest.raises(UnsupportedOperation, match=r"No rebuild\."):
        servers.compute.server_actions.rebuild(ctx, server.id, servers.image_id, name="other")
    assert (servers.get(server.id).status, servers.get(server.id).name) == ("ACTIVE", server.name)


def test_delete_releases_address_and_keeps_row(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    assert (servers.get(server.id).status, servers.get(server.id).task_state) == ("ACTIVE", "deleting")
    servers.run_worker(1)
    deleted = servers.get(server.id)
    assert deleted.status == "DELETED"
    assert deleted.terminated_at is not None
    assert servers.native_servers() == []
    with servers.harness.services.database.read_transaction() as db:
        assert servers.harness.services.network.server_ports.list(db, server.id) == []
    with servers.ctx() as ctx, pytest.raises(ServerNotFound):
        servers.compute.servers.get(ctx, server.id)
    end = servers.events(server.id)[-1]
    assert (end.event_type, end.payload["state"]) == ("compute.instance.delete.end", "deleted")
    assert end.payload["terminated_at"]


def test_delete_during_build(servers: ServerHarness) -> None:
    created = servers.create()
    servers.run_due_work()
    assert servers.get(created.id).status == "BUILD"
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, created.id)
    servers.run_worker(1)
    assert servers.get(created.id).status == "DELETED"
    assert servers.native_servers() == []


def test_create_without_capacity_sets_error_with_fault(servers: ServerHarness) -> None:
    servers.cloud.client.set_faults(capacity_vcpus=1)
    created = servers.create(flavor_id="5")
    servers.run_worker(1)
    failed = servers.get(created.id)
    assert (failed.status, failed.task_state) == ("ERROR", "")
    assert failed.fault is not None
    assert "vCPUs" in failed.fault["message"]
    with servers.ctx() as ctx, pytest.raises(Conflict):
        servers.compute.server_actions.stop(ctx, created.id)
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, created.id)
    servers.run_worker(1)
    assert servers.get(created.id).status == "DELETED"


def test_create_fails_if_server_breaks_while_starting(servers: ServerHarness) -> None:
    servers.cloud.client.set_faults(break_percent=100)
    created = servers.create()
    servers.run_worker(1)
    assert servers.get(created.id).status == "ERROR"
    assert servers.get(created.id).native_id


def test_throttling_and_lost_responses_are_retried(servers: ServerHarness) -> None:
    servers.cloud.client.set_faults(fail_next=3)
    first = servers.create()
    servers.run_worker(10)
    assert servers.get(first.id).status == "ACTIVE"
    servers.cloud.client.set_faults(lose_next=2)
    second = servers.create()
    servers.run_worker(10)
    assert servers.get(second.id).status == "ACTIVE"
    assert len(servers.native_servers()) == 2
    assert set(servers.cloud.client.count_created().values()) == {1}


def test_delete_finds_server_whose_create_response_was_lost(servers: ServerHarness) -> None:
    other = servers.create_active()  # creates the subnet, so that the lost response is the server's
    servers.cloud.client.set_faults(lose_next=1)
    created = servers.create()
    servers.run_due_work()
    assert (servers.get(created.id).native_id, len(servers.native_servers())) == ("", 2)
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, created.id)
    servers.run_worker(3)
    assert servers.get(created.id).status == "DELETED"
    assert [native.token for native in servers.native_servers()] == [other.id]


def test_late_create_after_delete_is_deleted(servers: ServerHarness) -> None:
    created = servers.create()
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, created.id)
    servers.run_due_work()
    assert servers.get(created.id).status == "DELETED"
    servers.cloud_compute.create(ServerSpec(created.id, "late", ServerSize(1, 512, 1), "memory-cirros"))
    servers.harness.clock.advance(61 * SECOND_US)
    servers.run_worker(1)
    assert servers.native_servers() == []


def test_create_multiple_servers(servers: ServerHarness) -> None:
    with servers.ctx() as ctx:
        created = servers.compute.servers.create(ctx, servers.new_server(min_count=3, max_count=3))
    assert [server.name for server in created] == ["web-1", "web-2", "web-3"]
    assert len({server.reservation_id for server in created}) == 1
    servers.run_worker(1)
    addresses = [address for native in servers.native_servers() for address in native.addresses]
    assert len(set(addresses)) == 3


def test_create_rejects_unknown_references(servers: ServerHarness) -> None:
    for changes in ({"flavor_id": "99"}, {"image_id": "none"}, {"key_name": "none"}, {"zone": "moon"}):
        with servers.ctx() as ctx, pytest.raises(Invalid):
            servers.compute.servers.create(ctx, servers.new_server(**changes))
    with servers.ctx(customer("p9")) as ctx, pytest.raises(Conflict):
        servers.compute.servers.create(ctx, servers.new_server())
    with servers.ctx() as ctx, pytest.raises(NotFound):
        servers.compute.servers.delete(ctx, "none")


def test_attach_and_detach_volume(servers: ServerHarness) -> None:
    volume, server = servers.create_volume(), servers.create_active()
    with servers.ctx() as ctx:
        attachment = servers.compute.volume_attachments.attach(ctx, server.id, volume.id, AttachmentOptions())
    assert attachment.state == "attaching"
    servers.run_worker(1)
    with servers.ctx() as ctx:
        assert servers.compute.volume_attachments.get(ctx, server.id, volume.id).state == "attached"
    assert servers.native_servers()[0].volume_ids
    with servers.ctx() as ctx:
        servers.compute.volume_attachments.detach(ctx, server.id, volume.id)
    servers.run_worker(1)
    assert servers.native_servers()[0].volume_ids == ()
    with servers.ctx() as ctx:
        assert servers.harness.services.volume.volumes.get(ctx, volume.id).status == "available"


def test_volume_of_new_server_is_attached_and_available_after_delete(servers: ServerHarness) -> None:
    volume = servers.create_volume()
    server = servers.create_active(block_devices=(BlockDevice("volume", "volume", volume.id),))
    assert servers.native_servers()[0].volume_ids
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    servers.run_worker(1)
    with servers.ctx() as ctx:
        assert servers.harness.services.volume.volumes.get(ctx, volume.id).status == "available"


def test_locked_server_cannot_be_deleted(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.lock(ctx, server.id, "mine")
    with servers.ctx() as ctx, pytest.raises(Conflict) as error:
        servers.compute.servers.delete(ctx, server.id)
    assert error.value.message == f"Instance {server.id} is locked"
    with servers.ctx() as ctx:
        servers.compute.server_actions.unlock(ctx, server.id)
        servers.compute.servers.delete(ctx, server.id)


def test_instance_actions_record_outcome(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
        assert servers.compute.instance_actions.list(ctx, server.id)[0].finished_at is None
    servers.run_worker(1)
    with servers.ctx() as ctx:
        actions = servers.compute.instance_actions.list(ctx, server.id)
    assert [(action.action, action.message) for action in actions] == [("stop", None), ("create", None)]
    assert all(action.finished_at for action in actions)


def test_metadata_update_does_not_interrupt_action(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    servers.run_due_work()
    with servers.ctx() as ctx:
        servers.compute.server_metadata.replace(ctx, server.id, {"k": "v"})
    servers.run_worker(1)
    after = servers.get(server.id)
    assert (after.status, after.metadata) == ("SHUTOFF", {"k": "v"})


def test_volume_in_other_zone_or_project_is_rejected(servers: ServerHarness) -> None:
    server, volume = servers.create_active(), servers.create_volume()
    with servers.ctx() as ctx:
        admin = servers.harness.ctx(ctx.db, SYSTEM)
        servers.harness.services.clouds.bindings.create(admin, "p1", servers.cloud_id, "zone-b", "zone-2")
    with servers.ctx() as ctx:
        other = servers.harness.services.volume.volumes.create(ctx, NewVolume(1, availability_zone="zone-b"))
    with servers.ctx() as ctx, pytest.raises(Invalid):
        servers.compute.volume_attachments.attach(ctx, server.id, other.id, AttachmentOptions())
    with servers.ctx(customer("p2")) as ctx, pytest.raises(Invalid):
        servers.compute.servers.create(
            ctx, servers.new_server(block_devices=(BlockDevice("volume", "volume", volume.id),))
        )
    with servers.ctx() as ctx:
        assert (
            servers.compute.volume_attachments.attach(ctx, server.id, volume.id, AttachmentOptions()).state
            == "attaching"
        )
