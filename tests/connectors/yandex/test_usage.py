"""Inventory and samples of Yandex Cloud: every resource once, and none missing."""

from uuid import uuid4

import grpc
import pytest

from stratiform.connectors.yandex.connector import YandexCloud
from stratiform.contract.compute import ComputeDriver, ServerSize, ServerSpec
from stratiform.contract.errors import CloudThrottled, CloudUnreachable, CredentialsRejected
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import VolumeDriver, VolumeSpec
from stratiform.kit.clock import HOUR_US, MINUTE_US
from stratiform.kit.errors import Invalid
from support.yandex import IMAGE, YandexServer, add_points, wait_until
from support.yandex.state import FOLDER, Abort, Fault, State

POLL = {"metric": "network_sent_bytes", "period_s": 300}
SIZE = ServerSize(2, 2048, 10)


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


@pytest.fixture
def usage(yandex: YandexCloud) -> UsageDriver:
    assert yandex.usage is not None
    return yandex.usage


def create_volumes(volume: VolumeDriver, state: State, count: int) -> set[str]:
    tokens = {str(uuid4()) for _ in range(count)}
    for token in tokens:
        volume.create(VolumeSpec(token, "data", 2))
    wait_until(state.settle_all)
    return tokens


def test_pages_that_repeat_resources(volume: VolumeDriver, usage: UsageDriver, state: State) -> None:
    tokens = create_volumes(volume, state, 7)
    state.page_size, state.paging = 3, "repeat"
    ids = [item.id for item in usage.list_inventory()]
    assert (len(ids), set(ids)) == (7, tokens)
    assert len(list(volume.list())) == 7


def test_list_that_never_ends_is_unreachable(volume: VolumeDriver, usage: UsageDriver, state: State) -> None:
    create_volumes(volume, state, 7)
    state.page_size, state.paging = 3, "loop"
    with pytest.raises(CloudUnreachable, match="same page of a list twice"):
        list(usage.list_inventory())


def test_list_that_omits_resources_is_unreachable(volume: VolumeDriver, usage: UsageDriver, state: State) -> None:
    create_volumes(volume, state, 7)
    state.page_size, state.paging = 5, "skip"
    with pytest.raises(CloudUnreachable, match="change while they are listed"):
        list(usage.list_inventory())
    state.paging = ""
    assert len(list(usage.list_inventory())) == 7


def test_list_that_fails_is_unreachable(volume: VolumeDriver, usage: UsageDriver, state: State) -> None:
    create_volumes(volume, state, 7)
    state.page_size = 3
    state.faults.append(Fault("DiskService/List", Abort(grpc.StatusCode.UNAVAILABLE, "no"), count=99))
    with pytest.raises(CloudUnreachable):
        list(usage.list_inventory())


def test_inventory_is_read_in_bulk(
    compute: ComputeDriver, volume: VolumeDriver, usage: UsageDriver, state: State
) -> None:
    for _ in range(5):
        compute.create(ServerSpec(str(uuid4()), "web", SIZE, IMAGE))
    create_volumes(volume, state, 5)
    state.requests.clear()
    assert len(list(usage.list_inventory())) == 10
    assert state.requests == ["InstanceService/List", "DiskService/List"]


def test_resources_of_others_belong_to_the_folder(compute: ComputeDriver, usage: UsageDriver, state: State) -> None:
    server_id = compute.create(ServerSpec(str(uuid4()), "web", SIZE, IMAGE)).id
    wait_until(state.settle_all)
    instance = state.table("instances")[server_id]
    instance.labels.clear()
    instance.name = "legacy"
    server, disk = usage.list_inventory()
    assert (server.id, server.project_id, server.name) == (server_id, FOLDER, "legacy")
    assert server.attributes == {
        "flavor": "standard-v3",
        "vcpus": 2,
        "ram_mib": 2048,
        "availability_zone": "ru-central1-a",
        "image_id": IMAGE,
    }
    assert (disk.resource_type, disk.project_id, disk.state, disk.attributes["size_gib"]) == (
        "volume",
        FOLDER,
        "in-use",
        10,
    )


def test_metrics_may_have_the_name_or_several_series(compute: ComputeDriver, usage: UsageDriver, state: State) -> None:
    spec = ServerSpec(str(uuid4()), "web", SIZE, IMAGE)
    server_id = compute.create(spec).id
    since, until = add_points(state, state.table("instances")[server_id].name)
    [labels] = state.points
    state.points = {(*labels, ("device", name)): state.points[labels] for name in ("eth0", "eth1")}
    samples = list(usage.list_samples(POLL, since, until))
    assert {sample.resource_id for sample in samples} == {spec.token}
    assert {sample.source for sample in samples} == {f"{server_id}/device=eth0", f"{server_id}/device=eth1"}
    assert len(samples) == 24
    assert {str(sample.value) for sample in samples} == {"5000017.5"}


def test_long_interval_is_read_in_parts(usage: UsageDriver, state: State) -> None:
    since, until = add_points(state, "fhmother")
    begin = until - 200 * HOUR_US
    assert len(list(usage.list_samples(POLL, begin, until))) == 12
    assert state.requests.count("Monitoring/read") == 3
    assert len(list(usage.list_samples({**POLL, "period_s": 60}, since, since + 2 * MINUTE_US))) == 2


def test_sample_of_an_unknown_resource_belongs_to_the_folder(usage: UsageDriver, state: State) -> None:
    since, until = add_points(state, "fhmother")
    samples = list(usage.list_samples(POLL, since, until))
    assert {(sample.resource_id, sample.project_id, sample.source) for sample in samples} == {
        ("fhmother", FOLDER, "fhmother")
    }


def test_labels_select_metrics(usage: UsageDriver, state: State) -> None:
    since, until = add_points(state, "fhmother")
    assert list(usage.list_samples({**POLL, "labels": {"resource_type": "disk"}}, since, until)) == []
    assert len(list(usage.list_samples({**POLL, "labels": {"resource_type": "vm"}}, since, until))) == 12


@pytest.mark.parametrize(
    "wrong", [{"metric": 'x"} or {"'}, {"labels": {"a": 'b"'}}, {"aggregation": "MEDIAN"}, {"period_s": 61}]
)
def test_invalid_poll_table(usage: UsageDriver, state: State, wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="poll table"):
        list(usage.list_samples({**POLL, **wrong}, 0, HOUR_US))
    assert state.requests == []


@pytest.mark.parametrize(
    ("status", "error_type"), [(503, CloudUnreachable), (429, CloudThrottled), (403, CredentialsRejected)]
)
def test_errors_of_monitoring(usage: UsageDriver, state: State, status: int, error_type: type[Exception]) -> None:
    error = Abort(grpc.StatusCode.UNKNOWN, "because")
    state.faults.append(Fault("Monitoring/read", error, status_code=status))
    with pytest.raises(error_type, match="because"):
        list(usage.list_samples(POLL, 0, HOUR_US))


def test_expired_token_is_replaced(usage: UsageDriver, state: State) -> None:
    since, until = add_points(state, "fhmother")
    first = list(usage.list_samples(POLL, since, until))
    state.tokens.clear()
    assert list(usage.list_samples(POLL, since, until)) == first
