"""`/servers/{server_id}/action`."""

from typing import Any

import pytest

from stratiform.interfaces.openstack.compute.api import api as definition
from stratiform.services.compute.service.action_table import SERVER_ACTIONS
from support.compute_api import ComputeApi


def test_actions_follow_the_state_of_the_server(api: ComputeApi) -> None:
    server_id = api.create_active()
    message = f"Cannot 'start' instance {server_id} while it is in vm_state active"
    assert api.action(server_id, {"os-start": None}) == (409, {"conflictingRequest": {"code": 409, "message": message}})
    assert api.action(server_id, {"os-stop": None}) == (202, None)
    message = f"Cannot 'stop' instance {server_id} while it is in task_state powering-off"
    assert api.action(server_id, {"os-stop": None})[1]["conflictingRequest"]["message"] == message
    api.servers.run_worker(1)
    assert api.action(server_id, {"os-start": None})[0] == 202
    api.servers.run_worker(1)
    assert api.action(server_id, {"reboot": {"type": "SOFT"}})[0] == 202
    api.servers.run_worker(1)
    assert api.action(server_id, {"resize": {"flavorRef": "2"}})[0] == 202
    api.servers.run_worker(2)
    assert api.action(server_id, {"confirmResize": None}) == (204, None)
    assert api.action(server_id, {"resize": {"flavorRef": "3"}})[0] == 202
    api.servers.run_worker(2)
    assert api.action(server_id, {"revertResize": None})[0] == 202
    api.servers.run_worker(2)
    rebuild = {"rebuild": {"imageRef": api.servers.image_id, "name": "again"}}
    status, body = api.action(server_id, rebuild, microversion=57)
    assert (status, body["server"]["status"], body["server"]["name"]) == (202, "REBUILD", "again")
    assert "user_data" in body["server"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"dance": None}, 400),
        ({"reboot": {"type": "WARM"}}, 400),
        ({"reboot": {}}, 400),
        ({"resize": {"flavorRef": "99"}}, 400),
        ({"resize": {"flavorRef": "1"}}, 400),
        ({"rebuild": {"imageRef": "none"}}, 400),
        ({"rebuild": {}}, 400),
        ({"confirmResize": None}, 409),
        ({"revertResize": None}, 409),
        ({"os-resetState": {"state": "error"}}, 403),
        ({"os-getConsoleOutput": {"length": "x"}}, 400),
        ({"changePassword": {}}, 400),
        ({"os-getSPICEConsole": {"type": "spice-html5"}}, 400),
        ({"createImage": {"name": ""}}, 400),
        ({"createBackup": {"name": "x", "backup_type": "daily", "rotation": -1}}, 400),
        ({"unpause": None}, 409),
        ({"resume": None}, 409),
        ({"unrescue": None}, 409),
        ({"unshelve": None}, 409),
        ({"restore": None}, 409),
        ({"rescue": {"rescue_image_ref": "none"}}, 400),
        ({"migrate": None}, 403),
        ({"lock": {"locked_reason": "x"}}, 400),
    ],
)
def test_invalid_and_unsupported_actions(api: ComputeApi, body: dict[str, Any], status: int) -> None:
    assert api.action(api.create_active(), body)[0] == status


def test_errors_name_the_action_of_an_invalid_body(api: ComputeApi) -> None:
    _, body = api.action(api.create_active(), {"reboot": {}})
    message = "Invalid input for field/attribute reboot. Value: {}. 'type' is a required property"
    assert body["badRequest"]["message"] == message


@pytest.mark.parametrize("microversion", [1, 56, 57, 74, 75])
def test_rebuild_response_by_microversion(api: ComputeApi, microversion: int) -> None:
    rebuild = {"rebuild": {"imageRef": api.servers.image_id}}
    server = api.action(api.create_active(), rebuild, microversion=microversion)[1]["server"]
    assert ("key_name" in server) == (microversion >= 54)
    assert ("user_data" in server) == (microversion >= 57)
    assert ("OS-EXT-STS:vm_state" in server) == (microversion >= 75)
    api.servers.run_worker(10)
    status, server = api.action(server["id"], rebuild, caller="admin", microversion=75)
    assert (status, "OS-EXT-SRV-ATTR:user_data" in server["server"]) == (202, False)


def test_resize_changes_the_disk_configuration(api: ComputeApi) -> None:
    server_id = api.create_active()
    resize = {"flavorRef": "2", "OS-DCF:diskConfig": "AUTO"}
    assert api.action(server_id, {"resize": {**resize, "OS-DCF:diskConfig": "NONE"}})[0] == 400
    assert api.ok("GET", f"/servers/{server_id}")["server"]["OS-DCF:diskConfig"] == "MANUAL"
    assert api.action(server_id, {"resize": resize})[0] == 202
    assert api.ok("GET", f"/servers/{server_id}")["server"]["OS-DCF:diskConfig"] == "AUTO"


def test_operators_inject_network_information(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert api.action(server_id, {"injectNetworkInfo": None})[0] == 403
    assert api.action(server_id, {"injectNetworkInfo": None}, caller="admin")[0] == 202
    actions = api.ok("GET", f"/servers/{server_id}/os-instance-actions")["instanceActions"]
    assert actions[0]["action"] == "inject_network_info"


def test_force_delete_deletes(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert api.action(server_id, {"forceDelete": None})[0] == 202
    api.servers.run_worker(2)
    assert api("GET", f"/servers/{server_id}").status_code == 404


def test_console_output(api: ComputeApi) -> None:
    server_id = api.create_active()
    status, body = api.action(server_id, {"os-getConsoleOutput": {"length": 1}})
    assert status == 200
    assert body["output"].count("\n") == 0
    assert api.action(server_id, {"os-getConsoleOutput": {"length": 3}})[1]["output"].count("\n") == 2
    assert "Linux version" in api.action(server_id, {"os-getConsoleOutput": {}})[1]["output"]


def test_lock_with_reason(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert api.action(server_id, {"lock": {"locked_reason": "careful"}}, microversion=73)[0] == 202
    assert api.ok("GET", f"/servers/{server_id}", microversion=73)["server"]["locked_reason"] == "careful"
    assert api.action(server_id, {"os-stop": None})[0] == 409
    assert api.action(server_id, {"unlock": None})[0] == 202
    assert api.action(server_id, {"lock": None}, caller="admin")[0] == 202
    assert api.action(server_id, {"unlock": None})[0] == 403


def test_reset_state(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert api.action(server_id, {"os-resetState": {"state": "error"}}, caller="admin")[0] == 202
    assert api.ok("GET", f"/servers/{server_id}")["server"]["fault"]["code"] == 500


def test_every_server_action_of_the_service_is_declared() -> None:
    definition.import_routes()
    declared = {endpoint.rule for endpoint in definition.endpoints}
    in_the_body = {"swap_volume"}  # `PUT os-volume_attachments` has another rule for other changes
    assert {action.name for action in SERVER_ACTIONS if action.rule not in declared} == in_the_body
