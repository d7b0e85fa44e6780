"""Server actions that change states, create images, and set passwords."""

from typing import Any

import pytest

from support.compute_api import ComputeApi


@pytest.mark.parametrize(
    ("action", "status", "power_state", "reversal", "events"),
    [
        ("pause", "PAUSED", 3, "unpause", ["pause.start", "pause.end", "unpause.start", "unpause.end"]),
        ("suspend", "SUSPENDED", 7, "resume", ["suspend.start", "suspend.end", "resume.start", "resume.end"]),
        ("rescue", "RESCUE", 1, "unrescue", ["rescue.start", "rescue.end", "unrescue.start", "unrescue.end"]),
    ],
)
def test_state_changes_and_their_reversals(
    api: ComputeApi, action: str, status: str, power_state: int, reversal: str, events: list[str]
) -> None:
    server_id = api.create_active()
    assert api.action(server_id, {action: None})[0] in (200, 202)
    assert api.action(server_id, {action: None})[0] == 409
    api.servers.run_worker(2)
    server = _show(api, server_id)
    assert (server["status"], server["OS-EXT-STS:power_state"]) == (status, power_state)
    assert api.ok("GET", f"/servers?status={status}")["servers"][0]["id"] == server_id
    assert api.action(server_id, {reversal: None})[0] == 202
    api.servers.run_worker(2)
    assert _show(api, server_id)["status"] == "ACTIVE"
    assert [kind for kind in api.servers.event_types(server_id) if kind in events] == events


def test_states_are_stated_for_the_ledger(api: ComputeApi) -> None:
    server_id = api.create_active()
    api.action(server_id, {"pause": None})
    api.servers.run_worker(2)
    paused = [event for event in api.servers.events(server_id) if event.event_type == "compute.instance.pause.end"]
    assert [event.payload["state"] for event in paused] == ["paused"]


def test_a_shelved_server_leaves_its_cloud_and_returns(api: ComputeApi) -> None:
    server_id = api.create_active()
    addresses = _show(api, server_id)["addresses"]
    assert api.action(server_id, {"shelve": None})[0] == 202
    api.servers.run_worker(4)
    assert _show(api, server_id)["status"] == "SHELVED_OFFLOADED"
    assert api.servers.native_servers() == []
    [image] = _list_images(api, "web-shelved")
    assert image["status"] == "active"
    assert api.action(server_id, {"unshelve": None})[0] == 202
    api.servers.run_worker(3)
    server = _show(api, server_id)
    assert (server["status"], server["addresses"]) == ("ACTIVE", addresses)
    assert _list_images(api, "web-shelved") == []
    kinds = [kind for kind in api.servers.event_types(server_id) if "shelve" in kind]
    assert kinds == [
        "shelve.start",
        "shelve.end",
        "shelve_offload.start",
        "shelve_offload.end",
        "unshelve.start",
        "unshelve.end",
    ]


def test_a_shelved_server_is_deleted_with_its_image(api: ComputeApi) -> None:
    server_id = api.create_active()
    api.action(server_id, {"shelve": None})
    api.servers.run_worker(4)
    assert api("DELETE", f"/servers/{server_id}").status_code == 204
    api.servers.run_worker(2)
    assert api("GET", f"/servers/{server_id}").status_code == 404
    assert _list_images(api, "web-shelved") == []


def test_an_image_of_a_server_boots_another_one(api: ComputeApi) -> None:
    server_id = api.create_active()
    body = {"createImage": {"name": "golden", "metadata": {"purpose": "test"}}}
    response = api("POST", f"/servers/{server_id}/action", body)
    assert response.status_code == 202
    image_id = response.headers["Location"].rsplit("/", 1)[1]
    assert _show_image(api, image_id)["status"] == "saving"
    api.servers.run_worker(2)
    image = _show_image(api, image_id)
    assert (image["status"], image["purpose"], image["instance_uuid"]) == ("active", "test", server_id)
    assert _show(api, server_id)["status"] == "ACTIVE"
    other_id = api.create_active(imageRef=image_id)
    assert _show(api, other_id)["status"] == "ACTIVE"
    assert api.action(server_id, {"createImage": {"name": "second"}}, microversion=45)[1].keys() == {"image_id"}


