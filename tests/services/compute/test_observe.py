"""Observation of a cloud that differs from the rows."""

import pytest

from stratiform.contract.compute import NativeServerState, ServerSize, ServerSpec
from stratiform.kit.errors import Conflict
from stratiform.kit.logging_setup import redact_secrets
from stratiform.kit.work_queue import enqueue
from support.servers import ServerHarness


def spec(token: str) -> ServerSpec:
    return ServerSpec(token, "x", ServerSize(1, 512, 1), "memory-cirros")


def test_server_stopped_in_cloud_becomes_shutoff(servers: ServerHarness) -> None:
    server = servers.create_active()
    servers.cloud_compute.stop(server.native_id)
    servers.observe()
    assert servers.get(server.id).status == "SHUTOFF"
    assert servers.events(server.id)[-1].event_type == "compute.instance.power_off.end"
    assert servers.events(server.id)[-1].payload["state"] == "stopped"


def test_server_started_in_cloud_is_stopped(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    servers.run_worker(1)
    servers.cloud_compute.start(server.native_id)
    servers.observe()
    servers.run_worker(2)
    assert servers.get(server.id).status == "SHUTOFF"
    assert servers.native_servers()[0].state is NativeServerState.STOPPED


def test_server_deleted_in_cloud_becomes_error_and_usage_ends(servers: ServerHarness) -> None:
    server = servers.create_active()
    servers.cloud_compute.delete(server.native_id)
    servers.observe()
    lost = servers.get(server.id)
    assert (lost.status, lost.deleted_at) == ("ERROR", None)
    assert lost.fault is not None
    assert lost.fault["message"] == "The server no longer exists in its cloud."
    event = servers.events(server.id)[-1]
    assert (event.event_type, event.payload["state"]) == ("compute.instance.delete.end", "deleted")
    assert lost.terminated_at is not None
    with servers.ctx() as ctx, pytest.raises(Conflict):
        servers.compute.server_actions.reboot(ctx, server.id, hard=True)
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    servers.run_worker(1)
    deleted = servers.get(server.id)
    assert (deleted.status, deleted.terminated_at) == ("DELETED", lost.terminated_at)


def test_action_detects_server_deleted_in_cloud(servers: ServerHarness) -> None:
    server = servers.create_active()
    servers.cloud_compute.delete(server.native_id)
    servers.harness.clock.advance(1_000_000)
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    servers.run_worker(1)
    assert servers.get(server.id).status == "ERROR"
    servers.observe()
    assert servers.event_types(server.id).count("delete.end") == 1


def test_orphan_of_deleted_server_is_deleted(servers: ServerHarness) -> None:
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    servers.run_worker(1)
    servers.cloud_compute.create(spec(server.id))
    servers.observe()
    servers.harness.clock.advance(1_000_000)
    assert servers.native_servers() == []


def test_orphan_of_failed_server_is_deleted(servers: ServerHarness) -> None:
    servers.cloud.client.set_faults(capacity_vcpus=1)
    failed = servers.create(flavor_id="5")
    servers.run_worker(1)
    servers.cloud.client.clear_faults()
    servers.cloud_compute.create(spec(failed.id))
    servers.observe()
    servers.harness.clock.advance(1_000_000)
    assert servers.native_servers() == []


def test_server_with_unknown_token_is_ignored(servers: ServerHarness, caplog: pytest.LogCaptureFixture) -> None:
    servers.cloud_compute.create(spec("from-another-database"))
    servers.observe()
    (native,) = servers.native_servers()
    line = f"cloud=sim native_id={native.id} resource_tag=from-another-database"
    assert [redact_secrets(message) for message in caplog.messages] == [f"ignoring server with unknown tag {line}"]
    assert [native.token for native in servers.native_servers()] == ["from-another-database"]


def test_server_with_action_in_progress_is_ignored(servers: ServerHarness) -> None:
    server = servers.create_active()
    servers.cloud.client.set_faults(latency_ms=60_000)
    with servers.ctx() as ctx:
        servers.compute.server_actions.stop(ctx, server.id)
    servers.run_due_work()
    servers.observe()
    assert servers.get(server.id).task_state == "powering-off"


def test_survey_observes_every_cloud_periodically(servers: ServerHarness) -> None:
    server = servers.create_active()
    servers.cloud_compute.stop(server.native_id)
    with servers.harness.services.database.transaction() as db:
        enqueue(db, "compute.survey", "all", servers.harness.clock.now())
    servers.run_worker(20)
    assert servers.get(server.id).status == "SHUTOFF"


def test_no_notification_without_drift(servers: ServerHarness) -> None:
    servers.create_active()
    before = servers.event_types()
    servers.observe()
    servers.observe()
    assert servers.event_types() == before
