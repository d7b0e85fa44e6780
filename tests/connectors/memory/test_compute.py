"""What is the simulated cloud's own about machines: exact times, a console, and its refusals."""

from typing import Any

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.compute import Compute, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import InsufficientCapacity, NativeNotFound, RequestRejected
from stratiform.contract.volume import VolumeSpec
from stratiform.kit.clock import ManualClock

from .conftest import Connect

SMALL, LARGE = ServerSize(1, 512, 1), ServerSize(2, 2048, 20)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f me"
LATENCY_US = 50_000


def compute_of(cloud: MemoryCloud) -> Compute:
    assert cloud.compute is not None
    return cloud.compute


def spec(token: str = "t1", **other: Any) -> ServerSpec:
    given: dict[str, Any] = {"name": "web-1", "size": SMALL, "image": "memory-debian-12", **other}
    return ServerSpec(token, **given)


def disk(cloud: MemoryCloud, token: str, zone: str = "") -> str:
    assert cloud.volume is not None
    return cloud.volume.create(VolumeSpec(token, "data", 1, zone=zone)).id


def test_a_machine_is_launched_when_its_latency_is_over(connect: Connect, clock: ManualClock) -> None:
    compute, born = compute_of(connect()), clock.now()
    made = compute.create(spec())
    assert (made.state, made.launched_at) == (NativeServerState.BUILDING, None)
    clock.advance(LATENCY_US - 1)
    assert compute.show(made.id).state is NativeServerState.BUILDING
    clock.advance(1)
    machine = compute.show(made.id)
    assert (machine.state, machine.launched_at) == (NativeServerState.RUNNING, born + LATENCY_US)


def test_launched_at_stays_what_it_was(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec())
    launched = clock.advance(LATENCY_US)
    compute.stop(made.id)
    assert compute.show(made.id).state is NativeServerState.STOPPING
    clock.advance(LATENCY_US)
    compute.start(made.id)
    assert compute.show(made.id).state is NativeServerState.BUILDING
    clock.advance(LATENCY_US)
    assert compute.show(made.id).launched_at == launched