def test_backups_rotate(api: ComputeApi) -> None:
    server_id = api.create_active()
    for number in range(3):
        backup = {"name": f"b{number}", "backup_type": "daily", "rotation": 2}
        assert api.action(server_id, {"createBackup": backup})[0] == 202
        api.servers.run_worker(2)
    names = {image["name"] for image in _list_images(api) if image.get("backup_type") == "daily"}
    assert names == {"b1", "b2"}


def test_passwords_are_returned_once(api: ComputeApi) -> None:
    created = api.ok("POST", "/servers", api.server_body(adminPass="Secret-1"))["server"]
    assert created["adminPass"] == "Secret-1"
    api.servers.run_worker(2)
    server_id = created["id"]
    generated = api.action(server_id, {"rebuild": {"imageRef": api.servers.image_id}})[1]["server"]["adminPass"]
    assert len(generated) == 12
    api.servers.run_worker(2)
    assert api.action(server_id, {"rescue": {"adminPass": "Secret-2"}}) == (200, {"adminPass": "Secret-2"})
    api.servers.run_worker(2)
    api.action(server_id, {"unrescue": None})
    api.servers.run_worker(2)
    assert api.action(server_id, {"changePassword": {"adminPass": "Secret-3"}})[0] == 202
    stored = repr((api.servers.rows(), api.servers.events(), _show(api, server_id)))
    assert all(password not in stored for password in ("Secret-", generated))


def test_crash_dump(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert api.action(server_id, {"trigger_crash_dump": None})[0] == 404
    assert api.action(server_id, {"trigger_crash_dump": None}, microversion=17)[0] == 202
    assert "panic" in api.action(server_id, {"os-getConsoleOutput": {}})[1]["output"]


def test_one_cloud_is_one_host(api: ComputeApi) -> None:
    server_id = api.create_active()
    for body in ({"migrate": None}, {"os-migrateLive": {"host": None, "block_migration": False}}):
        status, response = api.action(server_id, body, caller="admin")
        assert status == 400
        assert response["badRequest"]["message"].startswith("No valid host was found.")
    status, response = api.action(server_id, {"evacuate": {"adminPass": "x"}}, caller="admin", microversion=14)
    assert (status, response["badRequest"]["message"]) == (400, "Compute service of sim is still in use.")


def test_addresses_of_updated_servers_are_short(api: ComputeApi) -> None:
    server_id = api.create_active()
    for microversion, count in ((1, 2), (75, 4)):
        body: dict[str, Any] = {"server": {"accessIPv6": "::babe:220.12.22.2"}}
        server = api.ok("PUT", f"/servers/{server_id}", body, microversion=microversion)["server"]
        assert server["accessIPv6"] == "::babe:dc0c:1602"
        [[address]] = server["addresses"].values()
        assert len(address) == count


def test_interfaces_are_attached_and_detached(api: ComputeApi) -> None:
    server_id = api.create_active()
    network = api.callers.ok("POST", "/network/v2.0/networks", json={"network": {"name": "second"}})["network"]
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "10.77.0.0/24"}
    api.callers.ok("POST", "/network/v2.0/subnets", json={"subnet": subnet})
    body = {"interfaceAttachment": {"net_id": network["id"], "fixed_ips": [{"ip_address": "10.77.0.9"}]}}
    port = api.ok("POST", f"/servers/{server_id}/os-interface", body)["interfaceAttachment"]
    api.servers.run_worker(1)
    assert _show(api, server_id)["addresses"]["second"][0]["addr"] == "10.77.0.9"
    [native] = api.servers.native_servers()
    assert "10.77.0.9" in native.addresses
    assert api.action(server_id, {"addFixedIp": {"networkId": network["id"]}})[0] == 202
    assert len(_show(api, server_id)["addresses"]["second"]) == 2
    assert api.action(server_id, {"removeFixedIp": {"address": "10.77.0.9"}})[0] == 202
    assert api("DELETE", f"/servers/{server_id}/os-interface/{port['port_id']}").status_code == 202
    api.servers.run_worker(1)
    [native] = api.servers.native_servers()
    assert len(native.addresses) == 1
    assert "second" not in _show(api, server_id)["addresses"]
    assert api("DELETE", f"/servers/{server_id}/os-interface/{port['port_id']}").status_code == 404
    actions = api.ok("GET", f"/servers/{server_id}/os-instance-actions")["instanceActions"]
    assert [action["action"] for action in actions[:4]] == [
        "detach_interface",
        "removeFixedIp",
        "addFixedIp",
        "attach_interface",
    ]


