"""Compute capability of the simulated cloud, beyond the conformance tests: timing, console output, rejections."""

from typing import Any

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.compute import ComputeDriver, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import InsufficientCapacity, NativeNotFound, RequestRejected
from stratiform.contract.volume import VolumeSpec
from stratiform.kit.clock import ManualClock

from .conftest import Connect

SMALL, LARGE = ServerSize(1, 512, 1), ServerSize(2, 2048, 20)
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f me"
LATENCY_US = 50_000


def compute_of(cloud: MemoryCloud) -> ComputeDriver:
    assert cloud.compute is not None
    return cloud.compute


def spec(token: str = "t1", **overrides: Any) -> ServerSpec:
    values: dict[str, Any] = {"name": "web-1", "size": SMALL, "image_id": "memory-debian-12", **overrides}
    return ServerSpec(token, **values)


def create_volume(cloud: MemoryCloud, token: str, zone: str = "") -> str:
    assert cloud.volume is not None
    return cloud.volume.create(VolumeSpec(token, "data", 1, availability_zone=zone)).id


def test_server_is_launched_after_the_latency(connect: Connect, clock: ManualClock) -> None:
    compute, created_at = compute_of(connect()), clock.now()
    server = compute.create(spec())
    assert (server.state, server.launched_at) == (NativeServerState.BUILDING, None)
    clock.advance(LATENCY_US - 1)
    assert compute.get(server.id).state is NativeServerState.BUILDING
    clock.advance(1)
    server = compute.get(server.id)
    assert (server.state, server.launched_at) == (NativeServerState.RUNNING, created_at + LATENCY_US)


