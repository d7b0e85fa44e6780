"""Operations: nothing is created twice, whatever is lost; errors of finished operations are reported."""

from pathlib import Path
from uuid import UUID, uuid4

import grpc
import pytest

from stratiform.connectors.yandex.connector import YandexCloud
from stratiform.contract.compute import ComputeDriver, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.errors import CloudThrottled, CloudUnreachable, InsufficientCapacity, RequestRejected
from stratiform.contract.network import NetworkDriver, SubnetSpec
from stratiform.contract.snapshot import NativeSnapshotState, SnapshotSpec
from stratiform.contract.volume import NativeVolumeState, VolumeDriver, VolumeSpec
from support.yandex import IMAGE, YandexServer, wait_until
from support.yandex.state import Abort, Fault, State, over_quota, throttled, unavailable

NO_CAPACITY = Abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Not enough resources in the availability zone")


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


def new_server() -> ServerSpec:
    return ServerSpec(str(uuid4()), "web-1", ServerSize(2, 2048, 10), IMAGE)


def list_ours(state: State, name: str) -> list[str]:
    return [item.id for item in state.table(name).values() if item.labels]


def test_lost_response_creates_one_server(compute: ComputeDriver, state: State) -> None:
    spec = new_server()
    state.faults.append(Fault("InstanceService/Create", unavailable(), executes=True))
    server = compute.create(spec)
    assert list_ours(state, "instances") == [server.id]
    assert state.requests.count("InstanceService/Create") == 2


def test_server_is_created_once_if_every_response_is_lost(compute: ComputeDriver, state: State) -> None:
    spec = new_server()
    state.faults.append(Fault("InstanceService/Create", unavailable(), count=3, executes=True))
    with pytest.raises(CloudUnreachable):
        compute.create(spec)
    assert compute.create(spec).token == spec.token
    assert len(list_ours(state, "instances")) == 1


def test_lists_that_are_behind_create_one_volume(volume: VolumeDriver, state: State) -> None:
    spec = VolumeSpec(str(uuid4()), "data", 2)
    state.list_lag_s = 60
    first = volume.create(spec)
    assert volume.find(spec.token) is None
    assert volume.create(spec).id == first.id
    wait_until(lambda: volume.get(first.id).state is NativeVolumeState.AVAILABLE)
    assert volume.create(spec).id == first.id
    assert len(list_ours(state, "disks")) == 1


def test_name_prevents_a_second_resource_when_the_key_has_expired(volume: VolumeDriver, state: State) -> None:
    spec = VolumeSpec(str(uuid4()), "data", 2)
    volume_id = volume.create(spec).id
    state.keys.clear()
    state.list_lag_s = 60
    with pytest.raises(CloudUnreachable, match="has the resource already"):
        volume.create(spec)
    state.list_lag_s = 0
    assert volume.create(spec).id == volume_id
    assert len(list_ours(state, "disks")) == 1


def test_keys_are_uuids_that_differ_between_installations(
    yandex_server: YandexServer, home: Path, state: State
) -> None:
    keys = []
    for installation in ("first", "second"):
        driver = yandex_server.connect(home, installation).volume
        assert driver is not None
        driver.create(VolumeSpec("t1", "data", 2))
        keys.append(state.metadata["DiskService/Create"]["idempotency-key"])
    assert [UUID(key).version for key in keys] == [4, 4]
    assert keys[0] != keys[1]


def test_failed_creation_is_a_fault_and_leaves_nothing(compute: ComputeDriver, state: State) -> None:
    spec = new_server()
    state.faults.append(Fault("InstanceService/Create", NO_CAPACITY, in_operation=True))
    server = compute.create(spec)
    assert server.state is NativeServerState.BUILDING
    wait_until(lambda: compute.get(server.id).state is NativeServerState.ERROR)
    failed = compute.get(server.id)
    assert (failed.token, failed.fault) == (
        spec.token,
        "Yandex Cloud: Not enough resources in the availability zone",
    )
    assert compute.find(spec.token) is None
    assert (list_ours(state, "instances"), list(state.table("disks"))) == ([], [])


