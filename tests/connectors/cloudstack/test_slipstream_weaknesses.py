"""What SlipStream's connector for CloudStack could not do, or did wrong; each weakness is a test here.

Source: SlipStream documentation ("CloudStack"), and its CloudStackClientCloud.
"""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.contract.compute import NativeServerState, NetworkInterface, ServerSize
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.network import SubnetSpec
from support.cloudstack.api_server import ApiServer
from support.cloudstack.scenarios import (
    compute_of,
    create_server,
    create_stopped_server,
    create_volume,
    get_vm,
    images_of,
    list_owned,
    network_of,
    new_spec,
    usage_of,
    volume_of,
    wait_for,
    wait_for_state,
)

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f test"


def test_servers_are_stopped_started_and_rebooted(cloud: CloudStackCloud, server: ApiServer) -> None:
    """SlipStream could only run and terminate."""
    created = create_stopped_server(cloud, server)
    compute_of(cloud).start(created.id)
    wait_for_state(cloud, created.id)
    compute_of(cloud).reboot(created.id, hard=False)
    server.state.finish_jobs()
    assert get_vm(server)["state"] == "Running"


def test_images_are_created_of_servers(cloud: CloudStackCloud, server: ApiServer) -> None:
    """SlipStream did not implement the build of images on CloudStack."""
    created = create_server(cloud, server)
    image = wait_for(lambda: compute_of(cloud).create_image(created.id, "i1", "golden"), lambda item: item.is_ready)
    assert images_of(cloud).get(image.id).name == "golden"
    assert create_server(cloud, server, "s2", image_id=image.id).image_id == image.id


def test_servers_in_advanced_zones_have_user_data_and_several_networks(
    cloud: CloudStackCloud, server: ApiServer
) -> None:
    """SlipStream had no native contextualization there."""
    subnets = [
        network_of(cloud).ensure_subnet(SubnetSpec(f"n{number}", "net", "x", f"10.{number}.0.0/24", f"10.{number}.0.1"))
        for number in (1, 2)
    ]
    interfaces = tuple(
        NetworkInterface(subnet.id, f"10.{number}.0.9", f"fa:16:3e:00:00:0{number}")
        for number, subnet in enumerate(subnets, 1)
    )
    user_data = base64.b64encode(b"#!/bin/sh\ntrue\n").decode()
    created = create_server(cloud, server, interfaces=interfaces, user_data=user_data)
    assert (created.addresses, get_vm(server)["_userdata"]) == (("10.1.0.9", "10.2.0.9"), user_data)


def test_key_pairs_do_not_accumulate(cloud: CloudStackCloud, server: ApiServer) -> None:
    """SlipStream imported a key pair for each run, which stayed if the run was interrupted."""
    for token in ("s1", "s2"):
        server.inject("deployVirtualMachine", "lose")
        with pytest.raises(CloudUnreachable):
            compute_of(cloud).create(new_spec(server, token, public_key=PUBLIC_KEY))
        compute_of(cloud).create(new_spec(server, token, public_key=PUBLIC_KEY))
    assert len(server.state.rows("key_pairs")) == 1


def test_servers_are_resized_and_disks_attached_and_detached(cloud: CloudStackCloud, server: ApiServer) -> None:
    """SlipStream had this only for OpenNebula."""
    created, volume = create_stopped_server(cloud, server), create_volume(cloud)
    compute_of(cloud).resize(created.id, ServerSize(2, 2048, 9))
    compute_of(cloud).attach_volume(created.id, volume.id, "/dev/vdb")
    assert compute_of(cloud).get(created.id).size == ServerSize(2, 2048, 9, "Small")
    assert volume_of(cloud).get(volume.id).server_id == created.id
    compute_of(cloud).detach_volume(created.id, volume.id)
    assert volume_of(cloud).get(volume.id).server_id == ""


def test_inventory_has_disks_and_types(cloud: CloudStackCloud, server: ApiServer) -> None:
    """SlipStream read the disk and the instance type of each machine with an empty key."""
    created = create_server(cloud, server, size=ServerSize(2, 2048, 7))
    assert created.size == ServerSize(2, 2048, 7, "Small")
    server.state.tags.clear()
    get_vm(server)["displayname"] = "foreign"
    items = {item.resource_type: item.attributes for item in usage_of(cloud).list_inventory()}
    assert (items["instance"]["flavor"], items["volume"]["size_gib"]) == ("Small", 7)


def test_new_server_that_cloudstack_reports_as_stopped_is_not_taken_for_a_stopped_one(
    cloud: CloudStackCloud, server: ApiServer
) -> None:
    """Managers deleted such servers."""
    server.state.job_delay_s = 60
    created = compute_of(cloud).create(new_spec(server))
    assert get_vm(server)["state"] == "Stopped"
    assert compute_of(cloud).get(created.id).state is NativeServerState.BUILDING
    [item] = [item for item in usage_of(cloud).list_inventory() if item.resource_type == "instance"]
    assert item.state == ""


def test_many_parallel_creations_create_each_server_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    """SlipStream limited the number of its workers, because clouds collapsed."""
    tokens = [f"s{number % 6}" for number in range(18)]
    with ThreadPoolExecutor(6) as pool:
        created = list(pool.map(lambda token: compute_of(cloud).create(new_spec(server, token)).id, tokens))
    assert len(set(created)) == len(list_owned(server, "vms")) == 6
