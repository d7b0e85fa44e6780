"""Requests that the cloud throttles or rejects, lists with wrong pages, credentials that end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from connectors.openstack.conftest import FaultyCloud, build_subnet
from stratiform.connectors.openstack import client
from stratiform.connectors.openstack.settings import parse_settings
from stratiform.contract import errors
from stratiform.contract.compute import NativeServerState, NetworkInterface
from stratiform.contract.routing import RoutingObject
from stratiform.contract.volume import VolumeSpec
from support.certificates import create_certificate
from support.faulty_proxy import answer, change, faulty_proxy, find_requests, origin_of
from support.openstack_cloud import OpenstackCloudUnderTest

SERVER = r"POST /compute/v2.1/servers$"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f test"


def fault_body(message: str, name: str = "forbidden") -> bytes:
    return json.dumps({name: {"code": 403, "message": message}}).encode()


@pytest.mark.parametrize(("status", "retry_after", "wait"), [(429, "3", 3.0), (413, "120", 5.0), (429, "", 1.0)])
def test_a_throttled_request_is_repeated_after_the_time_that_the_cloud_names(
    cloud: FaultyCloud, waits: list[float], status: int, retry_after: str, wait: float
) -> None:
    spec = cloud.build_spec()
    headers = {"Retry_After": retry_after} if retry_after else {}
    cloud.proxy.add(
        SERVER, answer(status, fault_body("This request was rate-limited.", "overLimit"), **headers), times=2
    )
    server = cloud.compute.create(spec)
    assert waits == [wait, wait]
    assert [item.id for item in cloud.compute.list()] == [server.id]


UPLOAD = r"PUT /image/v2/images/[^/]*/file$"


@pytest.mark.parametrize(
    ("status", "body", "error_type"),
    [
        (429, b"slow down", errors.CloudThrottled),
        (401, b"the token has expired", errors.CloudUnreachable),
        (413, b"Denying attempt to upload image larger than 9 bytes.", errors.RequestRejected),
        (413, b"Image storage media is full: no space", errors.InsufficientCapacity),
    ],
)
def test_an_upload_is_not_repeated_with_the_rest_of_its_data(
    cloud: FaultyCloud, status: int, body: bytes, error_type: type[errors.CloudError]
) -> None:
    token = str(uuid4())
    cloud.proxy.add(UPLOAD, answer(status, body))
    with pytest.raises(errors.CloudError) as raised:
        cloud.image.upload(token, "golden", "raw", 4096, iter([bytes(4096)]))
    assert type(raised.value) is error_type
    assert len(find_requests(cloud.proxy, UPLOAD)) == 1
    image = cloud.image.upload(token, "golden", "raw", 4096, iter([bytes(4096)]))
    assert (image.is_ready, image.size_bytes) == (True, 4096)
    cloud.image.delete(image.id)


def test_an_image_with_less_data_than_was_sent_is_deleted(cloud: FaultyCloud) -> None:
    def truncate(body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "size": 0}).encode()

    token = str(uuid4())
    cloud.proxy.add(r"GET /image/v2/images/[^/?]+$", change(truncate))
    with pytest.raises(errors.CloudUnreachable, match="stored 0 of 4096 bytes"):
        cloud.image.upload(token, "golden", "raw", 4096, iter([bytes(4096)]))
    image = cloud.image.upload(token, "golden", "raw", 4096, iter([bytes(4096)]))
    assert image.size_bytes == 4096
    cloud.image.delete(image.id)


def test_each_token_has_a_lock(cloud: FaultyCloud) -> None:
    connection = client.Client(parse_settings(cloud.peer.settings), cloud.installation_id)
    locks = {number: connection.lock(str(number)) for number in range(200)}
    assert len(set(map(id, locks.values()))) == 200
    assert connection.lock("7") is locks[7]


def test_a_cloud_that_throttles_for_long_raises(cloud: FaultyCloud, waits: list[float]) -> None:
    cloud.proxy.add(SERVER, answer(429, b'{"message": "slow down"}'), times=9)
    with pytest.raises(errors.CloudThrottled, match="slow down"):
        cloud.compute.create(cloud.build_spec())
    assert len(find_requests(cloud.proxy, SERVER)) == len(waits) + 1 == 3


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, fault_body("Quota exceeded for instances: Requested 1, but already used 10 of 10 instances")),
        (403, fault_body("Maximum number of ports exceeded")),
        (413, fault_body("VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded for quota 'volumes'.")),
        (409, b'{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: [\'port\']."}}'),
        (400, fault_body("No valid host was found. There are not enough hosts available.", "badRequest")),
    ],
)
def test_an_exceeded_quota_leaves_no_ports_and_no_key_pair(cloud: FaultyCloud, status: int, body: bytes) -> None:
    spec = cloud.build_spec(has_network=True, public_key=PUBLIC_KEY)
    cloud.proxy.add(SERVER, answer(status, body, Retry_After="0"))
    with pytest.raises(errors.InsufficientCapacity) as raised:
        cloud.compute.create(spec)
    assert "compute service: " in raised.value.message
    assert cloud.list_ports() == []
    assert list(cloud.compute.list()) == []
    assert find_requests(cloud.proxy, r"DELETE .*/os-keypairs/stratiform-")
    assert len(find_requests(cloud.proxy, SERVER)) == 1


def test_quotas_of_the_cloud_itself(cloud: FaultyCloud) -> None:
    """The cloud's own messages, with its own statuses."""
    admin, demo = cloud.peer.admin, cloud.peer.admin.identity.find_project("demo")
    servers, volumes, networks = (
        len([item for item in items if item.project_id == demo.id])
        for items in (
            admin.compute.servers(all_projects=True),
            admin.block_storage.volumes(all_projects=True),
            admin.network.networks(),
        )
    )
    try:
        admin.compute.update_quota_set(demo.id, instances=servers)
        admin.block_storage.update_quota_set(demo.id, volumes=volumes)
        admin.network.update_quota(demo.id, network=networks)
        requests: list[Callable[[], Any]] = [
            lambda: cloud.compute.create(cloud.build_spec()),
            lambda: cloud.volume.create(VolumeSpec(str(uuid4()), "data", 1)),
            lambda: cloud.network.ensure_subnet(build_subnet()),
        ]
        for request in requests:
            with pytest.raises(errors.InsufficientCapacity):
                request()
    finally:
        admin.compute.update_quota_set(demo.id, instances=-1)
        admin.block_storage.update_quota_set(demo.id, volumes=-1)
        admin.network.update_quota(demo.id, network=-1)


