"""Calls of apache-libcloud's OpenStack driver. Prints one JSON array per call: its name, and its error or "".

Run with the Python of an environment that has apache-libcloud, with the variables of an `openstack` client and `WORK`,
a folder with `key.pub`.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from libcloud.compute.base import NodeImage
from libcloud.compute.drivers.openstack import OpenStackSecurityGroup
from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider, StorageVolumeState, VolumeSnapshotState

_WAIT_S = 60


def main() -> None:
    driver = connect()
    network, subnet = call_networks(driver)
    images, sizes = call_catalog(driver)
    call_key_pairs(driver)
    node = call_creation(driver, network, images, sizes)
    call_actions(driver, node, images, sizes)
    call_images(driver, node)
    call_volumes(driver, node)
    call_ports(driver, network, node)
    call_security_groups(driver, node)
    call_other_resources(driver)
    run("destroy_node", lambda: driver.destroy_node(node))
    wait(lambda: node.id not in [other.id for other in driver.list_nodes()], "the node still exists")
    for name in ("lckey", "lckey2"):
        run(f"delete_key_pair {name}", partial(delete_key_pair, driver, name))
    run("ex_delete_subnet", lambda: driver.ex_delete_subnet(subnet))
    run("ex_delete_network", lambda: driver.ex_delete_network(network))


def connect() -> Any:
    """Return the driver of the cloud's admin."""
    return get_driver(Provider.OPENSTACK)(
        os.environ["OS_USERNAME"],
        os.environ["OS_PASSWORD"],
        ex_force_auth_url=os.environ["OS_AUTH_URL"].removesuffix("/v3"),
        ex_force_auth_version="3.x_password",
        ex_tenant_name=os.environ["OS_PROJECT_NAME"],
        ex_force_service_region=os.environ["OS_REGION_NAME"],
        api_version="2.2",
    )


def run(name: str, function: Callable[[], Any]) -> Any:
    """Call a function, print its error, and return its result, or None."""
    try:
        result, error = function(), ""
    except Exception as failure:  # any error of the library is a result
        result, error = None, repr(failure)[:400]
    sys.stdout.write(json.dumps([name, error]) + "\n")
    sys.stdout.flush()
    return result


def wait(condition: Callable[[], bool], message: str) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(message)
        time.sleep(0.3)


def call_networks(driver: Any) -> tuple[Any, Any]:
    run("ex_list_networks", driver.ex_list_networks)
    network = run("ex_create_network", lambda: driver.ex_create_network("lcnet"))
    subnet = run("ex_create_subnet", lambda: driver.ex_create_subnet("lcsub", network, "10.60.0.0/24"))
    run("ex_list_subnets", driver.ex_list_subnets)
    run("ex_update_subnet", lambda: driver.ex_update_subnet(subnet, name="lcsub2"))
    run("ex_get_network", lambda: driver.ex_get_network(network.id))
    return network, subnet


def call_catalog(driver: Any) -> tuple[list[Any], list[Any]]:
    images = run("list_images", lambda: [image for image in driver.list_images() if image.name == "cirros"])
    sizes = run("list_sizes", driver.list_sizes)
    run("list_locations", driver.list_locations)
    run("get_image", lambda: driver.get_image(images[0].id))
    run("ex_get_size", lambda: driver.ex_get_size(sizes[0].id))
    run("ex_get_size_extra_specs", lambda: driver.ex_get_size_extra_specs(sizes[0].id))
    return images, sizes


def call_key_pairs(driver: Any) -> None:
    public_key = (Path(os.environ["WORK"]) / "key.pub").read_text()
    run("create_key_pair", lambda: driver.create_key_pair("lckey"))
    run("list_key_pairs", driver.list_key_pairs)
    run("get_key_pair", lambda: driver.get_key_pair("lckey"))
    run("import_key_pair_from_string", lambda: driver.import_key_pair_from_string("lckey2", public_key))


def delete_key_pair(driver: Any, name: str) -> None:
    driver.delete_key_pair(driver.get_key_pair(name))