def test_failed_creation_is_reported_once_and_then_tried_again(
    compute: ComputeDriver, yandex_server: YandexServer, home: Path, state: State
) -> None:
    spec = new_server()
    state.faults.append(Fault("InstanceService/Create", NO_CAPACITY, in_operation=True))
    compute.create(spec)
    wait_until(state.settle_all)
    with pytest.raises(InsufficientCapacity, match="Not enough resources"):
        compute.create(spec)
    other = yandex_server.connect(home, "installation").compute
    assert other is not None
    with pytest.raises(InsufficientCapacity):  # a process that has been restarted reports it, too
        other.create(spec)
    server = compute.create(spec)
    assert other.create(spec).id == server.id
    assert list_ours(state, "instances") == [server.id]


def test_volume_that_was_deleted_can_be_created_again(volume: VolumeDriver, state: State) -> None:
    spec = VolumeSpec(str(uuid4()), "data", 2)
    first = volume.create(spec)
    wait_until(lambda: volume.get(first.id).state is NativeVolumeState.AVAILABLE)
    volume.delete(first.id)
    wait_until(lambda: volume.find(spec.token) is None)
    second = volume.create(spec)
    assert second.id != first.id
    assert list_ours(state, "disks") == [second.id]


def test_resource_that_another_process_deleted_is_created_again_later(
    volume: VolumeDriver, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = VolumeSpec(str(uuid4()), "data", 2)
    first = volume.create(spec)
    wait_until(lambda: volume.get(first.id).state is NativeVolumeState.AVAILABLE)
    del state.table("disks")[first.id]
    with pytest.raises(CloudUnreachable, match="does not show the new resource yet"):
        volume.create(spec)
    monkeypatch.setattr("stratiform.connectors.yandex.operations._VISIBLE_AFTER_US", 0)
    assert volume.create(spec).id != first.id


@pytest.mark.parametrize("error_type", [InsufficientCapacity, CloudThrottled])
def test_quota_and_request_rate(compute: ComputeDriver, state: State, error_type: type[Exception]) -> None:
    spec = new_server()
    abort = over_quota("instances") if error_type is InsufficientCapacity else throttled()
    fault = Fault("InstanceService/Create", abort, count=3)
    state.faults.append(fault)
    with pytest.raises(error_type):
        compute.create(spec)
    fault.count = 0
    assert compute.create(spec).token == spec.token


def test_start_without_capacity_is_reported_and_can_be_repeated(compute: ComputeDriver, state: State) -> None:
    server_id = compute.create(new_server()).id
    wait_until(lambda: compute.get(server_id).state is NativeServerState.RUNNING)
    compute.stop(server_id)
    wait_until(lambda: compute.get(server_id).state is NativeServerState.STOPPED)
    state.faults.append(Fault("InstanceService/Start", NO_CAPACITY, in_operation=True))
    compute.start(server_id)
    wait_until(lambda: compute.get(server_id).fault != "")
    assert compute.get(server_id).state is NativeServerState.STOPPED
    with pytest.raises(InsufficientCapacity):
        compute.start(server_id)
    compute.start(server_id)
    wait_until(lambda: compute.get(server_id).state is NativeServerState.RUNNING)
    assert compute.get(server_id).fault == ""


def test_failed_attachment_is_reported(compute: ComputeDriver, volume: VolumeDriver, state: State) -> None:
    server_id, volume_id = compute.create(new_server()).id, volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: compute.get(server_id).state is NativeServerState.RUNNING)
    error = Abort(grpc.StatusCode.FAILED_PRECONDITION, "disk limit reached")
    state.faults.append(Fault("InstanceService/AttachDisk", error, in_operation=True))
    with pytest.raises(RequestRejected, match="disk limit reached"):
        compute.attach_volume(server_id, volume_id, "/dev/vdb")
    assert volume.get(volume_id).server_id == ""
    compute.attach_volume(server_id, volume_id, "/dev/vdb")
    assert volume.get(volume_id).server_id == server_id


