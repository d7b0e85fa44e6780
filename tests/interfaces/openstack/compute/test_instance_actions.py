"""`/servers/{server_id}/os-instance-actions`."""

from support.compute_api import ComputeApi


def test_instance_actions(api: ComputeApi) -> None:
    server_id = api.create_active()
    (created,) = api.ok("GET", f"/servers/{server_id}/os-instance-actions")["instanceActions"]
    assert (created["action"], created["message"], "updated_at" in created) == ("create", None, False)
    path = f"/servers/{server_id}/os-instance-actions/{created['request_id']}"
    assert "events" not in api.ok("GET", path)["instanceAction"]
    (event,) = api.ok("GET", path, microversion=58)["instanceAction"]["events"]
    assert (event["result"], event["finish_time"] is not None) == ("Success", True)
    assert "traceback" not in event
    (event,) = api.ok("GET", path, caller="admin")["instanceAction"]["events"]
    assert "traceback" in event
    assert api("GET", f"/servers/{server_id}/os-instance-actions/req-none").status_code == 404
