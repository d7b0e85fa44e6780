"""A server's life: what is asked, what the cloud does, what is shown and told."""

import pytest

from stratiform.contract.compute import NativeServerState, ServerSize, ServerSpec
from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.policy import SYSTEM
from stratiform.services.compute.errors import ServerNotFound, WrongState
from stratiform.services.volume.model import NewVolume
from support.servers import ServerBench
from support.stacks import customer


def test_create_makes_one_machine_with_our_token_and_the_promised_address(servers: ServerBench) -> None:
    made = servers.create(key_name=None, metadata={"k": "v"})
    assert (made.status, made.task_state) == ("BUILD", "scheduling")
    servers.work(1)
    server = servers.show(made.id)
    (machine,) = servers.machines()
    assert (server.status, server.vm_state, server.task_state, server.power_state) == ("ACTIVE", "active", "", 1)
    assert (machine.token, machine.id) == (server.id, server.native_id)
    assert server.launched_at == machine.launched_at
    with servers.ctx() as ctx:
        (detail,) = servers.service.details(ctx, [server])
    assert [port.fixed_ips[0]["ip_address"] for port in detail.ports["private"]] == list(machine.addresses)
    assert servers.told(made.id) == ["create.start", "create.end"]
    told = servers.events(made.id)[1].payload
    assert (told["state"], told["instance_type"], told["memory_mb"], told["vcpus"]) == ("active", "m1.tiny", 512, 1)
    assert told["launched_at"].count(".") == 1
    assert told["fixed_ips"][0]["address"] == machine.addresses[0]


