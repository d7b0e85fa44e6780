"""Availability zones, compute services, hypervisors, hosts, aggregates, server groups, usage and extensions."""

from typing import Any

import pytest

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, format_iso_naive
from stratiform.kit.policy import SYSTEM
from support.compute_api import ComputeApi

WORKER = "stratiform-worker"


def test_availability_zones(api: ComputeApi) -> None:
    (zone,) = api.ok("GET", "/os-availability-zone")["availabilityZoneInfo"]
    assert (zone["zoneName"], zone["hosts"]) == ("zone-a", None)


def test_worker_is_down_if_work_is_overdue(api: ComputeApi) -> None:
    worker, cloud = api.ok("GET", "/os-services", caller="admin")["services"]
    assert (worker["binary"], worker["state"], worker["id"]) == (WORKER, "up", 1)
    assert (cloud["binary"], cloud["host"], cloud["status"]) == ("nova-compute", "sim", "enabled")
    api.ok("POST", "/servers", api.server_body())
    api.servers.harness.clock.advance(2 * MINUTE_US)
    (worker,) = api.ok("GET", f"/os-services?binary={WORKER}", caller="admin", microversion=53)["services"]
    assert (worker["state"], worker["id"]) == ("down", "00000000-0000-4000-8000-000000000001")
    assert api.ok("GET", "/os-services?host=none", caller="admin")["services"] == []


def test_a_disabled_service_takes_no_servers(api: ComputeApi) -> None:
    body = {"host": "sim", "binary": "nova-compute", "disabled_reason": "maintenance"}
    disabled = api.ok("PUT", "/os-services/disable-log-reason", body, caller="admin")["service"]
    assert (disabled["status"], disabled["disabled_reason"]) == ("disabled", "maintenance")
    response = api("POST", "/servers", api.server_body())
    assert response.status_code == 400
    assert response.json()["badRequest"]["message"].startswith("No valid host was found.")
    [service] = api.ok("GET", "/os-services?host=sim", caller="admin", microversion=53)["services"]
    path = f"/os-services/{service['id']}"
    enabled = api.ok("PUT", path, {"status": "enabled"}, caller="admin", microversion=53)["service"]
    assert (enabled["status"], enabled["disabled_reason"]) == ("enabled", None)
    api.ok("POST", "/servers", api.server_body())
    assert api("DELETE", path, caller="admin", microversion=53).status_code == 409
    assert api("PUT", "/os-services/disable", {**body, "host": "none"}, caller="admin").status_code in (400, 404)


def test_each_cloud_is_a_hypervisor_and_a_host(api: ComputeApi) -> None:
    server_id = api.create_active(flavorRef="2")
    [hypervisor] = api.ok("GET", "/os-hypervisors/detail", caller="admin")["hypervisors"]
    assert (hypervisor["hypervisor_hostname"], hypervisor["hypervisor_type"]) == ("sim", "memory")
    assert (hypervisor["running_vms"], hypervisor["memory_mb_used"]) == (1, 2048)
    path = f"/os-hypervisors/{hypervisor['id']}"
    assert api.ok("GET", path, caller="admin")["hypervisor"]["vcpus_used"] == 1
    assert api.ok("GET", "/os-hypervisors/statistics", caller="admin")["hypervisor_statistics"]["count"] == 1
    [with_servers] = api.ok("GET", "/os-hypervisors/sim/servers", caller="admin")["hypervisors"]
    assert [server["uuid"] for server in with_servers["servers"]] == [server_id]
    query = "/os-hypervisors?hypervisor_hostname_pattern=si&with_servers=true"
    [match] = api.ok("GET", query, caller="admin", microversion=88)["hypervisors"]
    assert (match["id"], len(match["servers"])) == (api.servers.cloud_id, 1)
    assert "vcpus" not in api.ok("GET", f"/os-hypervisors/{match['id']}", caller="admin", microversion=88)["hypervisor"]
    assert api("GET", "/os-hypervisors/none/search", caller="admin").status_code == 404
    assert api("GET", f"{path}/uptime", caller="admin").status_code == 501
    for query, hosts in (("", ["sim", "stratiform"]), ("?zone=", ["sim", "stratiform"]), ("?zone=sim", ["sim"])):
        listed = api.ok("GET", f"/os-hosts{query}", caller="admin")["hosts"]
        assert [host["host_name"] for host in listed] == hosts
    assert api.ok("GET", "/os-hosts/sim", caller="admin")["host"][0]["resource"]["cpu"] == 1
    assert api("GET", "/os-hosts/none", caller="admin").status_code == 404
    for body, status in (({}, 400), ({"status": "off"}, 400), ({"maintenance_mode": "enable"}, 501), ({"x": 1}, 400)):
        assert api("PUT", "/os-hosts/sim", body, caller="admin").status_code == status
    assert api("PUT", "/os-hosts/none", {"status": "enable"}, caller="admin").status_code == 404
    for value in ("Disable", "enable"):
        host = api.ok("PUT", "/os-hosts/sim", {"status": value}, caller="admin")
        assert host == {"host": "sim", "status": f"{value.lower()}d"}
        [service] = api.ok("GET", "/os-services?binary=nova-compute", caller="admin")["services"]
        assert service["status"] == host["status"]