def call_creation(driver: Any, network: Any, images: list[Any], sizes: list[Any]) -> Any:
    options = {"networks": [network], "ex_keyname": "lckey", "ex_metadata": {"a": "b"}}
    node = run("create_node", lambda: driver.create_node("lcnode", sizes[0], images[0], **options))
    run("wait_until_running", lambda: driver.wait_until_running([node], 1, _WAIT_S, ssh_interface="private_ips"))
    run("list_nodes", driver.list_nodes)
    run("ex_get_node_details", lambda: driver.ex_get_node_details(node))
    run("ex_get_metadata", lambda: driver.ex_get_metadata(node))
    run("ex_set_metadata", lambda: driver.ex_set_metadata(node, {"c": "d"}))
    run("ex_update_node", lambda: driver.ex_update_node(node, name="lcnode2"))
    run("ex_set_server_name", lambda: driver.ex_set_server_name(node, "lcnode3"))
    return node


def call_actions(driver: Any, node: Any, images: list[Any], sizes: list[Any]) -> None:
    """Run each action, and wait until the server has the state that follows."""
    actions: list[tuple[str, Callable[[], Any], str]] = [
        ("reboot_node", lambda: driver.reboot_node(node), NodeState.RUNNING),
        ("ex_hard_reboot_node", lambda: driver.ex_hard_reboot_node(node), NodeState.RUNNING),
        ("ex_stop_node", lambda: driver.ex_stop_node(node), NodeState.STOPPED),
        ("ex_start_node", lambda: driver.ex_start_node(node), NodeState.RUNNING),
        ("ex_suspend_node", lambda: driver.ex_suspend_node(node), NodeState.SUSPENDED),
        ("ex_resume_node", lambda: driver.ex_resume_node(node), NodeState.RUNNING),
        ("ex_pause_node", lambda: driver.ex_pause_node(node), NodeState.PAUSED),
        ("ex_unpause_node", lambda: driver.ex_unpause_node(node), NodeState.RUNNING),
        ("ex_rebuild", lambda: driver.ex_rebuild(node, images[0]), NodeState.RUNNING),
        ("ex_resize", lambda: driver.ex_resize(node, sizes[1]), "verify_resize"),
        ("ex_confirm_resize", lambda: driver.ex_confirm_resize(node), NodeState.RUNNING),
        ("ex_rescue", lambda: driver.ex_rescue(node), "rescue"),
        ("ex_unrescue", lambda: driver.ex_unrescue(node), NodeState.RUNNING),
    ]
    for name, action, state in actions:
        run(name, action)
        run(f"{name}: the server becomes {state}", partial(wait_for_state, driver, node, state))
    run("ex_get_console_output", lambda: driver.ex_get_console_output(node))
    run("ex_set_password", lambda: driver.ex_set_password(node, "Abc-12345"))


def wait_for_state(driver: Any, node: Any, state: str) -> None:
    """Wait for a state of libcloud, or a status of Nova, and for the end of the task."""

    def has_state() -> bool:
        current = driver.ex_get_node_details(node)
        is_idle = current.extra["task_state"] is None
        return is_idle and state in (current.state, str(current.extra["vm_state"]), status_of(driver, node))

    wait(has_state, f"the server is {status_of(driver, node)}")


def status_of(driver: Any, node: Any) -> str:
    response = driver.connection.request(f"/servers/{node.id}", method="GET")
    return str(response.object["server"]["status"]).lower()


def call_images(driver: Any, node: Any) -> None:
    image: NodeImage | None = run("create_image", lambda: driver.create_image(node, "lcimg"))
    if image:
        run("create_image: the image becomes active", lambda: wait_for_image(driver, image.id))
        run("delete_image", lambda: driver.delete_image(image))


def wait_for_image(driver: Any, image_id: str) -> None:
    wait(lambda: driver.get_image(image_id).extra["status"] == "active", "the image is not active")


