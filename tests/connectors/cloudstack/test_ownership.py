"""Lost responses, lists that lag behind, and creations that fail half-way: no resource is doubled or orphaned."""

import logging
from pathlib import Path
from typing import Any

import pytest

from stratiform.connectors.cloudstack import markers
from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.connectors.cloudstack.markers import Marker
from stratiform.contract.compute import NativeServerState
from stratiform.contract.errors import (
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    InsufficientCapacity,
    NativeNotFound,
    RequestRejected,
)
from stratiform.contract.network import SubnetSpec
from stratiform.contract.snapshot import SnapshotSpec
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import API_KEY
from support.cloudstack.scenarios import (
    compute_of,
    create_server,
    create_volume,
    get_vm,
    list_owned,
    network_of,
    new_spec,
    routing_of,
    snapshot_of,
    volume_of,
    wait_for,
    wait_for_state,
)
from support.cloudstack.state import ApiError

SUBNET = SubnetSpec("n1", "net-1", "blue", "10.5.0.0/24", "10.5.0.1")
FAULTS = ("lose", "refuse", "body")


@pytest.mark.parametrize("kind", FAULTS)
def test_server_is_created_once_after_a_lost_response(cloud: CloudStackCloud, server: ApiServer, kind: str) -> None:
    server.inject("deployVirtualMachine", kind, text="{")
    with pytest.raises(CloudUnreachable):
        compute_of(cloud).create(new_spec(server))
    created = compute_of(cloud).create(new_spec(server))
    assert [item.id for item in compute_of(cloud).list()] == [created.id] == [get_vm(server)["id"]]


@pytest.mark.parametrize("kind", FAULTS)
def test_volume_is_created_once_after_a_lost_response(cloud: CloudStackCloud, server: ApiServer, kind: str) -> None:
    server.inject("createVolume", kind, text='{"createvolumeresponse": [], "x": 1}')
    with pytest.raises(CloudUnreachable):
        create_volume(cloud)
    created = create_volume(cloud)
    assert [item.id for item in volume_of(cloud).list()] == [created.id]
    assert len(list_owned(server, "volumes")) == 1


@pytest.mark.parametrize("kind", FAULTS)
def test_subnet_is_created_once_after_a_lost_response(cloud: CloudStackCloud, server: ApiServer, kind: str) -> None:
    server.inject("createNetwork", kind, text="null")
    with pytest.raises(CloudUnreachable):
        network_of(cloud).ensure_subnet(SUBNET)
    assert network_of(cloud).ensure_subnet(SUBNET).id == list_owned(server, "networks")[0]["id"]
    assert len(list_owned(server, "networks")) == 1


@pytest.mark.parametrize("kind", FAULTS)
def test_snapshot_is_created_once_after_a_lost_response(cloud: CloudStackCloud, server: ApiServer, kind: str) -> None:
    server.inject("createSnapshot", kind, text="[]")
    volume = create_volume(cloud)
    compute_of(cloud).attach_volume(create_server(cloud, server).id, volume.id, "/dev/vdb")
    with pytest.raises(CloudUnreachable):
        snapshot_of(cloud).create(SnapshotSpec("x1", "copy", volume.id))
    created = snapshot_of(cloud).create(SnapshotSpec("x1", "copy", volume.id))
    assert [item.id for item in snapshot_of(cloud).list()] == [created.id]
    assert len(list_owned(server, "snapshots")) == 1


@pytest.mark.parametrize("command", ["createSecurityGroup", "reserveIpAddress"])
@pytest.mark.parametrize("kind", FAULTS)
def test_address_is_reserved_once_after_a_lost_response(
    cloud: CloudStackCloud, server: ApiServer, command: str, kind: str
) -> None:
    server.inject(command, kind, text="{}")
    with pytest.raises(CloudUnreachable):
        routing_of(cloud).allocate_address("f1")
    address = routing_of(cloud).allocate_address("f1")
    assert [row["ipaddress"] for row in list_owned(server, "addresses")] == [address]


@pytest.mark.parametrize("command", ["createSecurityGroup", "reserveIpAddress"])
def test_address_whose_allocation_was_given_up_is_released_by_another_process(
    cloud: CloudStackCloud, server: ApiServer, home: Path, command: str
) -> None:
    server.inject(command, "lose")
    with pytest.raises(CloudUnreachable):
        routing_of(cloud).allocate_address("f1")
    other = connect_cloudstack(server.url, home, cloud._client.installation_id)
    routing_of(other).delete("floating_ip", "f1")
    assert (list_owned(server, "addresses"), list_owned(server, "groups")) == ([], [])


def test_another_process_finds_the_server_of_a_lost_response(
    cloud: CloudStackCloud, server: ApiServer, home: Path
) -> None:
    server.inject("deployVirtualMachine", "lose")
    with pytest.raises(CloudUnreachable):
        compute_of(cloud).create(new_spec(server))
    other = connect_cloudstack(server.url, home, cloud._client.installation_id)
    assert compute_of(other).create(new_spec(server)).id == get_vm(server)["id"]


