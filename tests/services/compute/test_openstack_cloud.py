"""Servers of a project in an OpenStack cloud, from the API to the cloud and back: nothing remains."""

import time
from collections.abc import Callable
from typing import Any, cast

import pytest

from stratiform.app.worker import collect_handlers
from stratiform.connectors.openstack.connector import OpenstackCloud
from stratiform.kit.clock import SECOND_US
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.clouds.model import ResourceType
from support.callers import Callers, open_callers
from support.openstack_cloud import OpenstackCloudUnderTest
from support.stacks import ServiceHarness

V2, COMPUTE, VOLUME = "/network/v2.0", "/compute/v2.1", "/volume/v3"
_ATTEMPTS = 1500


def bind(harness: ServiceHarness, project_id: str, peer: OpenstackCloudUnderTest) -> tuple[OpenstackCloud, str]:
    """Bind a project to the cloud, with one of its images. Return the connection and the image."""
    services = harness.services
    with services.database.transaction() as db:
        ctx = harness.ctx(db, SYSTEM)
        cloud = services.clouds.accounts.create(ctx, "openstack", "north", {**peer.settings, "stop_mode": "shelve"})
        services.clouds.bindings.create(ctx, project_id, cloud.id, "north-1", "nova")
        services.compute.flavors.create_defaults(ctx)
        services.volume.volume_types.ensure_initial_types(ctx)
        image = services.image.images.create_for_native_ids(ctx, "debian")
        services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, peer.images[0])
    return cast("OpenstackCloud", services.clouds.connections.get(cloud.id)), image.id


def run_until(harness: ServiceHarness, condition: Callable[[], bool], message: str) -> None:
    """Run the worker while time passes, until `condition` is true."""
    worker = Worker(harness.services.database, collect_handlers(harness.services), name="w", clock=harness.clock)
    for _ in range(_ATTEMPTS):
        worker.run_until_idle()
        if condition():
            return
        harness.clock.advance(SECOND_US // 4)
        time.sleep(0.02)
    raise AssertionError(message)


def create_network(api: Callers) -> tuple[str, str, str]:
    """Create a network behind a router. Return the ids of the external network, the network and the router."""
    external = api.ok("POST", f"{V2}/networks", "admin", json={"network": {"router:external": True}})["network"]
    body = {"network_id": external["id"], "ip_version": 4, "cidr": "203.0.113.0/24"}
    api.ok("POST", f"{V2}/subnets", "admin", json={"subnet": body})
    network = api.ok("POST", f"{V2}/networks", json={"network": {"name": "private"}})["network"]
    body = {"network_id": network["id"], "ip_version": 4, "cidr": "10.9.0.0/24"}
    subnet = api.ok("POST", f"{V2}/subnets", json={"subnet": body})["subnet"]
    gateway = {"external_gateway_info": {"network_id": external["id"]}}
    router = api.ok("POST", f"{V2}/routers", json={"router": gateway})["router"]
    api.ok("PUT", f"{V2}/routers/{router['id']}/add_router_interface", json={"subnet_id": subnet["id"]})
    return external["id"], network["id"], router["id"]


@pytest.mark.slow
def test_a_server_with_a_network_a_floating_ip_and_a_volume(
    service_harness: ServiceHarness, openstack_peer: OpenstackCloudUnderTest
) -> None:
    harness = service_harness
    with open_callers(harness) as api:
        cloud, image_id = bind(harness, api.projects["green"], openstack_peer)
        compute, volumes, routing = cloud.compute, cloud.volume, cloud.routing
        assert compute is not None
        assert volumes is not None
        assert routing is not None
        external_id, network_id, _router_id = create_network(api)
        body = {"name": "web", "imageRef": image_id, "flavorRef": "1", "networks": [{"uuid": network_id}]}
        server_id = api.ok("POST", f"{COMPUTE}/servers", json={"server": body})["server"]["id"]

        def show() -> dict[str, Any]:
            return dict(api.ok("GET", f"{COMPUTE}/servers/{server_id}")["server"])

        def reach(status: str) -> None:
            run_until(harness, lambda: show()["status"] in (status, "ERROR"), f"the server does not become {status}")
            assert show()["status"] == status, show()["fault"]

        reach("ACTIVE")
        [native] = compute.list()
        [port] = api.ok("GET", f"{V2}/ports?device_id={server_id}")["ports"]
        assert native.addresses == (port["fixed_ips"][0]["ip_address"],)
        address = {"floating_network_id": external_id, "port_id": port["id"]}
        floating_ip = api.ok("POST", f"{V2}/floatingips", json={"floatingip": address})["floatingip"]
        volume = api.ok("POST", f"{VOLUME}/volumes", json={"volume": {"size": 1}})["volume"]
        volume_url = f"{VOLUME}/volumes/{volume['id']}"
        run_until(harness, lambda: api.ok("GET", volume_url)["volume"]["status"] == "available", "no volume")
        attachment = {"volumeAttachment": {"volumeId": volume["id"]}}
        api.ok("POST", f"{COMPUTE}/servers/{server_id}/os-volume_attachments", json=attachment)
        run_until(harness, lambda: api.ok("GET", volume_url)["volume"]["status"] == "in-use", "not attached")
        objects = {item.kind: item.properties for item in routing.list_objects()}
        assert objects["floating_ip"] == {
            "address": floating_ip["floating_ip_address"],
            "fixed_address": native.addresses[0],
        }
        assert objects.keys() == {"router", "floating_ip", "security_group"}
        api.ok("POST", f"{COMPUTE}/servers/{server_id}/action", json={"os-stop": None})
        reach("SHUTOFF")
        nova = openstack_peer.admin.compute
        run_until(harness, lambda: nova.get_server(native.id).status == "SHELVED_OFFLOADED", "the host is not released")
        api.ok("POST", f"{COMPUTE}/servers/{server_id}/action", json={"os-start": None})
        reach("ACTIVE")
        api.ok("POST", f"{COMPUTE}/servers/{server_id}/action", json={"resize": {"flavorRef": "2"}})
        reach("VERIFY_RESIZE")
        assert compute.get(native.id).size.native_type == "m1.small"
        api.ok("DELETE", f"{V2}/floatingips/{floating_ip['id']}")
        api.ok("DELETE", f"{COMPUTE}/servers/{server_id}")
        run_until(harness, lambda: not list(compute.list()), "the server remains")
        run_until(harness, lambda: api.ok("GET", volume_url)["volume"]["status"] == "available", "not detached")
        api.ok("DELETE", volume_url)
        run_until(harness, lambda: not list(volumes.list()), "the volume remains")
        floating_ips = [item for item in routing.list_objects() if item.kind == "floating_ip"]
        ports = [port for port in openstack_peer.admin.network.ports() if server_id in (port.description or "")]
        assert (floating_ips, ports) == ([], [])
