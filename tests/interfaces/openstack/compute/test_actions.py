"""`/servers/{id}/action` and what else belongs to a server."""

from typing import Any

import pytest

from support.nova import Nova


def act(nova: Nova, server_id: str, body: dict[str, Any], *, at: int = 1, who: str = "green") -> tuple[int, Any]:
    answer = nova("POST", f"/servers/{server_id}/action", body, at=at, who=who)
    return answer.status_code, answer.json() if answer.content else None


def test_each_action_is_accepted_in_its_state_and_refused_in_another(nova: Nova) -> None:
    server_id = nova.active()
    told = f"Cannot 'start' instance {server_id} while it is in vm_state active"
    assert act(nova, server_id, {"os-start": None}) == (409, {"conflictingRequest": {"code": 409, "message": told}})
    assert act(nova, server_id, {"os-stop": None}) == (202, None)
    told = f"Cannot 'stop' instance {server_id} while it is in task_state powering-off"
    assert act(nova, server_id, {"os-stop": None})[1]["conflictingRequest"]["message"] == told
    nova.servers.run_worker(1)
    assert act(nova, server_id, {"os-start": None})[0] == 202
    nova.servers.run_worker(1)
    assert act(nova, server_id, {"reboot": {"type": "SOFT"}})[0] == 202
    nova.servers.run_worker(1)
    assert act(nova, server_id, {"resize": {"flavorRef": "2"}})[0] == 202
    nova.servers.run_worker(2)
    assert act(nova, server_id, {"confirmResize": None}) == (204, None)
    assert act(nova, server_id, {"resize": {"flavorRef": "3"}})[0] == 202
    nova.servers.run_worker(2)
    assert act(nova, server_id, {"revertResize": None})[0] == 202
    nova.servers.run_worker(2)
    status, body = act(nova, server_id, {"rebuild": {"imageRef": nova.servers.image_id, "name": "again"}}, at=57)
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
        ({"changePassword": {"adminPass": "x"}}, 501),
        ({"os-getVNCConsole": {"type": "novnc"}}, 501),
        ({"createImage": {"name": "x"}}, 501),
        ({"pause": None}, 501),
        ({"lock": {"locked_reason": "x"}}, 400),
    ],
)
def test_what_is_refused(nova: Nova, body: dict[str, Any], status: int) -> None:
    assert act(nova, nova.active(), body)[0] == status


def test_forced_deletion_is_deletion(nova: Nova) -> None:
    server_id = nova.active()
    assert act(nova, server_id, {"forceDelete": None})[0] == 202
    nova.servers.run_worker(2)
    assert nova("GET", f"/servers/{server_id}").status_code == 404


def test_console_output(nova: Nova) -> None:
    server_id = nova.active()
    status, body = act(nova, server_id, {"os-getConsoleOutput": {"length": 1}})
    assert status == 200
    assert body["output"].count("\n") <= 1
    assert "Linux version" in act(nova, server_id, {"os-getConsoleOutput": {}})[1]["output"]


def test_lock_with_a_reason(nova: Nova) -> None:
    server_id = nova.active()
    assert act(nova, server_id, {"lock": {"locked_reason": "careful"}}, at=73)[0] == 202
    assert nova.ok("GET", f"/servers/{server_id}", at=73)["server"]["locked_reason"] == "careful"
    assert act(nova, server_id, {"os-stop": None})[0] == 409
    assert act(nova, server_id, {"unlock": None})[0] == 202
    assert act(nova, server_id, {"lock": None}, who="admin")[0] == 202
    assert act(nova, server_id, {"unlock": None})[0] == 403


def test_reset_state(nova: Nova) -> None:
    server_id = nova.active()
    assert act(nova, server_id, {"os-resetState": {"state": "error"}}, who="admin")[0] == 202
    assert nova.ok("GET", f"/servers/{server_id}")["server"]["fault"]["code"] == 500


def test_metadata(nova: Nova) -> None:
    path = f"/servers/{nova.active(metadata={'a': '1'})}/metadata"
    assert nova.ok("POST", path, {"metadata": {"b": "2"}}) == {"metadata": {"a": "1", "b": "2"}}
    assert nova.ok("PUT", path, {"metadata": {"c": "3"}}) == {"metadata": {"c": "3"}}
    assert nova.ok("PUT", f"{path}/d", {"meta": {"d": "4"}}) == {"meta": {"d": "4"}}
    assert nova("PUT", f"{path}/d", {"meta": {"e": "4"}}).status_code == 400
    assert nova.ok("GET", f"{path}/d") == {"meta": {"d": "4"}}
    assert nova("DELETE", f"{path}/d").status_code == 204
    assert nova("GET", f"{path}/d").json()["itemNotFound"]["message"] == "Metadata item was not found"
    assert nova("DELETE", f"{path}/d").status_code == 404
    assert nova.ok("GET", path) == {"metadata": {"c": "3"}}


