"""Instances of Yandex Cloud: requests, states, and what the cloud lacks."""

import base64
from dataclasses import replace
from uuid import uuid4

import grpc
import pytest
from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.instance_pb2 import Instance

from stratiform.connectors.yandex.connector import YandexCloud, connector
from stratiform.connectors.yandex.instance_conversion import to_server
from stratiform.contract.compute import ComputeDriver, NativeServerState, NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable, NotSupported, RequestRejected
from stratiform.contract.network import NetworkDriver, SubnetSpec
from stratiform.contract.server_operations import ServerOperation
from stratiform.contract.volume import NativeVolumeState, VolumeDriver, VolumeSpec
from support.yandex import IMAGE, OTHER_IMAGE, YandexServer, wait_until
from support.yandex.state import FOLDER, Abort, Fault, State

SIZE = ServerSize(2, 2048, 10)
GIB = 1024**3


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


def new_spec(**values: object) -> ServerSpec:
    return replace(ServerSpec(str(uuid4()), "web-1", SIZE, IMAGE), **values)  # type: ignore[arg-type]


def create(compute: ComputeDriver, **values: object) -> str:
    """Create a server, wait until it runs, and return its native id."""
    server_id = compute.create(new_spec(**values)).id
    wait_for(compute, server_id, NativeServerState.RUNNING)
    return server_id


def wait_for(compute: ComputeDriver, server_id: str, server_state: NativeServerState) -> None:
    wait_until(lambda: compute.get(server_id).state is server_state)


def test_instance_has_labels_a_derived_name_and_our_name_as_description(compute: ComputeDriver, state: State) -> None:
    spec = new_spec(name="Web Ä 1")
    instance = state.table("instances")[compute.create(spec).id]
    assert instance.description == "Web Ä 1"
    assert dict(instance.labels) == {"stratiform-installation": "installation", "stratiform-token": spec.token}
    assert instance.name.startswith("stratiform-")
    assert len(instance.name) <= 63


def test_guest_reads_key_user_data_and_metadata(compute: ComputeDriver, state: State) -> None:
    user_data = base64.b64encode("#cloud-config\nhostname: grün\n".encode()).decode()
    metadata = {"role": "web", "serial-port-enable": "1", "Not Valid": "x"}
    server_id = create(compute, public_key="ssh-ed25519 AAAA test\n", user_data=user_data, metadata=metadata)
    assert dict(state.table("instances")[server_id].metadata) == {
        "ssh-keys": "user:ssh-ed25519 AAAA test",
        "user-data": "#cloud-config\nhostname: grün\n",
        "meta-role": "web",
        "meta-serial-port-enable": "1",
    }


@pytest.mark.parametrize("user_data", [base64.b64encode(b"\x1f\x8b\xff").decode(), "no base64"])
def test_invalid_user_data_is_rejected(compute: ComputeDriver, state: State, user_data: str) -> None:
    with pytest.raises(RequestRejected, match="user data"):
        compute.create(new_spec(user_data=user_data))
    assert not state.table("instances")


def test_token_that_is_not_valid_in_a_label_is_rejected(compute: ComputeDriver, state: State) -> None:
    with pytest.raises(RequestRejected, match="stratiform-token"):
        compute.create(ServerSpec("Token!", "web-1", SIZE, IMAGE))
    assert "InstanceService/Create" not in state.requests


def test_boot_disk_has_the_size_of_the_flavor_or_the_image(compute: ComputeDriver, state: State) -> None:
    assert compute.get(create(compute)).size.disk_gib == 10
    assert compute.get(create(compute, size=ServerSize(2, 2048, 0))).size.disk_gib == 2
    disks = state.table("disks").values()
    assert {(disk.type_id, disk.source_image_id, len(disk.labels)) for disk in disks} == {("network-ssd", IMAGE, 0)}


def test_deleting_a_server_deletes_its_boot_disk(compute: ComputeDriver, state: State) -> None:
    compute.delete(create(compute))
    wait_until(state.settle_all)
    assert not state.table("disks")


def test_server_has_platform_and_share_of_the_native_type(compute: ComputeDriver, state: State) -> None:
    size = compute.get(create(compute, size=ServerSize(1, 512, 10, "standard-v2/20"))).size
    assert (size.vcpus, size.ram_mib, size.native_type) == (2, 1024, "standard-v2/20")
    with pytest.raises(RequestRejected, match="Platform standard-v9 not found"):
        compute.create(new_spec(size=replace(SIZE, native_type="standard-v9")))


