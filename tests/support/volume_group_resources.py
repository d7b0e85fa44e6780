"""Groups of volumes, QoS specs and messages for the authorization matrix."""

from typing import Any

from stratiform.services.volume.model.messages import Action, Detail, Failure
from support.callers import Callers
from support.stacks import ServiceHarness


def create_volume_group(api: Callers) -> dict[str, str]:
    """Create a group with a volume, its type, and QoS specs. Return the values of path parameters."""
    qos = request_volume(api, "POST", "/qos-specs", {"qos_specs": {"name": "qos"}}, "admin")["qos_specs"]
    group_type = {"group_type": {"name": "groups"}}
    group_type_id = request_volume(api, "POST", "/group_types", group_type, "admin")["group_type"]["id"]
    group = {"group": {"name": "group", "group_type": group_type_id, "volume_types": ["standard"]}}
    group_id = request_volume(api, "POST", "/groups", group)["group"]["id"]
    member = {"volume": {"size": 1, "name": "member", "volume_type": "standard", "group_id": group_id}}
    request_volume(api, "POST", "/volumes", member)
    return {"qos_specs_id": qos["id"], "group_type_id": group_type_id, "volume_group_id": group_id}


def create_message(of: ServiceHarness, api: Callers, volume_id: str) -> str:
    """Create a message about a failed operation on a volume of project green. Return its id."""
    failure = Failure(Action.EXTEND, Detail.EXTEND)
    with of.services.database.transaction() as db:
        of.services.volume.messages.create(db, api.projects["green"], volume_id, failure, of.clock.now())
    headers = {"OpenStack-API-Version": "volume 3.60"}
    response = api.request("GET", "/volume/v3/messages", "green", headers=headers)
    return str(response.json()["messages"][0]["id"])


def request_volume(api: Callers, method: str, path: str, body: dict[str, Any], caller: str = "green") -> Any:
    """Send a request to the newest microversion of the Block Storage API. Return the body of the response."""
    headers = {"OpenStack-API-Version": "volume 3.60"}
    response = api.request(method, f"/volume/v3{path}", caller, json=body, headers=headers)
    assert response.is_success, response.text
    return response.json()