def call_volumes(driver: Any, node: Any) -> None:
    def wait_for(state: str) -> None:
        wait(lambda: driver.ex_get_volume(volume.id).state == state, f"the volume is not {state}")

    volume = run("create_volume", lambda: driver.create_volume(1, "lcvol"))
    run("create_volume: available", lambda: wait_for(StorageVolumeState.AVAILABLE))
    run("list_volumes", driver.list_volumes)
    run("ex_get_volume", lambda: driver.ex_get_volume(volume.id))
    run("attach_volume", lambda: driver.attach_volume(node, volume, device="auto"))
    run("attach_volume: in use", lambda: wait_for(StorageVolumeState.INUSE))
    run("detach_volume", lambda: driver.detach_volume(driver.ex_get_volume(volume.id)))
    run("detach_volume: available", lambda: wait_for(StorageVolumeState.AVAILABLE))
    snapshot = run("create_volume_snapshot", lambda: driver.create_volume_snapshot(volume, "lcsnap"))
    run("create_volume_snapshot: available", lambda: wait_for_snapshot(driver, volume))
    run("list_volume_snapshots", lambda: driver.list_volume_snapshots(volume))
    run("ex_list_snapshots", driver.ex_list_snapshots)
    run("destroy_volume_snapshot", lambda: driver.destroy_volume_snapshot(snapshot))
    wait(lambda: not driver.list_volume_snapshots(volume), "the snapshot still exists")
    run("destroy_volume", lambda: driver.destroy_volume(driver.ex_get_volume(volume.id)))


def wait_for_snapshot(driver: Any, volume: Any) -> None:
    def is_available() -> bool:
        return bool(driver.list_volume_snapshots(volume)[0].state == VolumeSnapshotState.AVAILABLE)

    wait(is_available, "the snapshot is not available")


def call_ports(driver: Any, network: Any, node: Any) -> None:
    run("ex_list_ports", driver.ex_list_ports)
    port = run("ex_create_port", lambda: driver.ex_create_port(network, name="lcport"))
    run("ex_get_port", lambda: driver.ex_get_port(port.id))
    run("ex_get_node_ports", lambda: driver.ex_get_node_ports(node))
    run("ex_attach_port_interface", lambda: driver.ex_attach_port_interface(node, port))
    wait(lambda: driver.ex_get_port(port.id).extra["device_id"] == node.id, "the port is not attached")
    time.sleep(1)
    run("ex_detach_port_interface", lambda: driver.ex_detach_port_interface(node, port))
    time.sleep(2)
    run("ex_update_port", lambda: driver.ex_update_port(driver.ex_get_port(port.id), name="lcport2"))
    run("ex_delete_port", lambda: driver.ex_delete_port(port))


def call_security_groups(driver: Any, node: Any) -> None:
    run("ex_list_security_groups", driver.ex_list_security_groups)
    run("ex_get_node_security_groups", lambda: driver.ex_get_node_security_groups(node))
    group: OpenStackSecurityGroup = run(
        "ex_create_security_group", lambda: driver.ex_create_security_group("lcsg", "x")
    )
    arguments = (group, "tcp", 80, 80, "0.0.0.0/0")
    rule = run("ex_create_security_group_rule", lambda: driver.ex_create_security_group_rule(*arguments))
    run("ex_delete_security_group_rule", lambda: driver.ex_delete_security_group_rule(rule))
    run("ex_delete_security_group", lambda: driver.ex_delete_security_group(group))


def call_other_resources(driver: Any) -> None:
    run("ex_list_floating_ip_pools", driver.ex_list_floating_ip_pools)
    address = run("ex_create_floating_ip", lambda: driver.ex_create_floating_ip("public"))
    run("ex_list_floating_ips", driver.ex_list_floating_ips)
    run("ex_get_floating_ip", lambda: driver.ex_get_floating_ip(address.ip_address))
    run("ex_delete_floating_ip", lambda: driver.ex_delete_floating_ip(address))
    router = run("ex_create_router", lambda: driver.ex_create_router("lcr"))
    run("ex_list_routers", driver.ex_list_routers)
    run("ex_delete_router", lambda: driver.ex_delete_router(router))
    group = run("ex_add_server_group", lambda: driver.ex_add_server_group("lcgroup", "anti-affinity"))
    run("ex_list_server_groups", driver.ex_list_server_groups)
    run("ex_del_server_group", lambda: driver.ex_del_server_group(group))
    run("ex_get_quota_set", lambda: driver.ex_get_quota_set("admin"))


if __name__ == "__main__":
    main()