def test_resize_changes_platform_memory_and_boot_disk(compute: ComputeDriver) -> None:
    server_id = create(compute)
    compute.stop(server_id)
    wait_for(compute, server_id, NativeServerState.STOPPED)
    compute.resize(server_id, ServerSize(4, 8192, 30, "standard-v2"))
    wait_until(lambda: compute.get(server_id).size == ServerSize(4, 8192, 30, "standard-v2"))
    wait_for(compute, server_id, NativeServerState.STOPPED)
    compute.resize(server_id, ServerSize(4, 8192, 10, "standard-v2"))
    assert compute.get(server_id).size.disk_gib == 30


def test_resize_without_a_difference_sends_no_request(compute: ComputeDriver, state: State) -> None:
    server_id = create(compute)
    compute.stop(server_id)
    wait_for(compute, server_id, NativeServerState.STOPPED)
    compute.resize(server_id, SIZE)
    assert "InstanceService/Update" not in state.requests


def test_hard_reboot_starts_a_stopped_server_and_soft_reboot_does_not(compute: ComputeDriver) -> None:
    server_id = create(compute)
    compute.stop(server_id)
    wait_for(compute, server_id, NativeServerState.STOPPED)
    with pytest.raises(RequestRejected, match="in state 'stopped'"):
        compute.reboot(server_id, hard=False)
    compute.reboot(server_id, hard=True)
    wait_for(compute, server_id, NativeServerState.RUNNING)


@pytest.mark.parametrize("status", Instance.Status.values())
def test_every_status_has_a_state(status: "Instance.Status.ValueType") -> None:
    """A stopped server is not crashed, and a restarting one is in use."""
    expected = {
        Instance.RUNNING: NativeServerState.RUNNING,
        Instance.RESTARTING: NativeServerState.RUNNING,
        Instance.STOPPED: NativeServerState.STOPPED,
        Instance.STOPPING: NativeServerState.STOPPING,
        Instance.DELETING: NativeServerState.DELETING,
        Instance.ERROR: NativeServerState.ERROR,
        Instance.CRASHED: NativeServerState.ERROR,
        Instance.STATUS_UNSPECIFIED: NativeServerState.ERROR,
    }
    server = to_server(Instance(id="i", status=status), dict[str, Disk](), "installation")
    assert server.state is expected.get(status, NativeServerState.BUILDING)
    assert bool(server.fault) is (status in (Instance.ERROR, Instance.CRASHED))


def test_server_without_a_port_is_in_the_folders_own_subnet(compute: ComputeDriver, state: State) -> None:
    server_id = create(compute)
    [interface] = state.table("instances")[server_id].network_interfaces
    assert interface.subnet_id == "e9bdefault0"
    state.table("subnets").clear()
    with pytest.raises(RequestRejected, match="no subnet in ru-central1-a"):
        compute.create(new_spec())


def test_interfaces_keep_their_order_addresses_and_groups(
    compute: ComputeDriver, network: NetworkDriver, state: State
) -> None:
    network_id = str(uuid4())
    cidrs = ("10.77.1.0/24", "10.77.0.0/24")
    subnets = [network.ensure_subnet(SubnetSpec(str(uuid4()), network_id, "n", cidr, "")) for cidr in cidrs]
    group_id = state.table("networks")[state.table("subnets")[subnets[0].id].network_id].default_security_group_id
    addresses = ("10.77.1.9", "10.77.0.3")
    interfaces = tuple(
        NetworkInterface(subnet.id, address, "", (group_id,))
        for subnet, address in zip(subnets, addresses, strict=True)
    )
    server_id = create(compute, interfaces=interfaces)
    assert compute.get(server_id).addresses == addresses
    for interface in state.table("instances")[server_id].network_interfaces:
        assert list(interface.security_group_ids) == [group_id]


@pytest.mark.parametrize("address", ["10.77.0.1", "10.77.0.2"])
def test_addresses_of_the_gateway_and_of_dns_are_rejected(
    compute: ComputeDriver, network: NetworkDriver, address: str
) -> None:
    subnet = network.ensure_subnet(SubnetSpec(str(uuid4()), str(uuid4()), "n", "10.77.0.0/24", "10.77.0.1"))
    assert (network.reserved_head, network.reserved_tail) == (3, 1)
    with pytest.raises(RequestRejected, match="Illegal address"):
        compute.create(new_spec(interfaces=(NetworkInterface(subnet.id, address, ""),)))


def test_rebuild_is_refused_with_the_reason(compute: ComputeDriver) -> None:
    server_id = create(compute)
    with pytest.raises(NotSupported, match="cannot replace the boot disk"):
        compute.rebuild(server_id, OTHER_IMAGE)
    assert compute.get(server_id).image_id == IMAGE


