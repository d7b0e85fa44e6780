"""`/os-instance_usage_audit_log`."""

import pytest

from support.compute_api import ComputeApi

PATH = "/os-instance_usage_audit_log"


def test_no_cloud_has_run_an_audit(api: ComputeApi) -> None:
    log = api.ok("GET", PATH, caller="admin")["instance_usage_audit_logs"]
    assert log == {
        "hosts_not_run": ["sim"],
        "log": {},
        "num_hosts": 1,
        "num_hosts_done": 0,
        "num_hosts_not_run": 1,
        "num_hosts_running": 0,
        "overall_status": "0 of 1 hosts done. 0 errors.",
        "period_beginning": "2025-12-01 00:00:00",
        "period_ending": "2026-01-01 00:00:00",
        "total_errors": 0,
        "total_instances": 0,
    }
    assert api("GET", PATH).status_code == 403


@pytest.mark.parametrize("before", ["2024-03-15%2012:00:00", "2024-03-31 23:59:59.5"])
def test_audits_before_a_time(api: ComputeApi, before: str) -> None:
    log = api.ok("GET", f"{PATH}/{before}", caller="admin")["instance_usage_audit_log"]
    assert (log["period_beginning"], log["period_ending"]) == ("2024-02-01 00:00:00", "2024-03-01 00:00:00")


def test_invalid_times(api: ComputeApi) -> None:
    response = api("GET", f"{PATH}/yesterday", caller="admin")
    text = "Invalid timestamp for date yesterday"
    assert (response.status_code, response.json()["badRequest"]["message"]) == (400, text)
    assert api("GET", f"{PATH}/yesterday").status_code == 403