def test_stop_and_start(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
    assert servers.show(server.id).task_state == "powering-off"
    servers.work(1)
    stopped = servers.show(server.id)
    assert (stopped.status, stopped.power_state, stopped.launched_at) == ("SHUTOFF", 4, server.launched_at)
    with servers.ctx() as ctx, pytest.raises(WrongState) as wrong:
        servers.service.stop(ctx, server.id)
    assert wrong.value.message == f"Cannot 'stop' instance {server.id} while it is in vm_state stopped"
    with servers.ctx() as ctx:
        servers.service.start(ctx, server.id)
    servers.work(1)
    assert servers.show(server.id).status == "ACTIVE"
    assert servers.told(server.id)[2:] == ["power_off.start", "power_off.end", "power_on.start", "power_on.end"]


@pytest.mark.parametrize("hard", [False, True])
def test_reboot(servers: ServerBench, hard: bool) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.reboot(ctx, server.id, hard=hard)
    assert servers.show(server.id).status == ("HARD_REBOOT" if hard else "REBOOT")
    servers.work(1)
    assert servers.show(server.id).status == "ACTIVE"


def test_a_hard_reboot_starts_a_stopped_server(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
    servers.work(1)
    with servers.ctx() as ctx, pytest.raises(WrongState):
        servers.service.reboot(ctx, server.id, hard=False)
    with servers.ctx() as ctx:
        servers.service.reboot(ctx, server.id, hard=True)
    servers.work(1)
    assert servers.show(server.id).status == "ACTIVE"


def test_resize_and_confirm(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.resize(ctx, server.id, "2")
    assert servers.show(server.id).status == "RESIZE"
    servers.work(2)
    resized = servers.show(server.id)
    assert (resized.status, resized.flavor["name"]) == ("VERIFY_RESIZE", "m1.small")
    assert servers.machines()[0].size.ram_mib == 2048
    with servers.ctx() as ctx, pytest.raises(WrongState):
        servers.service.stop(ctx, server.id)
    with servers.ctx() as ctx:
        servers.service.confirm_resize(ctx, server.id)
    confirmed = servers.show(server.id)
    assert (confirmed.status, confirmed.old_flavor) == ("ACTIVE", None)
    end = next(event for event in servers.events(server.id) if event.event_type.endswith("finish_resize.end"))
    assert (end.payload["state"], end.payload["instance_type"]) == ("resized", "m1.small")


def test_resize_and_revert(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.resize(ctx, server.id, "3")
    servers.work(2)
    with servers.ctx() as ctx:
        servers.service.revert_resize(ctx, server.id)
    assert servers.show(server.id).status == "REVERT_RESIZE"
    servers.work(2)
    reverted = servers.show(server.id)
    assert (reverted.status, reverted.flavor["name"], reverted.old_flavor) == ("ACTIVE", "m1.tiny", None)
    assert servers.machines()[0].size.ram_mib == 512
    assert servers.machines()[0].size.disk_gib == 40, "a disk that has grown can't shrink"


def test_a_stopped_server_stays_off_when_it_is_resized(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
    servers.work(1)
    with servers.ctx() as ctx:
        servers.service.resize(ctx, server.id, "2")
    servers.work(1)
    assert servers.show(server.id).status == "VERIFY_RESIZE"
    assert servers.machines()[0].state is NativeServerState.STOPPED
    with servers.ctx() as ctx:
        servers.service.confirm_resize(ctx, server.id)
    assert servers.show(server.id).status == "SHUTOFF"


def test_a_resize_for_which_there_is_no_room_leaves_the_server_as_it_was(servers: ServerBench) -> None:
    server = servers.active()
    servers.cloud.client.set_faults(capacity_vcpus=2)
    with servers.ctx() as ctx:
        servers.service.resize(ctx, server.id, "4")
    servers.work(3)
    after = servers.show(server.id)
    assert (after.status, after.flavor["name"], after.new_flavor) == ("ACTIVE", "m1.tiny", None)
    with servers.ctx() as ctx:
        assert servers.service.actions(ctx, server.id)[0].message == "Error"


def test_rebuild(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        changed = servers.service.rebuild(ctx, server.id, servers.image_id, {"name": "other"})
    assert (changed.status, changed.name) == ("REBUILD", "other")
    servers.work(1)
    assert servers.show(server.id).status == "ACTIVE"
    assert servers.show(server.id).native_id == server.native_id


def test_delete_frees_the_address_and_keeps_the_row(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, server.id)
    assert (servers.show(server.id).status, servers.show(server.id).task_state) == ("ACTIVE", "deleting")
    servers.work(1)
    gone = servers.show(server.id)
    assert gone.status == "DELETED"
    assert gone.terminated_at is not None
    assert servers.machines() == []
    with servers.of.services.database.snapshot() as db:
        assert servers.of.services.network.server_ports.list(db, server.id) == []
    with servers.ctx() as ctx, pytest.raises(ServerNotFound):
        servers.service.server(ctx, server.id)
    end = servers.events(server.id)[-1]
    assert (end.event_type, end.payload["state"]) == ("compute.instance.delete.end", "deleted")
    assert end.payload["terminated_at"]


def test_delete_while_it_is_built(servers: ServerBench) -> None:
    made = servers.create()
    servers.step()
    assert servers.show(made.id).status == "BUILD"
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, made.id)
    servers.work(1)
    assert servers.show(made.id).status == "DELETED"
    assert servers.machines() == []


def test_a_server_that_no_cloud_has_room_for_is_in_error_and_says_why(servers: ServerBench) -> None:
    servers.cloud.client.set_faults(capacity_vcpus=1)
    made = servers.create(flavor_id="5")
    servers.work(1)
    failed = servers.show(made.id)
    assert (failed.status, failed.task_state) == ("ERROR", "")
    assert failed.fault is not None
    assert "vCPUs" in failed.fault["message"]
    with servers.ctx() as ctx, pytest.raises(Conflict):
        servers.service.stop(ctx, made.id)
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, made.id)
    servers.work(1)
    assert servers.show(made.id).status == "DELETED"


def test_a_machine_that_breaks_while_it_starts(servers: ServerBench) -> None:
    servers.cloud.client.set_faults(break_percent=100)
    made = servers.create()
    servers.work(1)
    assert servers.show(made.id).status == "ERROR"
    assert servers.show(made.id).native_id


def test_throttling_and_lost_answers_are_never_an_error(servers: ServerBench) -> None:
    servers.cloud.client.set_faults(fail_next=3)
    first = servers.create()
    servers.work(10)
    assert servers.show(first.id).status == "ACTIVE"
    servers.cloud.client.set_faults(lose_next=2)
    second = servers.create()
    servers.work(10)
    assert servers.show(second.id).status == "ACTIVE"
    assert len(servers.machines()) == 2
    assert set(servers.cloud.client.history().values()) == {1}


def test_a_create_whose_answer_was_lost_is_found_when_the_server_is_deleted(servers: ServerBench) -> None:
    other = servers.active()  # so that the subnet is there, and the answer that gets lost is the machine's
    servers.cloud.client.set_faults(lose_next=1)
    made = servers.create()
    servers.step()
    assert (servers.show(made.id).native_id, len(servers.machines())) == ("", 2)
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, made.id)
    servers.work(3)
    assert servers.show(made.id).status == "DELETED"
    assert [machine.token for machine in servers.machines()] == [other.id]


def test_a_create_that_lands_after_the_delete_is_undone(servers: ServerBench) -> None:
    made = servers.create()
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, made.id)
    servers.step()
    assert servers.show(made.id).status == "DELETED"
    servers.compute.create(ServerSpec(made.id, "late", ServerSize(1, 512, 1), "memory-cirros"))
    servers.of.clock.advance(61 * SECOND_US)
    servers.work(1)
    assert servers.machines() == []


def test_several_at_once(servers: ServerBench) -> None:
    with servers.ctx() as ctx:
        made = servers.service.create_servers(ctx, servers.new(min_count=3, max_count=3))
    assert [server.name for server in made] == ["web-1", "web-2", "web-3"]
    assert len({server.reservation_id for server in made}) == 1
    servers.work(1)
    addresses = [address for machine in servers.machines() for address in machine.addresses]
    assert len(set(addresses)) == 3


def test_what_is_unknown_is_told_at_once(servers: ServerBench) -> None:
    for changes in ({"flavor_id": "99"}, {"image_id": "none"}, {"key_name": "none"}, {"zone": "moon"}):
        with servers.ctx() as ctx, pytest.raises(Invalid):
            servers.service.create_servers(ctx, servers.new(**changes))
    with servers.ctx(customer("p9")) as ctx, pytest.raises(Conflict):
        servers.service.create_servers(ctx, servers.new())
    with servers.ctx() as ctx, pytest.raises(NotFound):
        servers.service.delete_server(ctx, "none")


def test_volumes_are_attached_and_detached(servers: ServerBench) -> None:
    volume, server = servers.volume(), servers.active()
    with servers.ctx() as ctx:
        attachment = servers.service.attach(ctx, server.id, volume.id)
    assert attachment.state == "attaching"
    servers.work(1)
    with servers.ctx() as ctx:
        assert servers.service.attachment(ctx, server.id, volume.id).state == "attached"
    assert servers.machines()[0].volumes
    with servers.ctx() as ctx:
        servers.service.detach(ctx, server.id, volume.id)
    servers.work(1)
    assert servers.machines()[0].volumes == ()
    with servers.ctx() as ctx:
        assert servers.of.services.volume.volumes.get(ctx, volume.id).status == "available"


def test_a_volume_is_attached_once_the_new_server_runs_and_free_once_it_is_deleted(servers: ServerBench) -> None:
    volume = servers.volume()
    server = servers.active(volumes=((volume.id, ""),))
    assert servers.machines()[0].volumes
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, server.id)
    servers.work(1)
    with servers.ctx() as ctx:
        assert servers.of.services.volume.volumes.get(ctx, volume.id).status == "available"


def test_locked_means_locked(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.lock(ctx, server.id, "mine")
    with servers.ctx() as ctx, pytest.raises(Conflict) as locked:
        servers.service.delete_server(ctx, server.id)
    assert locked.value.message == f"Instance {server.id} is locked"
    with servers.ctx() as ctx:
        servers.service.unlock(ctx, server.id)
        servers.service.delete_server(ctx, server.id)


def test_actions_are_remembered_with_how_they_went(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
        assert servers.service.actions(ctx, server.id)[0].finished_at is None
    servers.work(1)
    with servers.ctx() as ctx:
        found = servers.service.actions(ctx, server.id)
    assert [(action.action, action.message) for action in found] == [("stop", None), ("create", None)]
    assert all(action.finished_at for action in found)


def test_metadata_that_changes_meanwhile_does_not_stop_what_is_under_way(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
    servers.step()
    with servers.ctx() as ctx:
        servers.service.set_metadata(ctx, server.id, {"k": "v"}, whole=True)
    servers.work(1)
    after = servers.show(server.id)
    assert (after.status, after.metadata) == ("SHUTOFF", {"k": "v"})


def test_a_volume_that_is_elsewhere_is_refused(servers: ServerBench) -> None:
    server, volume = servers.active(), servers.volume()
    with servers.ctx() as ctx:
        servers.of.services.clouds.bindings.create(
            servers.of.ctx(ctx.db, SYSTEM), "p1", servers.cloud_id, "zone-b", "zone-2"
        )
    with servers.ctx() as ctx:
        other = servers.of.services.volume.volumes.create(ctx, NewVolume(1, availability_zone="zone-b"))
    with servers.ctx() as ctx, pytest.raises(Invalid):
        servers.service.attach(ctx, server.id, other.id)
    with servers.ctx(customer("p2")) as ctx, pytest.raises(NotFound):
        servers.service.create_servers(ctx, servers.new(volumes=((volume.id, ""),)))
    with servers.ctx() as ctx:
        assert servers.service.attach(ctx, server.id, volume.id).state == "attaching"
