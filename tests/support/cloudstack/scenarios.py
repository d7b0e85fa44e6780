"""What tests of the connector do again and again: create servers and volumes, and wait."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.contract.compute import ComputeDriver, NativeServer, NativeServerState, ServerSize, ServerSpec
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import NativeVolume, VolumeDriver, VolumeSpec
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import TEMPLATE
from support.cloudstack.state import Row

SMALL = ServerSize(vcpus=1, ram_mib=512, disk_gib=5)

_WAIT_S = 10
_INTERVAL_S = 0.01

T = TypeVar("T")


def compute_of(cloud: CloudStackCloud) -> ComputeDriver:
    assert cloud.compute
    return cloud.compute


def volume_of(cloud: CloudStackCloud) -> VolumeDriver:
    assert cloud.volume
    return cloud.volume


def snapshot_of(cloud: CloudStackCloud) -> SnapshotDriver:
    assert cloud.snapshot
    return cloud.snapshot


def network_of(cloud: CloudStackCloud) -> NetworkDriver:
    assert cloud.network
    return cloud.network


def routing_of(cloud: CloudStackCloud) -> RoutingDriver:
    assert cloud.routing
    return cloud.routing


def images_of(cloud: CloudStackCloud) -> ImageDriver:
    assert cloud.image
    return cloud.image


def usage_of(cloud: CloudStackCloud) -> UsageDriver:
    assert cloud.usage
    return cloud.usage


def new_spec(server: ApiServer, token: str = "s1", **overrides: Any) -> ServerSpec:
    values = {"name": f"server {token}", "size": SMALL, "image_id": server.get_id("templates", TEMPLATE), **overrides}
    return ServerSpec(token, **values)


def create_server(cloud: CloudStackCloud, server: ApiServer, token: str = "s1", **overrides: Any) -> NativeServer:
    """Create a server and wait until it runs."""
    created = compute_of(cloud).create(new_spec(server, token, **overrides))
    return wait_for_state(cloud, created.id)


def create_stopped_server(
    cloud: CloudStackCloud, server: ApiServer, token: str = "s1", **overrides: Any
) -> NativeServer:
    created = create_server(cloud, server, token, **overrides)
    compute_of(cloud).stop(created.id)
    return wait_for_state(cloud, created.id, NativeServerState.STOPPED)


def create_volume(cloud: CloudStackCloud, token: str = "v1", size_gib: int = 4, **overrides: Any) -> NativeVolume:
    return volume_of(cloud).create(VolumeSpec(token, "data", size_gib, **overrides))


def wait_for_state(
    cloud: CloudStackCloud, server_id: str, state: NativeServerState = NativeServerState.RUNNING
) -> NativeServer:
    return wait_for(lambda: compute_of(cloud).get(server_id), lambda item: item.state is state)


def wait_for(read: Callable[[], T], condition: Callable[[T], object]) -> T:
    """Call `read` until its result fulfils `condition`, and return it."""
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        result = read()
        if condition(result):
            return result
        time.sleep(_INTERVAL_S)
    raise AssertionError(f"condition not fulfilled: {result}")


def list_owned(server: ApiServer, table: str) -> list[Row]:
    """Return the resources of accounts that exist, whatever their names."""
    hidden = ("Destroyed", "Expunging")
    return [row for row in server.state.rows(table) if row["_owner"] and row.get("state") not in hidden]


def get_vm(server: ApiServer) -> Row:
    """Return the only virtual machine."""
    [vm] = list_owned(server, "vms")
    return vm