def test_what_was_deleted_before_its_launch_never_ran(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec())
    clock.advance(LATENCY_US // 2)
    compute.delete(made.id)
    clock.advance(LATENCY_US - 1)
    machine = compute.show(made.id)
    assert (machine.state, machine.launched_at) == (NativeServerState.DELETING, None)
    clock.advance(1)
    with pytest.raises(NativeNotFound):
        compute.show(made.id)


def test_a_token_may_be_used_again_when_its_machine_is_gone(connect: Connect, clock: ManualClock) -> None:
    cloud = connect()
    compute = compute_of(cloud)
    first = compute.create(spec())
    compute.delete(first.id)
    assert compute.create(spec()).id == first.id
    clock.advance(LATENCY_US)
    assert compute.create(spec()).id != first.id
    assert cloud.client.history() == {"t1": 2}


def test_a_resize_shows_when_it_is_done_and_a_start_waits_for_it(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec())
    clock.advance(LATENCY_US)
    compute.stop(made.id)
    with pytest.raises(RequestRejected, match="stopping"):
        compute.resize(made.id, LARGE)
    clock.advance(LATENCY_US)
    compute.resize(made.id, LARGE)
    compute.start(made.id)
    assert compute.show(made.id).size == SMALL
    clock.advance(LATENCY_US)
    machine = compute.show(made.id)
    assert (machine.size, machine.state) == (LARGE, NativeServerState.BUILDING)
    clock.advance(LATENCY_US)
    assert compute.show(made.id).state is NativeServerState.RUNNING


def test_a_repeated_start_does_not_put_it_off(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec())
    clock.advance(LATENCY_US)
    compute.stop(made.id)
    for _ in range(5):
        clock.advance(LATENCY_US // 5)
        compute.stop(made.id)
    assert compute.show(made.id).state is NativeServerState.STOPPED
    compute.start(made.id)
    for _ in range(5):
        clock.advance(LATENCY_US // 5)
        compute.start(made.id)
    assert compute.show(made.id).state is NativeServerState.RUNNING


def test_a_resize_counts_against_the_capacity(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect(capacity_vcpus="2"))
    one, two = compute.create(spec()), compute.create(spec("t2"))
    clock.advance(LATENCY_US)
    compute.stop(one.id)
    clock.advance(LATENCY_US)
    with pytest.raises(InsufficientCapacity, match="2 vCPUs asked, 1 free"):
        compute.resize(one.id, LARGE)
    compute.delete(two.id)
    clock.advance(LATENCY_US)
    compute.resize(one.id, LARGE)


def test_a_broken_machine_says_why_and_can_be_deleted_or_rebuilt(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect(break_percent="100"))
    made = compute.create(spec())
    clock.advance(LATENCY_US)
    broken = compute.show(made.id)
    assert (broken.state, broken.launched_at) == (NativeServerState.ERROR, None)
    assert broken.fault
    with pytest.raises(RequestRejected, match="error"):
        compute.start(made.id)
    compute.delete(made.id)
    clock.advance(LATENCY_US)
    assert compute.find("t1") is None


def test_a_rebuilt_machine_that_was_stopped_stays_stopped(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec())
    clock.advance(LATENCY_US)
    compute.stop(made.id)
    clock.advance(LATENCY_US)
    compute.rebuild(made.id, "memory-ubuntu-24.04")
    assert compute.show(made.id).state is NativeServerState.BUILDING
    clock.advance(LATENCY_US)
    machine = compute.show(made.id)
    assert (machine.state, machine.image) == (NativeServerState.STOPPED, "memory-ubuntu-24.04")


def test_the_console_grows_line_by_line(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec(name="web-7", public_key=KEY, user_data="I2Nsb3VkLWNvbmZpZwo="))
    assert compute.console(made.id) == ""
    clock.advance(LATENCY_US)
    first = compute.console(made.id)
    assert "memory-debian-12" in first
    clock.advance(1_000_000)
    whole = compute.console(made.id)
    assert whole.startswith(first)
    assert len(whole) > len(first)
    assert "Hostname set to <web-7>" in whole
    assert "ci-info: | ssh-ed25519 SHA256:" in whole
    assert whole.endswith("web-7 login: \n")
    assert "I2Nsb3VkLWNvbmZpZwo=" not in whole


def test_the_console_tells_of_reboots_and_of_the_power(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec())
    clock.advance(1_000_000)
    compute.reboot(made.id, hard=False)
    clock.advance(1_000_000)
    assert compute.console(made.id).count("login: ") == 2
    compute.stop(made.id)
    clock.advance(1_000_000)
    assert compute.console(made.id).endswith("reboot: Power down\n")
    with pytest.raises(RequestRejected):
        compute.reboot(made.id, hard=False)
    compute.reboot(made.id, hard=True)
    clock.advance(1_000_000)
    assert compute.show(made.id).state is NativeServerState.RUNNING
    assert compute.console(made.id).count("login: ") == 3


def test_an_unreadable_key_is_named_by_its_kind(connect: Connect, clock: ManualClock) -> None:
    compute = compute_of(connect())
    made = compute.create(spec(public_key="ssh-rsa not/base64!"))
    clock.advance(1_000_000)
    assert "ci-info: | ssh-rsa |" in compute.console(made.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": ServerSize(0, 512, 1)},
        {"size": ServerSize(1, 0, 1)},
        {"image": ""},
        {"zone": "nowhere"},
    ],
)
def test_what_makes_no_sense_is_refused(connect: Connect, wrong: dict[str, Any]) -> None:
    cloud = connect()
    with pytest.raises(RequestRejected):
        compute_of(cloud).create(spec(**wrong))
    assert cloud.client.history() == {}


def test_disks_get_places_and_stay_in_their_zone(connect: Connect, clock: ManualClock) -> None:
    cloud = connect(zones="a,b")
    compute = compute_of(cloud)
    made = compute.create(spec(zone="a"))
    one, two, far = disk(cloud, "d1"), disk(cloud, "d2"), disk(cloud, "d3", zone="b")
    with pytest.raises(RequestRejected, match="creating"):
        compute.attach(made.id, one, "")
    clock.advance(LATENCY_US)
    compute.attach(made.id, one, "")
    with pytest.raises(RequestRejected, match="/dev/vdb"):
        compute.attach(made.id, two, "/dev/vdb")
    with pytest.raises(RequestRejected, match="/dev/vda"):
        compute.attach(made.id, two, "/dev/vda")
    compute.attach(made.id, two, "")
    with pytest.raises(RequestRejected, match="zone b"):
        compute.attach(made.id, far, "")
    assert compute.show(made.id).volumes == (one, two)


def test_a_page_is_not_the_whole_list(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.memory.compute._PAGE", 3)
    compute = compute_of(connect())
    made = [compute.create(spec(f"t{number}")).id for number in range(7)]
    assert [machine.id for machine in compute.list()] == made