def test_slow_attachment_is_continued(
    compute: ComputeDriver, volume: VolumeDriver, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_id, volume_id = compute.create(new_server()).id, volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: compute.get(server_id).state is NativeServerState.RUNNING)
    monkeypatch.setattr("stratiform.connectors.yandex.operations._WAIT_S", 0.0)
    state.duration_s = 60
    for _ in range(2):
        with pytest.raises(CloudUnreachable, match="still in progress"):
            compute.attach_volume(server_id, volume_id, "/dev/vdb")
    state.pending[0].finishes_at = 0
    compute.attach_volume(server_id, volume_id, "/dev/vdb")
    assert state.requests.count("InstanceService/AttachDisk") == 1


def test_failed_resize_is_raised_and_changes_nothing(compute: ComputeDriver, state: State) -> None:
    server_id = compute.create(new_server()).id
    wait_until(lambda: compute.get(server_id).state is NativeServerState.RUNNING)
    compute.stop(server_id)
    wait_until(lambda: compute.get(server_id).state is NativeServerState.STOPPED)
    for method in ("DiskService/Update", "InstanceService/Update"):
        state.faults.append(Fault(method, NO_CAPACITY, in_operation=True))
        with pytest.raises(InsufficientCapacity):
            compute.resize(server_id, ServerSize(4, 8192, 20))
    assert compute.get(server_id).size == ServerSize(2, 2048, 20, "standard-v3")
    compute.resize(server_id, ServerSize(4, 8192, 20))
    assert compute.get(server_id).size == ServerSize(4, 8192, 20, "standard-v3")


def test_failed_extension_is_a_fault(volume: VolumeDriver, state: State) -> None:
    volume_id = volume.create(VolumeSpec("t1", "data", 2)).id
    error = Abort(grpc.StatusCode.INTERNAL, "storage failure")
    state.faults.append(Fault("DiskService/Update", error, in_operation=True))
    volume.extend(volume_id, 5)
    wait_until(lambda: volume.get(volume_id).fault != "")
    assert (volume.get(volume_id).size_gib, volume.get(volume_id).fault) == (2, "Yandex Cloud: storage failure")


def test_failed_snapshot_and_volume_are_in_the_state_error(
    yandex: YandexCloud, volume: VolumeDriver, state: State
) -> None:
    snapshots = yandex.snapshot
    assert snapshots is not None
    volume_id = volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: volume.get(volume_id).state is NativeVolumeState.AVAILABLE)
    for method in ("SnapshotService/Create", "DiskService/Create"):
        state.faults.append(Fault(method, over_quota("snapshots"), in_operation=True))
    snapshot_id = snapshots.create(SnapshotSpec("t1", "copy", volume_id)).id
    wait_until(lambda: snapshots.get(snapshot_id).fault != "")
    assert snapshots.get(snapshot_id).token == "t1"
    other_id = volume.create(VolumeSpec("t2", "data", 2)).id
    wait_until(lambda: volume.get(other_id).state is NativeVolumeState.ERROR)
    assert "limit on maximum number" in volume.get(other_id).fault


@pytest.mark.parametrize("in_operation", [False, True])
def test_copy_that_fails_leaves_no_disk(
    yandex: YandexCloud, volume: VolumeDriver, state: State, *, in_operation: bool
) -> None:
    snapshots, usage = yandex.snapshot, yandex.usage
    assert snapshots is not None
    assert usage is not None
    volume_id = volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: volume.get(volume_id).state is NativeVolumeState.AVAILABLE)
    source_id = snapshots.create(SnapshotSpec("t1", "source", volume_id)).id
    wait_until(lambda: snapshots.get(source_id).state is NativeSnapshotState.AVAILABLE)
    state.faults.append(Fault("SnapshotService/Create", over_quota("snapshots"), in_operation=in_operation))
    spec = SnapshotSpec("t2", "copy", "", source_id)
    if in_operation:
        copy_id = snapshots.create(spec).id
        wait_until(lambda: snapshots.get(copy_id).fault != "")
        snapshots.delete(copy_id)
    else:
        with pytest.raises(InsufficientCapacity):
            snapshots.create(spec)
    wait_until(state.settle_all)
    assert list_ours(state, "disks") == [volume_id]
    assert [item.id for item in usage.list_inventory()] == ["t1"]


