"""What contract.compute promises."""

import base64
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from conformance.clouds import PUBLIC_KEY, CloudUnderTest
from stratiform.contract.compute import ComputeCapability, NativeServer, NativeServerState, NetworkInterface, ServerSpec
from stratiform.contract.errors import NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.network import NativeSubnet, SubnetSpec
from stratiform.contract.volume import NativeVolume, NativeVolumeState, VolumeSpec


def spec(cloud: CloudUnderTest, token: str = "", **other: Any) -> ServerSpec:
    given: dict[str, Any] = {"name": "web-1", "size": cloud.small, "image_id": cloud.image, **other}
    return ServerSpec(token=token or str(uuid4()), **given)


def show(compute: ComputeCapability, machine_id: str) -> NativeServerState:
    return compute.get(machine_id).state


def running(cloud: CloudUnderTest, wanted: ServerSpec | None = None) -> NativeServer:
    compute = cloud.compute
    made = compute.create(wanted or spec(cloud))
    return cloud.until(lambda: compute.get(made.id), lambda seen: seen.state is NativeServerState.RUNNING)


def stopped(cloud: CloudUnderTest) -> NativeServer:
    compute, machine = cloud.compute, running(cloud)
    compute.stop(machine.id)
    return cloud.until(lambda: compute.get(machine.id), lambda seen: seen.state is NativeServerState.STOPPED)


def gone(cloud: CloudUnderTest, machine: NativeServer) -> None:
    compute = cloud.compute
    cloud.until(lambda: compute.find(machine.token), lambda seen: seen is None)


def subnet(cloud: CloudUnderTest, cidr: str = "10.77.0.0/24", network: str = "") -> NativeSubnet:
    gateway = cidr.replace(".0/24", ".1")
    return cloud.network.ensure_subnet(SubnetSpec(str(uuid4()), network or str(uuid4()), "private", cidr, gateway))


def disk(cloud: CloudUnderTest) -> NativeVolume:
    volume = cloud.volume
    made = volume.create(VolumeSpec(str(uuid4()), "data", 2))
    return cloud.until(lambda: volume.get(made.id), lambda seen: seen.state is NativeVolumeState.AVAILABLE)


def test_a_machine_is_made_and_comes_to_run(cloud: CloudUnderTest) -> None:
    wanted = spec(cloud)
    made = cloud.compute.create(wanted)
    assert made.state in (NativeServerState.BUILDING, NativeServerState.RUNNING)
    machine = cloud.until(lambda: cloud.compute.get(made.id), lambda seen: seen.state is NativeServerState.RUNNING)
    assert (machine.id, machine.token, machine.image_id) == (made.id, wanted.token, cloud.image)
    assert machine.size.vcpus >= cloud.small.vcpus
    assert machine.size.ram_mib >= cloud.small.ram_mib
    assert machine.launched_at is not None
    assert machine.volume_ids == ()
    assert machine.fault == ""


def test_two_creates_with_one_token_are_one_machine(cloud: CloudUnderTest) -> None:
    wanted = spec(cloud)
    first = cloud.compute.create(wanted)
    assert cloud.compute.create(wanted).id == first.id
    assert [machine.id for machine in cloud.compute.list()] == [first.id]


def test_two_creates_at_the_same_time_are_one_machine(cloud: CloudUnderTest) -> None:
    if not cloud.one_at_once:
        pytest.skip("this server forgets the tokens of requests under way")
    wanted, compute = spec(cloud), cloud.compute
    with ThreadPoolExecutor(4) as pool:
        made = [found.result().id for found in [pool.submit(compute.create, wanted) for _ in range(8)]]
    assert len(set(made)) == 1
    assert len(list(compute.list())) == 1


def test_what_was_made_is_found_by_its_token(cloud: CloudUnderTest) -> None:
    wanted = spec(cloud)
    assert cloud.compute.find(wanted.token) is None
    made = cloud.compute.create(wanted)
    found = cloud.compute.find(wanted.token)
    assert found is not None
    assert (found.id, found.token) == (made.id, wanted.token)


def test_an_installation_sees_only_its_own_machines(cloud: CloudUnderTest) -> None:
    wanted = spec(cloud)
    mine = cloud.compute.create(wanted)
    other = cloud.connect(uuid4().hex).compute
    assert other is not None
    assert other.find(wanted.token) is None
    assert list(other.list()) == []
    theirs = other.create(wanted)
    assert theirs.id != mine.id
    assert [machine.id for machine in cloud.compute.list()] == [mine.id]