def test_security_groups_of_the_network_service(api: ComputeApi) -> None:
    body = {"security_group": {"name": " web ", "description": "d"}}
    group = api.ok("POST", "/os-security-groups", body)["security_group"]
    assert group["name"] == " web "
    assert api.ok("GET", f"/os-security-groups/{group['id']}")["security_group"] == group
    rule = {"parent_group_id": group["id"], "ip_protocol": "TCP", "from_port": 80, "to_port": 80, "cidr": "10.0.0.0/8"}
    created = api.ok("POST", "/os-security-group-rules", {"security_group_rule": rule})["security_group_rule"]
    assert (created["ip_protocol"], created["from_port"], created["ip_range"]) == ("tcp", 80, {"cidr": "10.0.0.0/8"})
    duplicate = api("POST", "/os-security-group-rules", {"security_group_rule": rule})
    assert (duplicate.status_code, "already exists" in duplicate.text) == (400, True)
    invalid = api("POST", "/os-security-group-rules", {"security_group_rule": {**rule, "parent_group_id": "web"}})
    assert invalid.json()["badRequest"]["message"] == "Security group id should be uuid"
    from_group = {"parent_group_id": group["id"], "ip_protocol": "tcp", "from_port": 1, "to_port": 2}
    from_group["group_id"] = group["id"]
    second = api.ok("POST", "/os-security-group-rules", {"security_group_rule": from_group})["security_group_rule"]
    assert second["group"] == {"name": " web ", "tenant_id": api.callers.projects["green"]}
    assert api("DELETE", f"/os-security-group-rules/{second['id']}").status_code == 202
    [listed] = [item for item in api.ok("GET", "/os-security-groups")["security_groups"] if item["id"] == group["id"]]
    assert listed["rules"] == [created]
    server_id = api.create_active(security_groups=[{"name": " web "}])
    [of_server] = api.ok("GET", f"/servers/{server_id}/os-security-groups")["security_groups"]
    assert of_server["id"] == group["id"]
    assert api("DELETE", f"/os-security-groups/{group['id']}").status_code == 400
    assert api("GET", f"/os-security-groups/{group['id']}", caller="blue").status_code == 404
    assert api("GET", "/os-security-groups", microversion=36).status_code == 404
    assert api("DELETE", f"/os-security-group-rules/{created['id']}").status_code == 202
    renamed = {"security_group": {"name": "w", "description": ""}}
    assert api.ok("PUT", f"/os-security-groups/{group['id']}", renamed)["security_group"]["name"] == "w"


def test_images_of_the_image_service(api: ComputeApi) -> None:
    [image] = api.ok("GET", "/images?name=cirros")["images"]
    detail = api.ok("GET", f"/images/{image['id']}")["image"]
    assert (detail["status"], detail["minDisk"]) == ("ACTIVE", 0)
    assert api("DELETE", f"/images/{image['id']}").status_code in (403, 404)
    assert api("GET", "/images", microversion=36).status_code == 404


def test_request_id_and_networks_and_certificates(api: ComputeApi) -> None:
    response = api("GET", "/servers")
    assert response.headers["x-compute-request-id"] == response.headers["x-openstack-request-id"]
    body = api.server_body(networks=[{"uuid": "a-b-c-d"}])
    assert api("POST", "/servers", body).status_code == 400
    keypair = {"keypair": {"name": "cert", "type": "x509"}}
    created = api.ok("POST", "/os-keypairs", keypair, microversion=2)["keypair"]
    assert created["public_key"].startswith("-----BEGIN CERTIFICATE-----")
    assert created["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert api("POST", "/os-keypairs", {"keypair": {"name": "k"}}, microversion=92).status_code == 400


def test_versions_start_with_the_oldest(api: ComputeApi) -> None:
    versions = api.callers.client.get("/compute").json()["versions"]
    assert [version["id"] for version in versions] == ["v2.0", "v2.1"]


def _show(api: ComputeApi, server_id: str) -> dict[str, Any]:
    server: dict[str, Any] = api.ok("GET", f"/servers/{server_id}")["server"]
    return server


def _show_image(api: ComputeApi, image_id: str) -> dict[str, Any]:
    image: dict[str, Any] = api.callers.ok("GET", f"/image/v2/images/{image_id}")
    return image


def _list_images(api: ComputeApi, name: str = "") -> list[dict[str, Any]]:
    query = f"?name={name}" if name else ""
    images: list[dict[str, Any]] = api.callers.ok("GET", f"/image/v2/images{query}")["images"]
    return images