def test_temporary_disk_without_a_copy_is_in_the_inventory(
    yandex: YandexCloud, volume: VolumeDriver, state: State
) -> None:
    snapshots, usage = yandex.snapshot, yandex.usage
    assert snapshots is not None
    assert usage is not None
    volume_id = volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: volume.get(volume_id).state is NativeVolumeState.AVAILABLE)
    source_id = snapshots.create(SnapshotSpec("t1", "source", volume_id)).id
    wait_until(lambda: snapshots.get(source_id).state is NativeSnapshotState.AVAILABLE)
    state.faults.append(Fault("SnapshotService/Create", unavailable(), count=9))
    with pytest.raises(CloudUnreachable):
        snapshots.create(SnapshotSpec("t2", "copy", "", source_id))
    [disk_id] = {*list_ours(state, "disks")} - {volume_id}
    assert {item.id for item in usage.list_inventory()} == {"t1", disk_id}
    state.faults.clear()
    snapshots.create(SnapshotSpec("t2", "copy", "", source_id))
    assert [item.id for item in usage.list_inventory()] == ["t1"]


def test_deletion_of_an_image_that_fails_leaves_no_snapshot(
    yandex: YandexCloud, volume: VolumeDriver, state: State
) -> None:
    snapshots, images = yandex.snapshot, yandex.image
    assert snapshots is not None
    assert images is not None
    volume_id = volume.create(VolumeSpec("t1", "data", 2)).id
    wait_until(lambda: volume.get(volume_id).state is NativeVolumeState.AVAILABLE)
    snapshot_id = snapshots.create(SnapshotSpec("t1", "source", volume_id)).id
    wait_until(lambda: snapshots.get(snapshot_id).state is NativeSnapshotState.AVAILABLE)
    image_id = snapshots.create_image(snapshot_id, "t2", "golden").id
    wait_until(lambda: images.get(image_id).is_ready)
    state.faults.append(Fault("SnapshotService/Delete", unavailable(), count=9))
    with pytest.raises(CloudUnreachable):
        images.delete(image_id)
    state.faults.clear()
    images.delete(image_id)
    assert list_ours(state, "images") == list_ours(state, "snapshots") == []


def test_slow_network_operation_is_repeated(
    network: NetworkDriver, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = SubnetSpec(str(uuid4()), str(uuid4()), "private", "10.77.0.0/24", "10.77.0.1")
    monkeypatch.setattr("stratiform.connectors.yandex.operations._WAIT_S", 0.0)
    state.duration_s = 0.1
    for _ in range(9):
        try:
            subnet = network.ensure_subnet(spec)
            break
        except CloudUnreachable as error:
            assert "still in progress" in error.message
    assert [item.id for item in network.list_subnets()] == [subnet.id]
    assert len(list_ours(state, "networks")) == 1


def test_failed_network_operation_is_raised(network: NetworkDriver, state: State) -> None:
    spec = SubnetSpec(str(uuid4()), str(uuid4()), "private", "10.77.0.0/24", "10.77.0.1")
    state.faults.append(Fault("NetworkService/Create", over_quota("networks"), in_operation=True))
    with pytest.raises(InsufficientCapacity):
        network.ensure_subnet(spec)
    assert network.ensure_subnet(spec).token == spec.token
    assert len(list_ours(state, "networks")) == 1