def test_new_server_that_lists_omit_for_a_while_is_created_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.state.visibility_delay_s = 0.1
    created = compute_of(cloud).create(new_spec(server))
    assert (created.id, compute_of(cloud).get(created.id).id) == (get_vm(server)["id"],) * 2


def test_new_resources_that_lists_omit_for_long_are_not_doubled(cloud: CloudStackCloud, server: ApiServer) -> None:
    create_server(cloud, server, "other")
    server.state.visibility_delay_s = 60
    requests: list[Any] = [lambda: compute_of(cloud).create(new_spec(server)), lambda: create_volume(cloud)]
    for request in requests * 2:
        with pytest.raises(CloudUnreachable, match="does not list the new"):
            request()
    server.state.reveal()
    for request in requests:
        request()
    volumes = [row for row in list_owned(server, "volumes") if row["type"] == "DATADISK"]
    assert (len(list_owned(server, "vms")), len(volumes)) == (2, 1)


def test_lost_response_and_lists_that_lag_behind_leave_no_double(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.inject("createVolume", "lose")
    server.state.visibility_delay_s = 60
    for _ in range(2):  # the second request creates a double, because the first volume is not listed
        with pytest.raises(CloudUnreachable):
            create_volume(cloud)
    server.state.reveal()
    volume = create_volume(cloud)
    assert [row["id"] for row in list_owned(server, "volumes")] == [volume.id]


def test_host_name_is_the_last_guard_against_a_second_server(
    cloud: CloudStackCloud, server: ApiServer, home: Path
) -> None:
    """Another process knows nothing of the first request, and CloudStack does not list the server."""
    subnet = network_of(cloud).ensure_subnet(SUBNET)
    assert subnet.id
    create_server(cloud, server, "other")
    server.state.visibility_delay_s = 60
    with pytest.raises(CloudUnreachable, match="does not list the new server yet"):
        compute_of(cloud).create(new_spec(server))
    other = connect_cloudstack(server.url, home, cloud._client.installation_id)
    with pytest.raises(CloudUnreachable, match="has server s1 and does not list it yet"):
        compute_of(other).create(new_spec(server))
    assert len(list_owned(server, "vms")) == 2


def test_doubled_volume_is_deleted(cloud: CloudStackCloud, server: ApiServer) -> None:
    """As two processes create it whose lists lag behind."""
    first = create_volume(cloud)
    account = server.state.accounts[API_KEY]
    double = {**server.state.tables["volumes"][first.id], "id": "double", "created": "2099-01-01T00:00:00+0000"}
    server.state.add("volumes", account, **double)
    assert create_volume(cloud).id == first.id
    assert [row["id"] for row in list_owned(server, "volumes")] == [first.id]


def test_server_whose_tags_were_lost_is_tagged_by_the_next_creation(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.inject("createTags", "refuse")
    with pytest.raises(CloudUnreachable):
        compute_of(cloud).create(new_spec(server))
    assert compute_of(cloud).find("s1") is not None
    created = compute_of(cloud).create(new_spec(server))
    server.state.finish_jobs()
    assert server.state.tags[created.id] == {markers.INSTALLATION: cloud._client.installation_id, markers.TOKEN: "s1"}


@pytest.mark.parametrize(("status", "text"), [(432, "not available for user"), (401, "revoked"), (531, "no")])
def test_server_is_complete_if_tags_are_refused(
    cloud: CloudStackCloud, server: ApiServer, caplog: pytest.LogCaptureFixture, status: int, text: str
) -> None:
    server.inject("createTags", "error", status=status, text=text)
    with caplog.at_level(logging.WARNING):
        created = compute_of(cloud).create(new_spec(server))
    assert "tags refused" in caplog.text
    by_token = compute_of(cloud).find("s1")
    assert by_token is not None
    assert by_token.id == created.id


def test_renamed_resources_are_found_by_their_tags(cloud: CloudStackCloud, server: ApiServer) -> None:
    created, volume = create_server(cloud, server), create_volume(cloud)
    server.state.finish_jobs()
    get_vm(server)["displayname"] = "renamed by hand"
    server.state.tables["volumes"][volume.id]["name"] = "renamed by hand"
    by_token = compute_of(cloud).find("s1")
    assert by_token is not None
    assert by_token.id == created.id
    assert [item.token for item in compute_of(cloud).list()] == ["s1"]
    assert [item.token for item in volume_of(cloud).list()] == ["v1"]


@pytest.mark.parametrize("command", ["deployVirtualMachine", "createVolume", "createNetwork"])
def test_throttled_creation_is_repeated_once_the_cloud_permits(
    cloud: CloudStackCloud, server: ApiServer, command: str
) -> None:
    server.inject(command, "error", times=2, status=429, text="API limit reached", headers=(("Retry-After", "0"),))
    compute_of(cloud).create(new_spec(server))
    create_volume(cloud)
    network_of(cloud).ensure_subnet(SUBNET)
    assert len(list_owned(server, "vms")) == 1


def test_throttling_for_a_long_time_is_an_error_with_the_time(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.inject("deployVirtualMachine", "status", status=429, headers=(("Retry-After", "120"),))
    with pytest.raises(CloudThrottled, match="rate limit exceeded") as raised:
        compute_of(cloud).create(new_spec(server))
    assert raised.value.hint == "retry after 120 s"
    assert list_owned(server, "vms") == []


@pytest.mark.parametrize(("resource", "table"), [("user_vm", "vms"), ("volume", "volumes"), ("network", "networks")])
def test_exceeded_limits_create_nothing(cloud: CloudStackCloud, server: ApiServer, resource: str, table: str) -> None:
    server.state.accounts[API_KEY].limits[resource] = 0
    requests: dict[str, Any] = {
        "vms": lambda: compute_of(cloud).create(new_spec(server)),
        "volumes": lambda: create_volume(cloud),
        "networks": lambda: network_of(cloud).ensure_subnet(SUBNET),
    }
    with pytest.raises(InsufficientCapacity, match=f"type '{resource}' .* has been exceeded"):
        requests[table]()
    assert list_owned(server, table) == []


def test_exceeded_limit_of_addresses_keeps_no_record(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.state.accounts[API_KEY].limits["public_ip"] = 0
    with pytest.raises(InsufficientCapacity):
        routing_of(cloud).allocate_address("f1")
    routing_of(cloud).delete("floating_ip", "f1")
    assert (list_owned(server, "addresses"), list_owned(server, "groups")) == ([], [])


def test_failed_job_of_a_creation_is_the_fault_of_the_server(cloud: CloudStackCloud, server: ApiServer) -> None:
    text = "Unable to create a deployment for VM instance"
    server.state.failing_jobs["DeployVMCmd"] = ApiError(533, text, 4335)
    created = compute_of(cloud).create(new_spec(server))
    failed = wait_for_state(cloud, created.id, NativeServerState.ERROR)
    failed = wait_for(lambda: compute_of(cloud).get(created.id), lambda item: item.fault)
    assert failed.fault == f"CloudStack: {text} (533)"
    compute_of(cloud).delete(created.id)
    wait_for(lambda: compute_of(cloud).find("s1"), lambda item: item is None)
    assert list_owned(server, "vms") == list_owned(server, "volumes") == []


def test_revoked_credentials_are_an_error_and_lose_nothing(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_server(cloud, server)
    account = server.state.accounts.pop(API_KEY)
    for request in (
        lambda: compute_of(cloud).get(created.id),
        lambda: compute_of(cloud).delete(created.id),
        lambda: compute_of(cloud).create(new_spec(server, "s2")),
        lambda: create_volume(cloud),
    ):
        with pytest.raises(CredentialsRejected):
            request()
    server.state.accounts[API_KEY] = account
    assert [item.id for item in compute_of(cloud).list()] == [created.id]


def test_server_of_an_interrupted_creation_can_be_deleted(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.inject("deployVirtualMachine", "lose")
    with pytest.raises(CloudUnreachable):
        compute_of(cloud).create(new_spec(server))
    orphan = compute_of(cloud).find("s1")
    assert orphan is not None
    compute_of(cloud).delete(orphan.id)
    wait_for(lambda: compute_of(cloud).find("s1"), lambda item: item is None)
    assert list_owned(server, "vms") == []


def test_unknown_snapshot_or_offering_creates_nothing(cloud: CloudStackCloud, server: ApiServer) -> None:
    with pytest.raises(RequestRejected):
        create_volume(cloud, snapshot_id="no-such-snapshot")
    with pytest.raises(RequestRejected, match="disk offering 'Tape' not found"):
        create_volume(cloud, native_type="Tape")
    with pytest.raises(NativeNotFound):
        volume_of(cloud).get("no-such-volume")
    assert list_owned(server, "volumes") == []


def test_markers_survive_long_names_and_are_removed() -> None:
    marker = Marker("i" * 32, "t" * 36)
    name = marker.append_to("x" * 300)
    assert len(name) <= 255
    assert (markers.parse_marker(name), markers.remove_marker(name)) == (marker, "x" * 140)
    assert markers.parse_marker("web [stratiform:a:b] copy") is None
    assert markers.parse_marker(Marker("i", "t", "image").append_to("")) == Marker("i", "t", "image")
    assert markers.find_token({"name": Marker("i", "t", "image").append_to("x")}, "i") == ""


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("web-1", "web-1"),
        ("Größe & Co.", "gr-e-co"),
        ("42", "server-42"),
        ("", "server"),
        ("x" * 80, "x" * 48),
        ("-a-", "a"),
    ],
)
def test_host_names_are_valid_and_unique(name: str, label: str) -> None:
    first = markers.build_host_name(name, Marker("i", "t1"), "")
    second = markers.build_host_name(name, Marker("i", "t2"), "")
    again = markers.build_host_name(name, Marker("i", "t1"), "2")
    assert first.startswith(f"{label}-")
    assert len({first, second, again}) == 3
    assert max(map(len, (first, second, again))) <= 63
    assert again.startswith(first)
