"""`/os-server-external-events`, and volumes that are extended while they are attached."""

from typing import Any

from support.compute_api import ComputeApi

PATH = "/os-server-external-events"


def create_attached_volume(api: ComputeApi, server_id: str) -> str:
    volume_id = api.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1}})["volume"]["id"]
    api.servers.run_worker(3)
    api.ok("POST", f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume_id}})
    api.servers.run_worker(1)
    return str(volume_id)


def list_extensions(api: ComputeApi, server_id: str) -> list[dict[str, Any]]:
    actions = api.ok("GET", f"/servers/{server_id}/os-instance-actions")["instanceActions"]
    return [action for action in actions if action["action"] == "extend_volume"]


def list_events(api: ComputeApi, server_id: str, request_id: str) -> list[tuple[str, str]]:
    path = f"/servers/{server_id}/os-instance-actions/{request_id}"
    events = api.ok("GET", path, caller="admin", microversion=51)["instanceAction"]["events"]
    return [(event["event"], event["result"]) for event in events]


def extend(api: ComputeApi, volume_id: str, size: int) -> str:
    """Extend a volume, and return the id of the request."""
    headers = {"OpenStack-API-Version": "volume 3.42"}
    path, body = f"/volume/v3/volumes/{volume_id}/action", {"os-extend": {"new_size": size}}
    response = api.callers.request("POST", path, "green", json=body, headers=headers)
    assert response.status_code == 202, response.text
    api.servers.run_worker(1)
    return str(response.headers["x-openstack-request-id"])


def test_extended_volumes_are_recorded_on_their_server(api: ComputeApi) -> None:
    server_id, other_id = api.create_active(), api.create_active()
    volume_id = create_attached_volume(api, server_id)
    requests = [extend(api, volume_id, size) for size in (2, 3)]
    actions = list_extensions(api, server_id)
    assert [action["request_id"] for action in actions] == requests[::-1]
    assert list_events(api, server_id, requests[0]) == [("compute_extend_volume", "Success")]
    assert list_extensions(api, other_id) == []


def test_servers_that_are_not_in_the_cloud_record_no_extension(api: ComputeApi) -> None:
    server_id = api.create_active()
    volume_id = create_attached_volume(api, server_id)
    assert api.action(server_id, {"shelve": None})[0] == 202
    api.servers.run_worker(10)
    extend(api, volume_id, 2)
    assert list_extensions(api, server_id) == []


def test_external_events(api: ComputeApi) -> None:
    server_id = api.create_active()
    event: dict[str, Any] = {"name": "network-changed", "server_uuid": server_id, "status": "in-progress"}
    assert api("POST", PATH, {"events": [event]}).status_code == 403
    [result] = api.ok("POST", PATH, {"events": [event]}, caller="admin")["events"]
    assert result == {"name": "network-changed", "server_uuid": server_id, "status": "completed", "code": 200}
    lost = {**event, "server_uuid": "00000000-0000-4000-8000-00000000dead"}
    response = api("POST", PATH, {"events": [event, lost]}, caller="admin")
    assert (response.status_code, [item["code"] for item in response.json()["events"]]) == (207, [200, 404])
    assert api("POST", PATH, {"events": [lost]}, caller="admin").status_code == 404
    assert api("POST", PATH, {"events": [{**event, "name": "volume-extended"}]}, caller="admin").status_code == 400
    assert api("POST", PATH, {"events": [{**event, "status": "lost"}]}, caller="admin").status_code == 400


def test_external_events_record_extended_volumes(api: ComputeApi) -> None:
    server_id = api.create_active()
    volume_id = create_attached_volume(api, server_id)
    event = {"name": "volume-extended", "server_uuid": server_id}
    attached, unknown = {**event, "tag": volume_id}, {**event, "tag": "00000000-0000-4000-8000-00000000dead"}
    for tagged, expected in ((attached, "Success"), (unknown, "Error")):
        assert api("POST", PATH, {"events": [tagged]}, caller="admin", microversion=51).status_code == 200
        request_id = list_extensions(api, server_id)[0]["request_id"]
        assert list_events(api, server_id, request_id) == [("compute_extend_volume", expected)]
    response = api("POST", PATH, {"events": [attached, event]}, caller="admin", microversion=51)
    assert (response.status_code, [item["code"] for item in response.json()["events"]]) == (207, [200, 400])


def test_external_events_need_a_server_in_a_cloud(api: ComputeApi) -> None:
    active_id, shelved_id = api.create_active(), api.create_active()
    api.action(shelved_id, {"shelve": None})
    api.servers.run_worker(10)
    events = [{"name": "network-changed", "server_uuid": server_id} for server_id in (active_id, shelved_id)]
    response = api("POST", PATH, {"events": events}, caller="admin")
    assert [item["code"] for item in response.json()["events"]] == [200, 422]