def test_stop_and_start_keep_launched_at(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    server_id = compute.create(spec()).id
    launched_at = clock.advance(LATENCY_US)
    compute.stop(server_id)
    assert compute.get(server_id).state is NativeServerState.STOPPING
    clock.advance(LATENCY_US)
    compute.start(server_id)
    assert compute.get(server_id).state is NativeServerState.BUILDING
    clock.advance(LATENCY_US)
    assert compute.get(server_id).launched_at == launched_at


def test_server_deleted_before_its_launch_has_no_launched_at(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    server_id = compute.create(spec()).id
    clock.advance(LATENCY_US // 2)
    compute.delete(server_id)
    clock.advance(LATENCY_US - 1)
    server = compute.get(server_id)
    assert (server.state, server.launched_at) == (NativeServerState.DELETING, None)
    clock.advance(1)
    with pytest.raises(NativeNotFound):
        compute.get(server_id)


def test_token_can_be_reused_after_the_deletion(connect: Connect, clock: ManualClock) -> None:
    cloud = connect()
    compute = compute_of(cloud)
    first = compute.create(spec())
    compute.delete(first.id)
    assert compute.create(spec()).id == first.id
    clock.advance(LATENCY_US)
    assert compute.create(spec()).id != first.id
    assert cloud.client.count_created() == {"t1": 2}


def test_start_waits_for_a_resize_in_progress(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    server_id = compute.create(spec()).id
    clock.advance(LATENCY_US)
    compute.stop(server_id)
    with pytest.raises(RequestRejected, match="state 'stopping'"):
        compute.resize(server_id, LARGE)
    clock.advance(LATENCY_US)
    compute.resize(server_id, LARGE)
    compute.start(server_id)
    assert compute.get(server_id).size == SMALL
    clock.advance(LATENCY_US)
    server = compute.get(server_id)
    assert (server.size, server.state) == (LARGE, NativeServerState.BUILDING)
    clock.advance(LATENCY_US)
    assert compute.get(server_id).state is NativeServerState.RUNNING


def test_repeated_start_or_stop_does_not_delay_the_first(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    server_id = compute.create(spec()).id
    clock.advance(LATENCY_US)
    compute.stop(server_id)
    for _ in range(5):
        clock.advance(LATENCY_US // 5)
        compute.stop(server_id)
    assert compute.get(server_id).state is NativeServerState.STOPPED
    compute.start(server_id)
    for _ in range(5):
        clock.advance(LATENCY_US // 5)
        compute.start(server_id)
    assert compute.get(server_id).state is NativeServerState.RUNNING


def test_resize_counts_against_the_capacity(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect(capacity_vcpus="2"))
    first, second = compute.create(spec()), compute.create(spec("t2"))
    clock.advance(LATENCY_US)
    compute.stop(first.id)
    clock.advance(LATENCY_US)
    with pytest.raises(InsufficientCapacity, match="2 vCPUs requested, 1 free"):
        compute.resize(first.id, LARGE)
    compute.delete(second.id)
    clock.advance(LATENCY_US)
    compute.resize(first.id, LARGE)


def test_broken_server_has_a_fault_and_can_be_deleted(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect(break_percent="100"))
    server_id = compute.create(spec()).id
    clock.advance(LATENCY_US)
    server = compute.get(server_id)
    assert (server.state, server.launched_at) == (NativeServerState.ERROR, None)
    assert server.fault
    with pytest.raises(RequestRejected, match="state 'error'"):
        compute.start(server_id)
    compute.delete(server_id)
    clock.advance(LATENCY_US)
    assert compute.find("t1") is None


def test_rebuild_keeps_a_stopped_server_stopped(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    server_id = compute.create(spec()).id
    clock.advance(LATENCY_US)
    compute.stop(server_id)
    clock.advance(LATENCY_US)
    compute.rebuild(server_id, "memory-ubuntu-24.04")
    assert compute.get(server_id).state is NativeServerState.BUILDING
    clock.advance(LATENCY_US)
    server = compute.get(server_id)
    assert (server.state, server.image_id) == (NativeServerState.STOPPED, "memory-ubuntu-24.04")


def test_console_output_of_a_boot_appears_line_by_line(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    user_data = "I2Nsb3VkLWNvbmZpZwo="
    server_id = compute.create(spec(name="web-7", public_key=PUBLIC_KEY, user_data=user_data)).id
    assert compute.get_console_output(server_id) == ""
    clock.advance(LATENCY_US)
    first = compute.get_console_output(server_id)
    assert "memory-debian-12" in first
    clock.advance(1_000_000)
    output = compute.get_console_output(server_id)
    assert output.startswith(first)
    assert len(output) > len(first)
    assert "Hostname set to <web-7>" in output
    assert "ci-info: | ssh-ed25519 SHA256:" in output
    assert output.endswith("web-7 login: \n")
    assert user_data not in output


def test_console_output_has_reboots_and_shutdowns(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    server_id = compute.create(spec()).id
    clock.advance(1_000_000)
    compute.reboot(server_id, hard=False)
    clock.advance(1_000_000)
    assert compute.get_console_output(server_id).count("login: ") == 2
    compute.stop(server_id)
    clock.advance(1_000_000)
    assert compute.get_console_output(server_id).endswith("reboot: Power down\n")
    with pytest.raises(RequestRejected):
        compute.reboot(server_id, hard=False)
    compute.reboot(server_id, hard=True)
    clock.advance(1_000_000)
    assert compute.get(server_id).state is NativeServerState.RUNNING
    assert compute.get_console_output(server_id).count("login: ") == 3


def test_console_output_has_only_the_type_of_an_invalid_key(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    server_id = compute.create(spec(public_key="ssh-rsa not/base64!")).id
    clock.advance(1_000_000)
    assert "ci-info: | ssh-rsa |" in compute.get_console_output(server_id)


@pytest.mark.parametrize(
    "overrides",
    [
        {"size": ServerSize(0, 512, 1)},
        {"size": ServerSize(1, 0, 1)},
        {"image_id": ""},
        {"availability_zone": "no-such-zone"},
    ],
)
def test_invalid_specification_is_rejected(connect: Connect, overrides: dict[str, Any]) -> None:
    cloud = connect()
    with pytest.raises(RequestRejected):
        compute_of(cloud).create(spec(**overrides))
    assert cloud.client.count_created() == {}


def test_volumes_get_device_names_and_must_be_in_the_servers_zone(connect: Connect, clock: ManualClock) -> None:
    cloud = connect(zones="a,b")
    compute = compute_of(cloud)
    server_id = compute.create(spec(availability_zone="a")).id
    first, second, other_zone = create_volume(cloud, "v1"), create_volume(cloud, "v2"), create_volume(cloud, "v3", "b")
    with pytest.raises(RequestRejected, match="state 'creating'"):
        compute.attach_volume(server_id, first, "")
    clock.advance(LATENCY_US)
    compute.attach_volume(server_id, first, "")
    with pytest.raises(RequestRejected, match="/dev/vdb"):
        compute.attach_volume(server_id, second, "/dev/vdb")
    with pytest.raises(RequestRejected, match="/dev/vda"):
        compute.attach_volume(server_id, second, "/dev/vda")
    compute.attach_volume(server_id, second, "")
    with pytest.raises(RequestRejected, match="in availability zone 'b'"):
        compute.attach_volume(server_id, other_zone, "")
    assert compute.get(server_id).volume_ids == (first, second)


def test_list_returns_all_pages(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.memory.compute._PAGE_SIZE", 3)
    compute = compute_of(connect())
    ids = [compute.create(spec(f"t{number}")).id for number in range(7)]
    assert [server.id for server in compute.list()] == ids
