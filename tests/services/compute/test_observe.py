"""What the observer makes of a cloud that differs from the rows."""

import pytest

from stratiform.contract.compute import NativeServerState, ServerSize, ServerSpec
from stratiform.kit.errors import Conflict
from stratiform.kit.work import enqueue
from support.servers import ServerBench


def spec(token: str) -> ServerSpec:
    return ServerSpec(token, "x", ServerSize(1, 512, 1), "memory-cirros")


def test_a_machine_that_was_stopped_in_the_cloud_is_shut_off(servers: ServerBench) -> None:
    server = servers.active()
    servers.compute.stop(server.native_id)
    servers.observe()
    assert servers.show(server.id).status == "SHUTOFF"
    assert servers.events(server.id)[-1].event_type == "compute.instance.power_off.end"
    assert servers.events(server.id)[-1].payload["state"] == "stopped"


def test_a_machine_that_was_started_in_the_cloud_is_stopped_again(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
    servers.work(1)
    servers.compute.start(server.native_id)
    servers.observe()
    servers.work(2)
    assert servers.show(server.id).status == "SHUTOFF"
    assert servers.machines()[0].state is NativeServerState.STOPPED


def test_a_machine_that_was_deleted_in_the_cloud_costs_no_more(servers: ServerBench) -> None:
    server = servers.active()
    servers.compute.delete(server.native_id)
    servers.observe()
    lost = servers.show(server.id)
    assert (lost.status, lost.deleted_at) == ("ERROR", None)
    assert lost.fault is not None
    assert lost.fault["message"] == "The machine was deleted in the cloud."
    told = servers.events(server.id)[-1]
    assert (told.event_type, told.payload["state"]) == ("compute.instance.delete.end", "deleted")
    assert lost.terminated_at is not None
    with servers.ctx() as ctx, pytest.raises(Conflict):
        servers.service.reboot(ctx, server.id, hard=True)
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, server.id)
    servers.work(1)
    gone = servers.show(server.id)
    assert (gone.status, gone.terminated_at) == ("DELETED", lost.terminated_at)


def test_a_verb_on_a_machine_that_was_deleted_in_the_cloud_finds_out_too(servers: ServerBench) -> None:
    server = servers.active()
    servers.compute.delete(server.native_id)
    servers.of.clock.advance(1_000_000)
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
    servers.work(1)
    assert servers.show(server.id).status == "ERROR"
    servers.observe()
    assert servers.told(server.id).count("delete.end") == 1


def test_a_machine_of_a_deleted_server_is_deleted(servers: ServerBench) -> None:
    server = servers.active()
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, server.id)
    servers.work(1)
    servers.compute.create(spec(server.id))
    servers.observe()
    servers.of.clock.advance(1_000_000)
    assert servers.machines() == []


def test_a_machine_of_a_server_that_has_failed_is_deleted(servers: ServerBench) -> None:
    servers.cloud.client.set_faults(capacity_vcpus=1)
    failed = servers.create(flavor_id="5")
    servers.work(1)
    servers.cloud.client.clear_faults()
    servers.compute.create(spec(failed.id))
    servers.observe()
    servers.of.clock.advance(1_000_000)
    assert servers.machines() == []


def test_a_machine_that_this_database_never_knew_is_left_alone(servers: ServerBench) -> None:
    servers.compute.create(spec("from-another-database"))
    servers.observe()
    assert [machine.token for machine in servers.machines()] == ["from-another-database"]


def test_what_is_on_its_way_is_left_alone(servers: ServerBench) -> None:
    server = servers.active()
    servers.cloud.client.set_faults(latency_ms=60_000)
    with servers.ctx() as ctx:
        servers.service.stop(ctx, server.id)
    servers.step()
    servers.observe()
    assert servers.show(server.id).task_state == "powering-off"


def test_a_survey_looks_at_every_cloud_and_comes_again(servers: ServerBench) -> None:
    server = servers.active()
    servers.compute.stop(server.native_id)
    with servers.of.services.database.transaction() as db:
        enqueue(db, "compute.survey", "all", servers.of.clock.now())
    servers.work(20)
    assert servers.show(server.id).status == "SHUTOFF"


def test_nothing_differs_nothing_is_told(servers: ServerBench) -> None:
    servers.active()
    before = servers.told()
    servers.observe()
    servers.observe()
    assert servers.told() == before
