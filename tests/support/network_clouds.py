"""Helpers for tests of routers, floating IPs and security groups in the simulated cloud."""

from typing import Any, cast

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.network.tasks import build_handlers
from support.callers import Callers
from support.stacks import ServiceHarness

V2 = "/network/v2.0"


def bind(harness: ServiceHarness, project_id: str) -> str:
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, SYSTEM)
        cloud = harness.services.clouds.accounts.create(ctx, "memory", "memory", {})
        harness.services.clouds.bindings.create(ctx, project_id, cloud.id, "zone-a")
    return cloud.id


def run_worker(harness: ServiceHarness) -> None:
    handlers = build_handlers(harness.services.network)
    Worker(harness.services.database, handlers, name="w", clock=harness.clock).run_until_idle()


def list_properties(harness: ServiceHarness, cloud_id: str) -> dict[str, Any]:
    cloud = cast("MemoryCloud", harness.services.clouds.connections.get(cloud_id))
    assert cloud.routing is not None
    return {item.token: dict(item.properties) for item in cloud.routing.list_objects()}


def create_subnet(api: Callers, caller: str, cidr: str, **attributes: Any) -> dict[str, Any]:
    network = api.ok("POST", f"{V2}/networks", caller, json={"network": attributes})["network"]
    body = {"network_id": network["id"], "ip_version": 4, "cidr": cidr}
    return dict(api.ok("POST", f"{V2}/subnets", caller, json={"subnet": body})["subnet"])