def test_what_is_gone_is_gone(cloud: CloudUnderTest) -> None:
    made, compute = running(cloud), cloud.compute
    compute.delete(made.id)
    gone(cloud, made)
    with suppress(NativeNotFound):
        assert compute.get(made.id).state is NativeServerState.DELETED
    if not cloud.dead_stay_dead:
        pytest.skip("this server brings machines back that are gone")
    for verb in (compute.start, compute.stop):
        with pytest.raises((NativeNotFound, RequestRejected)):
            verb(made.id)
    assert compute.find(made.token) is None


def test_an_unknown_image_is_refused_and_makes_nothing(cloud: CloudUnderTest) -> None:
    wanted = spec(cloud, image_id=cloud.unknown_image)
    with pytest.raises(RequestRejected):
        cloud.compute.create(wanted)
    assert cloud.compute.find(wanted.token) is None


def test_a_machine_has_the_addresses_that_were_promised(cloud: CloudUnderTest) -> None:
    network = str(uuid4())
    one, two = subnet(cloud, network=network), subnet(cloud, "10.77.1.0/24", network)
    first = max(cloud.network.reserved_head, 2)  # .1 is the gateway
    nics = (
        NetworkInterface(one.id, f"10.77.0.{first}", "fa:16:3e:00:00:01"),
        NetworkInterface(two.id, "10.77.1.200", "fa:16:3e:00:00:02"),
    )
    machine = running(cloud, spec(cloud, interfaces=nics))
    assert machine.addresses == tuple(nic.ip_address for nic in nics)


def test_an_address_is_nobody_elses_while_the_machine_exists(cloud: CloudUnderTest) -> None:
    if not cloud.checks_addresses:
        pytest.skip("this server does not refuse it properly")
    where = subnet(cloud)
    nics = (NetworkInterface(where.id, "10.77.0.20", "fa:16:3e:00:00:01"),)
    machine = running(cloud, spec(cloud, interfaces=nics))
    second = spec(cloud, interfaces=(NetworkInterface(where.id, "10.77.0.20", "fa:16:3e:00:00:02"),))
    with pytest.raises(RequestRejected):
        cloud.compute.create(second)
    assert cloud.compute.find(second.token) is None
    cloud.compute.delete(machine.id)
    gone(cloud, machine)
    assert running(cloud, second).addresses == ("10.77.0.20",)


@pytest.mark.parametrize("address", ["10.77.0.0", "10.77.0.255", "10.78.0.9", "not-an-address"])
def test_an_address_that_a_subnet_does_not_have_is_refused(cloud: CloudUnderTest, address: str) -> None:
    if not cloud.checks_addresses:
        pytest.skip("this server takes any address")
    where = subnet(cloud)
    with pytest.raises(RequestRejected):
        cloud.compute.create(spec(cloud, interfaces=(NetworkInterface(where.id, address, "fa:16:3e:00:00:01"),)))


def test_key_user_data_and_metadata_are_taken(cloud: CloudUnderTest) -> None:
    data = base64.b64encode(b"#cloud-config\nhostname: web-1\n").decode()
    machine = running(cloud, spec(cloud, public_key=PUBLIC_KEY, user_data=data, metadata={"role": "web"}))
    assert machine.state is NativeServerState.RUNNING


def test_stop_and_start(cloud: CloudUnderTest) -> None:
    compute, machine = cloud.compute, stopped(cloud)
    compute.stop(machine.id)
    assert show(compute, machine.id) is NativeServerState.STOPPED
    compute.start(machine.id)
    again = cloud.until(lambda: compute.get(machine.id), lambda seen: seen.state is NativeServerState.RUNNING)
    compute.start(machine.id)
    assert show(compute, machine.id) is NativeServerState.RUNNING
    assert again.id == machine.id
    assert again.launched_at is not None


@pytest.mark.parametrize("hard", [False, True])
def test_a_rebooted_machine_runs_again(cloud: CloudUnderTest, hard: bool) -> None:
    compute, machine = cloud.compute, running(cloud)
    compute.reboot(machine.id, hard=hard)
    cloud.until(lambda: show(compute, machine.id), lambda state: state is NativeServerState.RUNNING)


def test_a_stopped_machine_is_resized(cloud: CloudUnderTest) -> None:
    compute, machine = cloud.compute, stopped(cloud)
    for _ in range(2):
        compute.resize(machine.id, cloud.large)
    large = cloud.until(lambda: compute.get(machine.id), lambda seen: seen.size.ram_mib >= cloud.large.ram_mib)
    assert large.size.vcpus >= cloud.large.vcpus
    compute.start(machine.id)
    again = cloud.until(lambda: compute.get(machine.id), lambda seen: seen.state is NativeServerState.RUNNING)
    assert (again.id, again.size.ram_mib) == (machine.id, large.size.ram_mib)


