"""Compute capability of CloudStack, beyond the conformance tests."""

import base64
from typing import Any

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.connectors.cloudstack.server_conversion import to_device_number
from stratiform.contract.compute import NativeServerState, NetworkInterface, ServerSize
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.network import SubnetSpec
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import CUSTOM_OFFERING, OTHER_TEMPLATE
from support.cloudstack.scenarios import (
    SMALL,
    compute_of,
    create_server,
    create_stopped_server,
    create_volume,
    get_vm,
    images_of,
    list_owned,
    network_of,
    new_spec,
    volume_of,
    wait_for,
    wait_for_state,
)
from support.cloudstack.state import ApiError

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f test"


def last_request(server: ApiServer, command: str) -> dict[str, str]:
    return [params for name, params in server.requests if name == command][-1]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (ServerSize(1, 512, 5), ServerSize(1, 512, 5, "Micro")),
        (ServerSize(3, 3000, 5), ServerSize(3, 3000, 5, CUSTOM_OFFERING)),
        (ServerSize(1, 400, 5, "Small"), ServerSize(2, 2048, 5, "Small")),
        (ServerSize(4, 1024, 5, CUSTOM_OFFERING), ServerSize(4, 1024, 5, CUSTOM_OFFERING)),
        (ServerSize(1, 512, 1), ServerSize(1, 512, 2, "Micro")),  # at least the size of the image
    ],
)
def test_offering_is_fixed_or_customized(
    cloud: CloudStackCloud, server: ApiServer, size: ServerSize, expected: ServerSize
) -> None:
    assert create_server(cloud, server, size=size).size == expected


def test_customized_server_has_a_cpu_speed(cloud: CloudStackCloud, server: ApiServer) -> None:
    create_server(cloud, server, size=ServerSize(3, 3000, 5))
    request = last_request(server, "deployVirtualMachine")
    assert {key: value for key, value in request.items() if key.startswith("details")} == {
        "details[0].cpunumber": "3",
        "details[0].cpuspeed": "1000",
        "details[0].memory": "3000",
    }


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (ServerSize(1, 512, 1, "Gigantic"), "service offering 'Gigantic' not found"),
        (ServerSize(64, 512, 1), "no service offering has 64 vCPUs and 512 MiB"),
        (ServerSize(64, 512, 1, CUSTOM_OFFERING), "no service offering has 64 vCPUs and 512 MiB"),
    ],
)
def test_size_without_an_offering_is_rejected(
    cloud: CloudStackCloud, server: ApiServer, size: ServerSize, message: str
) -> None:
    with pytest.raises(RequestRejected, match=message):
        compute_of(cloud).create(new_spec(server, size=size))
    assert list_owned(server, "vms") == []


def test_offerings_of_the_operator_are_used_at_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    create_server(cloud, server)
    values = {"cpunumber": 2, "cpuspeed": 1000, "memory": 900, "iscustomized": False, "displaytext": "x"}
    server.state.add("service_offerings", None, name="New", **values)
    assert create_server(cloud, server, "s2", size=ServerSize(2, 900, 5)).size.native_type == "New"


def test_setting_chooses_the_offering_of_flavors_without_a_native_type(server: ApiServer, home: Any) -> None:
    cloud = connect_cloudstack(server.url, home, service_offering=CUSTOM_OFFERING)
    assert create_server(cloud, server).size.native_type == CUSTOM_OFFERING


def test_name_and_display_name_carry_the_token(cloud: CloudStackCloud, server: ApiServer) -> None:
    create_server(cloud, server, name="Web Server 1")
    vm = get_vm(server)
    assert vm["name"].startswith("web-server-1-")
    assert vm["displayname"] == f"Web Server 1 [stratiform:{cloud._client.installation_id}:s1]"


def test_servers_with_the_same_name_can_share_a_network(cloud: CloudStackCloud, server: ApiServer) -> None:
    names = [create_server(cloud, server, token, name="web").id for token in ("s1", "s2")]
    assert len({row["name"] for row in list_owned(server, "vms")}) == len(set(names)) == 2


def test_a_new_generation_may_be_created_while_the_old_one_is_deleted(
    cloud: CloudStackCloud, server: ApiServer
) -> None:
    old = create_server(cloud, server)
    compute_of(cloud).delete(old.id)
    wait_for(lambda: compute_of(cloud).find("s1"), lambda item: item is None)
    assert create_server(cloud, server, generation="2").id != old.id