def test_what_is_not_supported_has_a_reason() -> None:
    supported = {ServerOperation.CREATE_IMAGE, ServerOperation.BOOT_FROM_VOLUME}
    assert set(connector.unsupported) == set(ServerOperation) - supported
    assert all(reason.endswith(".") for reason in connector.unsupported.values())


def test_change_waits_for_another_operation(compute: ComputeDriver, volume: VolumeDriver, state: State) -> None:
    server_id, volume_id = create(compute), volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: volume.get(volume_id).state is NativeVolumeState.AVAILABLE)
    state.table("instances")[server_id].status = Instance.UPDATING
    with pytest.raises(CloudUnreachable, match="still in the status UPDATING"):
        compute.attach_volume(server_id, volume_id, "/dev/vdb")
    state.table("instances")[server_id].status = Instance.RUNNING
    compute.attach_volume(server_id, volume_id, "/dev/vdb")
    compute.detach_volume(server_id, volume_id)
    wait_until(lambda: volume.get(volume_id).state is NativeVolumeState.AVAILABLE)
    assert compute.get(server_id).volume_ids == ()


def test_volume_of_another_zone_is_rejected(compute: ComputeDriver, volume: VolumeDriver) -> None:
    server_id = create(compute)
    volume_id = volume.create(VolumeSpec("t1", "data", 2, availability_zone="ru-central1-b")).id
    wait_until(lambda: volume.get(volume_id).state is NativeVolumeState.AVAILABLE)
    with pytest.raises(RequestRejected, match="another availability zone"):
        compute.attach_volume(server_id, volume_id, "/dev/vdb")


def test_lost_response_of_a_stop_is_repeated(compute: ComputeDriver, state: State) -> None:
    server_id = create(compute)
    lost = Abort(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")
    state.faults.append(Fault("InstanceService/Stop", lost, executes=True))
    with pytest.raises(CloudUnreachable):
        compute.stop(server_id)
    compute.stop(server_id)
    wait_for(compute, server_id, NativeServerState.STOPPED)
    assert state.requests.count("InstanceService/Stop") == 1


def test_list_reads_servers_and_disks_in_bulk(compute: ComputeDriver, state: State) -> None:
    ids = {create(compute) for _ in range(5)}
    state.page_size = 2
    state.requests.clear()
    assert {server.id for server in compute.list()} == ids
    assert state.requests == [*["InstanceService/List"], *["DiskService/List"] * 3, *["InstanceService/List"] * 2]


def test_page_of_more_than_four_mebibytes_is_read(compute: ComputeDriver, state: State) -> None:
    labels = {"stratiform-installation": "installation"}
    for number in range(50):
        instance = Instance(id=f"fhm{number}", labels={**labels, "stratiform-token": f"t{number}"}, folder_id=FOLDER)
        instance.metadata["user-data"] = "x" * 100_000
        state.insert("instances", instance)
    assert len(list(compute.list())) == 50


def test_multiattach_and_unknown_types_are_refused(volume: VolumeDriver, state: State) -> None:
    with pytest.raises(NotSupported, match="several servers"):
        volume.create(VolumeSpec("t1", "data", 2, multiattach=True))
    with pytest.raises(RequestRejected, match="Disk type floppy not found"):
        volume.create(VolumeSpec("t1", "data", 2, native_type="floppy"))
    assert not state.table("disks")


def test_copy_of_a_snapshot_leaves_no_disk(yandex: YandexCloud, volume: VolumeDriver, state: State) -> None:
    from stratiform.contract.snapshot import NativeSnapshotState, SnapshotSpec

    snapshots = yandex.snapshot
    assert snapshots is not None
    source = volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: volume.get(source).state is NativeVolumeState.AVAILABLE)
    first = snapshots.create(SnapshotSpec("t2", "first", source)).id
    wait_until(lambda: snapshots.get(first).state is NativeSnapshotState.AVAILABLE)
    copy = snapshots.create(SnapshotSpec("t3", "copy", "", snapshot_id=first))
    assert copy.size_gib == 2
    assert [item.id for item in volume.list()] == [source]
    wait_until(lambda: snapshots.get(copy.id).state is NativeSnapshotState.AVAILABLE)
    wait_until(state.settle_all)
    assert list(state.table("disks")) == [source]
    volume.delete(source)
    snapshots.delete(first)
    assert snapshots.get(copy.id).state is NativeSnapshotState.AVAILABLE