def test_a_running_machine_is_not_resized(cloud: CloudUnderTest) -> None:
    compute, machine = cloud.compute, running(cloud)
    with pytest.raises(RequestRejected):
        compute.resize(machine.id, cloud.large)
    assert compute.get(machine.id).size == machine.size


def test_a_rebuilt_machine_keeps_its_id_and_addresses(cloud: CloudUnderTest) -> None:
    where = subnet(cloud)
    machine = running(cloud, spec(cloud, interfaces=(NetworkInterface(where.id, "10.77.0.30", "fa:16:3e:00:00:01"),)))
    compute = cloud.compute
    try:
        compute.rebuild(machine.id, cloud.other_image)
    except NotSupported as error:
        pytest.skip(error.message)
    again = cloud.until(lambda: compute.get(machine.id), lambda seen: seen.state is NativeServerState.RUNNING)
    assert (again.id, again.token, again.addresses) == (machine.id, machine.token, machine.addresses)
    assert again.image_id == cloud.other_image


def test_a_deleted_machine_is_deleted_once_more_in_peace(cloud: CloudUnderTest) -> None:
    compute, machine = cloud.compute, running(cloud)
    compute.delete(machine.id)
    compute.delete(machine.id)
    gone(cloud, machine)
    compute.delete(machine.id)
    assert list(compute.list()) == []


def test_a_machine_that_is_being_made_can_be_deleted(cloud: CloudUnderTest) -> None:
    made = cloud.compute.create(spec(cloud))
    cloud.compute.delete(made.id)
    gone(cloud, made)


def test_the_console_has_text(cloud: CloudUnderTest) -> None:
    compute, machine = cloud.compute, running(cloud, spec(cloud, name="web-7"))
    assert cloud.until(lambda: compute.get_console_output(machine.id), lambda text: text != "")


def test_a_disk_is_attached_and_detached(cloud: CloudUnderTest) -> None:
    compute, volume, machine, data = cloud.compute, cloud.volume, running(cloud), disk(cloud)
    for _ in range(2):
        compute.attach_volume(machine.id, data.id, "/dev/vdb")
    held = cloud.until(lambda: volume.get(data.id), lambda seen: seen.state is NativeVolumeState.IN_USE)
    assert held.server_id == machine.id
    assert compute.get(machine.id).volume_ids == (data.id,)
    for _ in range(2):
        compute.detach_volume(machine.id, data.id)
    free = cloud.until(lambda: volume.get(data.id), lambda seen: seen.state is NativeVolumeState.AVAILABLE)
    assert free.server_id == ""
    assert compute.get(machine.id).volume_ids == ()


def test_a_disk_has_one_machine(cloud: CloudUnderTest) -> None:
    compute, data = cloud.compute, disk(cloud)
    one, two = running(cloud), running(cloud)
    compute.attach_volume(one.id, data.id, "/dev/vdb")
    with pytest.raises(RequestRejected):
        compute.attach_volume(two.id, data.id, "/dev/vdb")
    compute.detach_volume(two.id, data.id)
    assert cloud.volume.get(data.id).server_id == one.id


def test_disks_outlive_their_machine(cloud: CloudUnderTest) -> None:
    compute, volume, machine, data = cloud.compute, cloud.volume, running(cloud), disk(cloud)
    compute.attach_volume(machine.id, data.id, "/dev/vdb")
    compute.delete(machine.id)
    gone(cloud, machine)
    free = cloud.until(lambda: volume.get(data.id), lambda seen: seen.state is NativeVolumeState.AVAILABLE)
    assert free.server_id == ""


def test_attaching_what_is_not_there_says_so(cloud: CloudUnderTest) -> None:
    machine, data = running(cloud), disk(cloud)
    cloud.volume.delete(data.id)
    cloud.until(lambda: cloud.volume.find(data.token), lambda seen: seen is None)
    with pytest.raises((NativeNotFound, RequestRejected)):
        cloud.compute.attach_volume(machine.id, data.id, "/dev/vdb")


def test_a_long_list_is_whole(cloud: CloudUnderTest) -> None:
    compute = cloud.compute
    made = {compute.create(spec(cloud)).id for _ in range(12)}
    assert {machine.id for machine in compute.list()} == made