def test_tags(nova: Nova) -> None:
    path = f"/servers/{nova.active()}/tags"
    assert nova("GET", path, at=25).status_code == 404
    assert nova("PUT", f"{path}/red", at=26).status_code == 201
    assert nova("PUT", f"{path}/red", at=26).status_code == 204
    assert nova("GET", f"{path}/red", at=26).status_code == 204
    assert nova("GET", f"{path}/blue", at=26).status_code == 404
    assert nova.ok("PUT", path, {"tags": ["b", "a"]}, at=26) == {"tags": ["a", "b"]}
    assert nova("DELETE", f"{path}/a", at=26).status_code == 204
    assert nova("DELETE", path, at=26).status_code == 204
    assert nova.ok("GET", path, at=26) == {"tags": []}
    assert nova("PUT", path, {"tags": [f"t{i}" for i in range(51)]}, at=26).status_code == 400


def test_addresses_interfaces_and_groups(nova: Nova) -> None:
    server_id = nova.active()
    (address,) = nova.ok("GET", f"/servers/{server_id}/ips/private")["private"]
    assert nova("GET", f"/servers/{server_id}/ips/public").status_code == 404
    (card,) = nova.ok("GET", f"/servers/{server_id}/os-interface")["interfaceAttachments"]
    assert card["fixed_ips"][0]["ip_address"] == address["addr"]
    assert nova.ok("GET", f"/servers/{server_id}/os-interface/{card['port_id']}")["interfaceAttachment"] == card
    default = {"name": "default"}
    assert act(nova, server_id, {"addSecurityGroup": default})[0] == 409
    assert act(nova, server_id, {"removeSecurityGroup": default})[0] == 202
    assert act(nova, server_id, {"addSecurityGroup": default})[0] == 202
    groups = nova.ok("GET", f"/servers/{server_id}/os-security-groups")["security_groups"]
    assert [group["name"] for group in groups] == ["default"]


def test_a_security_group_that_there_is_not_is_refused(nova: Nova) -> None:
    (group,) = nova.of.ok("GET", "/network/v2.0/security-groups")["security_groups"]
    server_id = nova.active(security_groups=[{"name": group["id"]}])
    assert nova.ok("GET", f"/servers/{server_id}")["server"]["security_groups"] == [{"name": "default"}]
    assert act(nova, server_id, {"addSecurityGroup": {"name": "web"}})[0] == 404
    refused = nova("POST", "/servers", nova.order(security_groups=[{"name": "web"}]))
    assert refused.status_code == 400
    assert "Security group web not found" in refused.json()["badRequest"]["message"]


def test_what_was_asked_of_a_server(nova: Nova) -> None:
    server_id = nova.active()
    (created,) = nova.ok("GET", f"/servers/{server_id}/os-instance-actions")["instanceActions"]
    assert (created["action"], created["message"], "updated_at" in created) == ("create", None, False)
    path = f"/servers/{server_id}/os-instance-actions/{created['request_id']}"
    assert "events" not in nova.ok("GET", path)["instanceAction"]
    (event,) = nova.ok("GET", path, at=58)["instanceAction"]["events"]
    assert (event["result"], event["finish_time"] is not None) == ("Success", True)
    assert nova("GET", f"/servers/{server_id}/os-instance-actions/req-none").status_code == 404


def test_volumes_of_a_server(nova: Nova) -> None:
    volume = nova.of.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1}})["volume"]
    server_id = nova.active()
    nova.servers.run_worker(5)
    path = f"/servers/{server_id}/os-volume_attachments"
    made = nova.ok("POST", path, {"volumeAttachment": {"volumeId": volume["id"]}})["volumeAttachment"]
    assert made == {"id": volume["id"], "volumeId": volume["id"], "serverId": server_id, "device": "/dev/vdb"}
    assert nova("DELETE", f"{path}/{volume['id']}").status_code == 409
    nova.servers.run_worker(1)
    assert nova.ok("GET", f"{path}/{volume['id']}", at=89)["volumeAttachment"].keys() >= {"attachment_id", "bdm_uuid"}
    (shown,) = nova.ok("GET", f"/servers/{server_id}")["server"]["os-extended-volumes:volumes_attached"]
    assert shown == {"id": volume["id"]}
    assert nova("POST", path, {"volumeAttachment": {"volumeId": "none"}}).status_code == 404
    same = {"volumeAttachment": {"volumeId": volume["id"], "delete_on_termination": False}}
    assert nova("PUT", f"{path}/{volume['id']}", same, at=85).status_code == 202
    assert nova("DELETE", f"{path}/{volume['id']}").status_code == 202
    nova.servers.run_worker(1)
    assert nova.ok("GET", path) == {"volumeAttachments": []}
