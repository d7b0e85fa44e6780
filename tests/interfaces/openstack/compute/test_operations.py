"""Availability zones, compute services, hypervisors, server groups and extensions."""

from stratiform.kit.clock import MINUTE_US
from support.compute_api import ComputeApi


def test_availability_zones(api: ComputeApi) -> None:
    (zone,) = api.ok("GET", "/os-availability-zone")["availabilityZoneInfo"]
    assert (zone["zoneName"], zone["hosts"]) == ("zone-a", None)


def test_worker_is_down_if_work_is_overdue(api: ComputeApi) -> None:
    (service,) = api.ok("GET", "/os-services", caller="admin")["services"]
    assert (service["binary"], service["state"], service["id"]) == ("stratiform-worker", "up", 1)
    api.ok("POST", "/servers", api.server_body())
    api.servers.harness.clock.advance(2 * MINUTE_US)
    (service,) = api.ok("GET", "/os-services", caller="admin", microversion=53)["services"]
    assert (service["state"], service["id"]) == ("down", "00000000-0000-4000-8000-000000000001")
    assert api.ok("GET", "/os-services?binary=nova-compute", caller="admin")["services"] == []


def test_hypervisors_server_groups_and_extensions(api: ComputeApi) -> None:
    assert api.ok("GET", "/os-hypervisors/detail", caller="admin") == {"hypervisors": []}
    assert api.ok("GET", "/os-server-groups") == {"server_groups": []}
    assert api.ok("GET", "/extensions/os-keypairs")["extension"]["alias"] == "os-keypairs"
    assert api("GET", "/extensions/none").status_code == 404


def test_unknown_paths_are_not_found(api: ComputeApi) -> None:
    assert api("GET", "/images").status_code == 404