def test_aggregates(api: ComputeApi) -> None:
    new = {"aggregate": {"name": "fast", "availability_zone": "z1"}}
    created = api.ok("POST", "/os-aggregates", new, caller="admin")["aggregate"]
    path = f"/os-aggregates/{created['id']}"
    assert api("POST", "/os-aggregates", new, caller="admin").status_code == 409
    changed = api.ok("PUT", path, {"aggregate": {"name": "faster"}}, caller="admin")["aggregate"]
    assert (changed["name"], changed["metadata"]) == ("faster", {"availability_zone": "z1"})
    action = f"{path}/action"
    assert api("POST", action, {"add_host": {"host": "none"}}, caller="admin").status_code == 404
    assert api.ok("POST", action, {"add_host": {"host": "sim"}}, caller="admin")["aggregate"]["hosts"] == ["sim"]
    assert api("POST", action, {"add_host": {"host": "sim"}}, caller="admin").status_code == 409
    assert api("DELETE", path, caller="admin").status_code == 400
    items = {"set_metadata": {"metadata": {"ssd": "true", "availability_zone": None}}}
    tagged = api.ok("POST", action, items, caller="admin")["aggregate"]
    assert (tagged["metadata"], tagged["availability_zone"]) == ({"ssd": "true"}, None)
    assert api.ok("POST", action, {"remove_host": {"host": "sim"}}, caller="admin")["aggregate"]["hosts"] == []
    images = [{"id": api.servers.image_id}]
    assert api("POST", f"{path}/images", {"cache": images}, caller="admin", microversion=81).status_code == 501
    api.ok("DELETE", path, caller="admin")
    assert api.ok("GET", "/os-aggregates", caller="admin") == {"aggregates": []}
    assert api("GET", "/os-aggregates/x", caller="admin").status_code == 400
    assert api("GET", "/os-aggregates/-1", caller="admin").status_code == 404


def test_server_groups(api: ComputeApi) -> None:
    body = {"server_group": {"name": "web", "policies": ["anti-affinity"]}}
    group = api.ok("POST", "/os-server-groups", body)["server_group"]
    assert (group["policies"], group["members"], "project_id" in group) == (["anti-affinity"], [], False)
    server = api.server_body()
    server["os:scheduler_hints"] = {"group": group["id"]}
    created = api.ok("POST", "/servers", server)["server"]["id"]
    path = f"/os-server-groups/{group['id']}"
    since64 = api.ok("GET", path, microversion=64)["server_group"]
    assert (since64["policy"], since64["rules"], since64["members"]) == ("anti-affinity", {}, [created])
    assert api.ok("GET", f"/servers/{created}", microversion=71)["server"]["server_groups"] == [group["id"]]
    assert api("GET", path, caller="blue").status_code == 404
    assert api("POST", "/servers", server, caller="blue").status_code == 400
    invalid: dict[str, Any]
    for invalid in ({"policies": []}, {"policies": ["soft-affinity"]}, {"policy": "affinity"}):
        assert api("POST", "/os-server-groups", {"server_group": {"name": "g", **invalid}}).status_code == 400
    soft = {"server_group": {"name": "g", "policies": ["soft-affinity"]}}
    api.ok("POST", "/os-server-groups", soft, microversion=15)
    assert len(api.ok("GET", "/os-server-groups")["server_groups"]) == 2
    assert api("DELETE", path).status_code == 204
    assert api("DELETE", path).status_code == 404


def test_scheduler_hints_require_labels_of_the_cloud(api: ComputeApi) -> None:
    server = api.server_body()
    for hints, status in (
        ({"cloud_label:region": "eu"}, 400),
        ({"cloud_label:region": ["eu"]}, 400),
        ({"group": 7}, 400),
        ({"different_host": ["x"], "region": "eu"}, 202),
    ):
        response = api("POST", "/servers", {**server, "OS-SCH-HNT:scheduler_hints": hints})
        assert response.status_code == status, (hints, response.text)
    accounts = api.servers.harness.services.clouds.accounts
    with api.servers.ctx(SYSTEM) as ctx:
        accounts.set_labels(ctx, api.servers.cloud_id, {"region": "eu"})
    created = api("POST", "/servers", {**server, "os:scheduler_hints": {"cloud_label:region": "eu"}})
    assert created.status_code == 202, created.text