def test_a_port_that_fails_leaves_none_of_the_others(cloud: FaultyCloud) -> None:
    subnet = cloud.network.ensure_subnet(build_subnet())
    addresses = ("10.70.0.20", "10.71.0.1")
    interfaces = tuple(
        NetworkInterface(subnet.id, address, f"fa:16:3e:00:00:0{number}") for number, address in enumerate(addresses)
    )
    with pytest.raises(errors.RequestRejected, match=r"10\.71\.0\.1"):
        cloud.compute.create(cloud.build_spec(interfaces=interfaces))
    assert cloud.list_ports() == []
    cloud.network.delete_subnet(subnet.id)


def test_a_subnet_that_fails_leaves_no_network(cloud: FaultyCloud) -> None:
    cloud.proxy.add("POST .*/subnets$", answer(400, b'{"NeutronError": {"message": "Invalid input for cidr."}}'))
    with pytest.raises(errors.RequestRejected, match="Invalid input for cidr"):
        cloud.network.ensure_subnet(build_subnet())
    descriptions = [network.description or "" for network in cloud.peer.admin.network.networks()]
    assert not [text for text in descriptions if cloud.installation_id in text]


def test_a_server_without_a_host_has_the_reason_as_its_fault(cloud: FaultyCloud) -> None:
    server = cloud.compute.create(cloud.build_spec())

    def fail(body: bytes) -> bytes:
        document = json.loads(body)
        document["server"] |= {"status": "ERROR", "fault": {"code": 500, "message": "No valid host was found. "}}
        return json.dumps(document).encode()

    cloud.proxy.add(f"GET .*/servers/{server.id}$", change(fail))
    failed = cloud.compute.get(server.id)
    assert failed.state is NativeServerState.ERROR
    assert failed.fault == "the cloud has no capacity for flavor m1.tiny: No valid host was found."