def test_public_key_is_registered_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    for token in ("s1", "s2"):
        create_server(cloud, server, token, public_key=PUBLIC_KEY)
    pairs = server.state.rows("key_pairs")
    assert [pair["name"] for pair in pairs] == [get["keypair"] for get in list_owned(server, "vms")[:1]]


def test_public_key_that_someone_registered_is_used(cloud: CloudStackCloud, server: ApiServer) -> None:
    cloud._client.request("registerSSHKeyPair", name="mine", publickey=PUBLIC_KEY)
    create_server(cloud, server, public_key=PUBLIC_KEY)
    assert get_vm(server)["keypair"] == "mine"


def test_invalid_key_is_rejected(cloud: CloudStackCloud, server: ApiServer) -> None:
    with pytest.raises(RequestRejected, match="Public key is invalid"):
        compute_of(cloud).create(new_spec(server, public_key="ssh-rsa ???"))
    assert list_owned(server, "vms") == []


def test_user_data_is_passed_on_in_an_advanced_zone(cloud: CloudStackCloud, server: ApiServer) -> None:
    encoded = base64.b64encode(b"#cloud-config\nhostname: a\n" * 40).decode()
    create_server(cloud, server, user_data="\n".join((encoded[:76], encoded[76:])))
    assert get_vm(server)["_userdata"] == encoded
    with pytest.raises(RequestRejected, match="base64"):
        compute_of(cloud).create(new_spec(server, "s2", user_data="???"))


def test_server_boots_from_an_iso_image(cloud: CloudStackCloud, server: ApiServer) -> None:
    iso_id = server.get_id("isos", "Installer")
    created = create_server(cloud, server, image_id=iso_id, size=ServerSize(1, 512, 8))
    assert (created.image_id, created.size.disk_gib) == (iso_id, 8)
    image = images_of(cloud).get(iso_id)
    assert (image.name, image.min_disk_gib, image.token) == ("Installer", 0, "")


@pytest.mark.parametrize("image_id", ["no-image", ""])
def test_unknown_image_is_rejected(cloud: CloudStackCloud, server: ApiServer, image_id: str) -> None:
    with pytest.raises(RequestRejected):
        compute_of(cloud).create(new_spec(server, image_id=image_id))
    assert list_owned(server, "vms") == []


def test_server_is_building_until_its_job_has_finished(cloud: CloudStackCloud, server: ApiServer) -> None:
    """CloudStack reports it as stopped before it starts it."""
    server.state.job_delay_s = 60
    created = compute_of(cloud).create(new_spec(server))
    assert get_vm(server)["state"] == "Stopped"
    assert created.state is compute_of(cloud).get(created.id).state is NativeServerState.BUILDING
    assert [item.state for item in compute_of(cloud).list()] == [NativeServerState.BUILDING]
    assert created.launched_at is None


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("stop", NativeServerState.STOPPING),
        ("delete", NativeServerState.DELETING),
    ],
)
def test_state_shows_a_job_that_has_not_begun(
    cloud: CloudStackCloud, server: ApiServer, action: str, state: NativeServerState
) -> None:
    created = create_server(cloud, server)
    server.state.job_delay_s = 60
    getattr(compute_of(cloud), action)(created.id)
    getattr(compute_of(cloud), action)(created.id)
    assert compute_of(cloud).get(created.id).state is state
    assert len(server.list_commands("stopVirtualMachine", "destroyVirtualMachine")) == 1


def test_operations_do_not_wait_for_their_jobs(cloud: CloudStackCloud, server: ApiServer) -> None:
    created, stopped = create_server(cloud, server), create_stopped_server(cloud, server, "s2")
    server.state.job_delay_s = 60
    server.requests.clear()
    compute = compute_of(cloud)
    compute.start(stopped.id)
    compute.reboot(created.id, hard=True)
    compute.delete(created.id)
    compute.create(new_spec(server, "s3"))
    assert len(server.list_commands("queryAsyncJobResult")) == 2  # the pending jobs of created and s3, once each