def test_usage_of_projects_comes_from_the_ledger(api: ComputeApi) -> None:
    server_id = api.create_active(flavorRef="2")
    _ingest(api)
    api.servers.harness.clock.advance(HOUR_US // 2)
    project_id = api.callers.projects["green"]
    usage = api.ok("GET", f"/os-simple-tenant-usage/{project_id}")["tenant_usage"]
    [server] = usage["server_usages"]
    assert (server["instance_id"], server["memory_mb"], server["state"]) == (server_id, 2048, "active")
    assert 0.5 <= usage["total_hours"] < 0.6
    assert usage["total_memory_mb_usage"] == pytest.approx(usage["total_hours"] * 2048)
    assert api("GET", "/os-simple-tenant-usage").status_code == 403
    [listed] = api.ok("GET", "/os-simple-tenant-usage", caller="admin")["tenant_usages"]
    assert (listed["tenant_id"], "server_usages" in listed) == (project_id, False)
    assert api.ok("GET", f"/os-simple-tenant-usage/{api.callers.projects['blue']}", caller="blue") == {
        "tenant_usage": {}
    }
    assert api("GET", f"/os-simple-tenant-usage/{project_id}?start=yesterday").status_code == 400


def test_usage_ends_now(api: ComputeApi) -> None:
    """As Horizon requests it: until the end of the day."""
    api.create_active()
    _ingest(api)
    api.servers.harness.clock.advance(HOUR_US // 2)
    end = format_iso_naive(api.servers.harness.clock.now() + DAY_US)
    path = f"/os-simple-tenant-usage/{api.callers.projects['green']}"
    usage = api.ok("GET", f"{path}?end={end}")["tenant_usage"]
    [server] = usage["server_usages"]
    assert usage["stop"] == end
    assert 0.5 <= server["hours"] == usage["total_hours"] < 0.6
    assert 1800 <= server["uptime"] < 2200
    past = format_iso_naive(api.servers.harness.clock.now() - HOUR_US // 4)
    [server] = api.ok("GET", f"{path}?end={past}")["tenant_usage"]["server_usages"]
    assert 1800 <= server["uptime"] < 2200
    assert server["hours"] < 0.4


def test_pages_of_usage_end_with_a_server(api: ComputeApi) -> None:
    """As novaclient reads them: the marker is the last server of the last page, until a page is empty."""
    servers = {api.create_active() for _ in range(3)}
    _ingest(api)
    project_id = api.callers.projects["green"]
    for path, key in (("", "tenant_usages"), (f"/{project_id}", "tenant_usage")):
        markers: list[str] = []
        while True:
            query = f"?detailed=1&limit=2&marker={markers[-1] if markers else ''}"
            body = api.ok("GET", f"/os-simple-tenant-usage{path}{query}", caller="admin", microversion=40)
            usages = body[key] if path == "" else [body[key]]
            page = [server["instance_id"] for usage in usages if usage for server in usage["server_usages"]]
            if not page:
                break
            assert (f"{key}_links" in body) == (len(page) == 2)
            markers += page
        assert (len(markers), set(markers)) == (3, servers)
    assert api("GET", "/os-simple-tenant-usage?marker=none", caller="admin", microversion=40).status_code == 400


def test_details_of_a_server(api: ComputeApi) -> None:
    server_id = api.create_active()
    diagnostics = api.ok("GET", f"/servers/{server_id}/diagnostics", caller="admin", microversion=48)
    assert (diagnostics["state"], diagnostics["num_nics"], diagnostics["num_disks"]) == ("running", 1, 1)
    assert api.ok("GET", f"/servers/{server_id}/diagnostics", caller="admin")["vcpus"] == 1
    assert api.ok("GET", f"/servers/{server_id}/topology", microversion=78)["nodes"] == []
    assert api.ok("GET", f"/servers/{server_id}/os-server-password") == {"password": ""}
    assert api("DELETE", f"/servers/{server_id}/os-server-password").status_code == 204
    assert api.ok("GET", "/os-migrations", caller="admin") == {"migrations": []}
    assert api.ok("GET", f"/servers/{server_id}/migrations", caller="admin", microversion=23) == {"migrations": []}
    migration = f"/servers/{server_id}/migrations/1"
    for method, path in (("GET", migration), ("DELETE", migration), ("POST", f"{migration}/action")):
        response = api(method, path, {"force_complete": None}, caller="admin", microversion=24)
        assert response.json()["itemNotFound"]["message"] == f"Migration 1 not found for server {server_id}."
    assert api("GET", f"/servers/{server_id}/shares").status_code == 501


def test_removed_apis_are_gone(api: ComputeApi) -> None:
    assert api("GET", "/os-agents").status_code == 410
    assert api("DELETE", "/os-agents/1").status_code == 410


def test_extensions(api: ComputeApi) -> None:
    assert api.ok("GET", "/extensions/os-keypairs")["extension"]["alias"] == "os-keypairs"
    assert api("GET", "/extensions/none").status_code == 404


def test_unknown_paths_are_not_found(api: ComputeApi) -> None:
    assert api("GET", "/os-unknown").status_code == 404


def _ingest(api: ComputeApi) -> None:
    """Run the work that reads the outbox."""
    from stratiform.app.worker import collect_handlers
    from stratiform.kit.work_queue import Worker

    services = api.servers.harness.services
    Worker(services.database, collect_handlers(services), name="test", clock=api.servers.harness.clock).run_until_idle()