def test_a_volume_without_a_backend_has_the_message_of_cinder_as_its_fault(cloud: FaultyCloud) -> None:
    volume = cloud.create_volume()
    cloud.proxy.add(f"GET .*/volumes/{volume.id}$", change(lambda body: body.replace(b"available", b"error")), times=2)
    assert cloud.volume.get(volume.id).fault == "the cloud reports the status error"
    message = {"id": "m1", "resource_uuid": volume.id, "created_at": "2026-01-01T00:00:00.000000"}
    message["user_message"] = "schedule allocate volume:Could not find any available weighted backend."
    cloud.proxy.add(r"GET .*/messages\?", answer(200, json.dumps({"messages": [message]}).encode()))
    assert cloud.volume.get(volume.id).fault == message["user_message"]


def test_an_application_credential_works_until_it_is_revoked(
    cloud: FaultyCloud, connect: Callable[..., FaultyCloud]
) -> None:
    user = cloud.peer.connect_sdk()
    credential = user.identity.create_application_credential(user.current_user_id, name=str(uuid4()))
    other = connect(
        username="",
        password="",
        project_name="",
        application_credential_id=credential.id,
        application_credential_secret=credential.secret,
    )
    assert credential.id in other.connection.check_credentials().identity
    spec = other.build_spec()
    server = other.compute.create(spec)
    user.identity.delete_application_credential(user.current_user_id, credential.id)
    with pytest.raises(errors.CredentialsRejected) as raised:
        other.compute.create(other.build_spec())
    assert credential.secret not in raised.value.message + raised.value.hint
    assert [item.id for item in other.peer.connect(other.installation_id).compute.list()] == [server.id]  # type: ignore[union-attr]


@pytest.mark.parametrize("by_id", [("user_domain", "project_domain"), ("user_domain", "project"), ("project",)])
def test_domains_and_the_project_may_be_named_by_their_ids(
    cloud: FaultyCloud, connect: Callable[..., FaultyCloud], by_id: tuple[str, ...]
) -> None:
    """A wrong name has no effect if there is an ID."""
    project = cloud.peer.admin.identity.find_project("demo")
    ids = {"user_domain": "default", "project_domain": "default", "project": project.id}
    settings = {f"{name}_id": ids[name] for name in by_id} | {f"{name}_name": "wrong" for name in by_id}
    settings |= {} if "project" in by_id else {"project_name": "demo"}
    assert connect(**settings).connection.check_credentials().zones


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_cloud_with_its_own_certificate_authority(openstack_peer: OpenstackCloudUnderTest, tmp_path: Path) -> None:
    certificate = create_certificate(tmp_path)
    with faulty_proxy(origin_of(openstack_peer.settings["auth_url"]), certificate) as proxy:
        cloud = FaultyCloud(openstack_peer, proxy, {"cacert": str(certificate.authority)})
        assert cloud.connection.check_credentials().zones
        assert list(cloud.compute.list()) == []
        for overrides in ({}, {"cacert": str(create_certificate(tmp_path, "other").authority)}):
            with pytest.raises(errors.CloudUnreachable, match="certificate"):
                FaultyCloud(openstack_peer, proxy, overrides).connection.check_credentials()
        assert FaultyCloud(openstack_peer, proxy, {"verify": "false"}).connection.check_credentials().zones