def test_only_a_hard_reboot_starts_a_stopped_server(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_stopped_server(cloud, server)
    with pytest.raises(RequestRejected, match="stopped"):
        compute_of(cloud).reboot(created.id, hard=False)
    compute_of(cloud).reboot(created.id, hard=True)
    wait_for_state(cloud, created.id)


def test_resize_changes_the_offering_and_grows_the_root_volume(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_stopped_server(cloud, server)
    for size in (ServerSize(2, 2048, 20), ServerSize(5, 5000, 20)):
        compute_of(cloud).resize(created.id, size)
        compute_of(cloud).resize(created.id, size)
        resized = compute_of(cloud).get(created.id).size
        assert (resized.vcpus, resized.ram_mib, resized.disk_gib) == (size.vcpus, size.ram_mib, 20)
    assert len(server.list_commands("scaleVirtualMachine", "resizeVolume")) == 3


def test_failed_resize_is_an_error(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_stopped_server(cloud, server)
    server.state.failing_jobs["ScaleVMCmd"] = ApiError(530, "Unable to scale VM", 4250)
    with pytest.raises(RequestRejected, match="Unable to scale VM"):
        compute_of(cloud).resize(created.id, ServerSize(2, 2048, 5))
    assert compute_of(cloud).get(created.id).size == created.size


def test_repeated_rebuild_replaces_the_root_volume_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    created, other = create_server(cloud, server), server.get_id("templates", OTHER_TEMPLATE)
    server.state.job_delay_s = 0.3
    for _ in range(2):
        compute_of(cloud).rebuild(created.id, other)
    assert len(server.list_commands("restoreVirtualMachine")) == 1
    server.state.finish_jobs()
    rebuilt = compute_of(cloud).get(created.id)
    assert (rebuilt.state, rebuilt.image_id, rebuilt.token) == (NativeServerState.RUNNING, other, "s1")
    compute_of(cloud).rebuild(created.id, created.image_id)
    server.state.finish_jobs()
    assert compute_of(cloud).get(created.id).image_id == created.image_id


def test_failed_rebuild_is_a_fault(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_server(cloud, server)
    server.state.failing_jobs["RestoreVMCmd"] = ApiError(530, "no storage", 4250)
    compute_of(cloud).rebuild(created.id, server.get_id("templates", OTHER_TEMPLATE))
    server.state.finish_jobs()
    failed = compute_of(cloud).get(created.id)
    assert (failed.state, failed.fault) == (NativeServerState.ERROR, "CloudStack: no storage (530)")
    server.state.jobs.clear()  # CloudStack forgets jobs after a day
    assert compute_of(cloud).get(created.id).state is NativeServerState.RUNNING
    with pytest.raises(RequestRejected):
        compute_of(cloud).rebuild(created.id, "no-such-image")


def test_expunge_is_a_setting(server: ApiServer, home: Any) -> None:
    for expunge, state in (("false", "Destroyed"), ("true", "Expunging")):
        cloud = connect_cloudstack(server.url, home, expunge=expunge)
        created = create_server(cloud, server)
        compute_of(cloud).delete(created.id)
        server.state.finish_jobs()
        assert server.state.tables["vms"][created.id]["state"] == state


def test_attach_whose_response_was_lost_is_repeated(cloud: CloudStackCloud, server: ApiServer) -> None:
    created, volume = create_server(cloud, server), create_volume(cloud)
    server.inject("attachVolume", "lose")
    with pytest.raises(CloudUnreachable):
        compute_of(cloud).attach_volume(created.id, volume.id, "/dev/vdb")
    compute_of(cloud).attach_volume(created.id, volume.id, "/dev/vdb")
    assert volume_of(cloud).get(volume.id).server_id == created.id
    server.inject("detachVolume", "lose")
    with pytest.raises(CloudUnreachable):
        compute_of(cloud).detach_volume(created.id, volume.id)
    compute_of(cloud).detach_volume(created.id, volume.id)
    assert volume_of(cloud).get(volume.id).server_id == ""


def test_failed_attach_is_an_error(cloud: CloudStackCloud, server: ApiServer) -> None:
    created, volume = create_server(cloud, server), create_volume(cloud)
    server.state.failing_jobs["AttachVolumeCmd"] = ApiError(530, "Failed to attach volume", 4250)
    with pytest.raises(RequestRejected, match="Failed to attach volume"):
        compute_of(cloud).attach_volume(created.id, volume.id, "/dev/vdb")
    assert volume_of(cloud).get(volume.id).server_id == ""


def test_job_that_takes_long_is_not_waited_for(
    cloud: CloudStackCloud, server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.cloudstack.client._JOB_INTERVALS_S", (0.01, 0.01))
    created, volume = create_server(cloud, server), create_volume(cloud)
    server.state.job_delay_s = 0.5
    with pytest.raises(CloudUnreachable, match="has not finished job"):
        compute_of(cloud).attach_volume(created.id, volume.id, "/dev/vdb")
    server.state.finish_jobs()
    compute_of(cloud).attach_volume(created.id, volume.id, "/dev/vdb")
    assert compute_of(cloud).get(created.id).volume_ids == (volume.id,)


@pytest.mark.parametrize(
    ("device", "number"), [("/dev/vdb", 1), ("/dev/vdd", None), ("/dev/vde", 4), ("/dev/sdh", None)]
)
def test_to_device_number(device: str, number: int | None) -> None:
    assert to_device_number(device) == number


def test_root_device_is_rejected(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_server(cloud, server)
    with pytest.raises(RequestRejected, match="root disk"):
        compute_of(cloud).attach_volume(created.id, create_volume(cloud).id, "/dev/vda")
    root = next(row for row in list_owned(server, "volumes") if row["type"] == "ROOT")
    with pytest.raises(RequestRejected, match="boots from volume"):
        compute_of(cloud).detach_volume(created.id, root["id"])


def test_servers_without_interfaces_share_a_network_that_our_api_does_not_show(
    cloud: CloudStackCloud, server: ApiServer
) -> None:
    first, second = create_server(cloud, server), create_server(cloud, server, "s2")
    assert (first.addresses, second.addresses, list(network_of(cloud).list_subnets())) == ((), (), [])
    assert len(list_owned(server, "networks")) == 1


def test_server_has_the_addresses_and_mac_addresses_of_its_interfaces(
    cloud: CloudStackCloud, server: ApiServer
) -> None:
    subnet = network_of(cloud).ensure_subnet(SubnetSpec("n1", "net", "blue", "10.5.0.0/24", "10.5.0.254"))
    interface = NetworkInterface(subnet.id, "10.5.0.7", "fa:16:3e:00:00:01")
    created = create_server(cloud, server, interfaces=(interface,))
    [nic] = get_vm(server)["nic"]
    assert (created.addresses, nic["macaddress"], nic["gateway"]) == (
        ("10.5.0.7",),
        interface.mac_address,
        "10.5.0.254",
    )


def test_address_of_a_destroyed_server_is_available_when_it_is_expunged(
    cloud: CloudStackCloud, server: ApiServer
) -> None:
    server.state.expunge_delay_s = 3600
    subnet = network_of(cloud).ensure_subnet(SubnetSpec("n1", "net", "blue", "10.5.0.0/24", "10.5.0.1"))
    interface = NetworkInterface(subnet.id, "10.5.0.7", "fa:16:3e:00:00:01")
    created = create_server(cloud, server, interfaces=(interface,))
    with pytest.raises(RequestRejected, match="Unable to acquire"):
        create_server(cloud, server, token="s2", interfaces=(interface,))
    compute_of(cloud).delete(created.id)
    server.state.finish_jobs()
    with pytest.raises(CloudUnreachable, match="not expunged"):
        create_server(cloud, server, token="s2", interfaces=(interface,))
    server.state.tables["vms"][created.id]["_expunged_at"] = 0
    assert create_server(cloud, server, token="s2", interfaces=(interface,)).addresses == ("10.5.0.7",)


def test_result_of_a_job_is_requested_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_server(cloud, server)
    compute_of(cloud).rebuild(created.id, created.image_id)
    server.state.finish_jobs()
    for _ in range(3):
        assert [item.fault for item in compute_of(cloud).list()] == [""]
    server.requests.clear()
    list(compute_of(cloud).list())
    assert server.list_commands("queryAsyncJobResult") == []


def test_console_output_is_not_supported(cloud: CloudStackCloud, server: ApiServer) -> None:
    with pytest.raises(NotSupported, match="console output"):
        compute_of(cloud).get_console_output(create_server(cloud, server).id)


def test_unknown_server_raises_native_not_found(cloud: CloudStackCloud) -> None:
    compute = compute_of(cloud)
    for request in (compute.get, compute.start, compute.stop):
        with pytest.raises(NativeNotFound):
            request("no-such-server")
    compute.delete("no-such-server")
    with pytest.raises(NativeNotFound):
        compute.resize("no-such-server", SMALL)