def test_lists_have_several_pages(cloud: FaultyCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = {cloud.compute.create(cloud.build_spec()).token for _ in range(5)}
    cloud.proxy.clear()
    monkeypatch.setattr(client, "_PAGE_SIZE", 2)
    assert {server.token for server in cloud.compute.list()} == tokens
    assert len(find_requests(cloud.proxy, "servers/detail")) == 3


def test_a_page_that_is_shorter_than_requested_is_not_the_last(
    cloud: FaultyCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service limits its pages, or leaves out what the caller must not see. A link leads to the next one."""
    tokens = {cloud.compute.create(cloud.build_spec()).token for _ in range(3)}
    monkeypatch.setattr(client, "_PAGE_SIZE", 2)

    def shorten(body: bytes) -> bytes:
        document = json.loads(body)
        document["servers"] = document["servers"][:1]
        return json.dumps(document).encode()

    cloud.proxy.add("servers/detail", change(shorten))
    assert {server.token for server in cloud.compute.list()} == tokens


def test_a_page_that_repeats_is_an_incomplete_list(cloud: FaultyCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        cloud.compute.create(cloud.build_spec())
    monkeypatch.setattr(client, "_PAGE_SIZE", 2)
    pages: list[bytes] = []

    def repeat(body: bytes) -> bytes:
        pages.append(body)
        return pages[0]

    cloud.proxy.add("servers/detail", change(repeat), times=5)
    with pytest.raises(errors.CloudUnreachable, match="the same page of servers again"):
        list(cloud.compute.list())


def test_an_item_that_is_on_two_pages_is_listed_once(cloud: FaultyCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {cloud.compute.create(cloud.build_spec()).id for _ in range(3)}
    monkeypatch.setattr(client, "_PAGE_SIZE", 2)
    pages: list[Any] = []

    def overlap(body: bytes) -> bytes:
        document = json.loads(body)
        document["servers"] = [*(pages[0]["servers"][-1:] if pages else []), *document["servers"]]
        pages.append(document)
        return json.dumps(document).encode()

    cloud.proxy.add("servers/detail", change(overlap), times=2)
    listed = [server.id for server in cloud.compute.list()]
    assert sorted(listed) == sorted(ids)


def test_a_marker_that_was_deleted_meanwhile_is_an_incomplete_list(
    cloud: FaultyCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        cloud.compute.create(cloud.build_spec())
    monkeypatch.setattr(client, "_PAGE_SIZE", 2)
    cloud.proxy.add("servers/detail.*marker=", answer(400, fault_body("marker [x] not found", "badRequest")))
    with pytest.raises(errors.CloudUnreachable, match="the list changed while it was read"):
        list(cloud.compute.list())


def test_a_cell_that_does_not_respond_is_an_incomplete_list(cloud: FaultyCloud) -> None:
    cloud.create_server()

    def lose_cell(body: bytes) -> bytes:
        document = json.loads(body)
        partial = ("id", "links", "tags", "tenant_id", "created")
        document["servers"] = [
            {key: item[key] for key in partial} | {"status": "UNKNOWN"} for item in document["servers"]
        ]
        return json.dumps(document).encode()

    cloud.proxy.add("servers/detail", change(lose_cell))
    with pytest.raises(errors.CloudUnreachable, match="a cell of Nova does not respond"):
        list(cloud.compute.list())


def test_several_external_networks_need_a_setting(connect: Callable[..., FaultyCloud]) -> None:
    cloud = connect(external_network="")
    network = cloud.peer.admin.network.create_network(name="internet", is_router_external=True)
    try:
        with pytest.raises(errors.RequestRejected, match="several external networks: internet, public") as raised:
            cloud.routing.allocate_address(str(uuid4()))
        assert "external_network" in raised.value.hint
    finally:
        cloud.peer.admin.network.delete_network(network.id)
    with pytest.raises(errors.RequestRejected, match="no external network 'moon'"):
        connect(external_network="moon").routing.allocate_address(str(uuid4()))


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        ("router", {"conntrack_helpers": [{}]}, "conntrack helpers"),
        ("router", {"ndp_proxies": ["2001:db8::1"]}, "NDP proxies"),
        ("floating_ip", {"forwardings": [{}]}, "port forwardings"),
        ("local_ip", {}, "local IPs"),
    ],
)
def test_what_is_not_supported_is_refused_without_a_request(
    cloud: FaultyCloud, kind: Any, properties: dict[str, Any], message: str
) -> None:
    with pytest.raises(errors.NotSupported, match=message):
        cloud.routing.apply(RoutingObject(kind, str(uuid4()), "", properties))
    assert cloud.proxy.requests == []
