"""Addresses, interfaces and security groups of servers."""

from support.compute_api import ComputeApi


def test_addresses_and_interfaces(api: ComputeApi) -> None:
    server_id = api.create_active()
    (address,) = api.ok("GET", f"/servers/{server_id}/ips/private")["private"]
    assert api("GET", f"/servers/{server_id}/ips/public").status_code == 404
    (interface,) = api.ok("GET", f"/servers/{server_id}/os-interface")["interfaceAttachments"]
    assert interface["fixed_ips"][0]["ip_address"] == address["addr"]
    path = f"/servers/{server_id}/os-interface/{interface['port_id']}"
    assert api.ok("GET", path)["interfaceAttachment"] == interface
    assert "tag" in api.ok("GET", path, microversion=70)["interfaceAttachment"]
    assert api("GET", f"/servers/{server_id}/os-interface/none").status_code == 404


def test_security_groups(api: ComputeApi) -> None:
    server_id = api.create_active()
    default = {"name": "default"}
    assert api.action(server_id, {"addSecurityGroup": default})[0] == 409
    assert api.action(server_id, {"removeSecurityGroup": default})[0] == 202
    assert api.action(server_id, {"addSecurityGroup": default})[0] == 202
    (group,) = api.ok("GET", f"/servers/{server_id}/os-security-groups")["security_groups"]
    assert (group["name"], group["tenant_id"]) == ("default", api.callers.projects["green"])


def test_security_groups_by_id_and_unknown_ones(api: ComputeApi) -> None:
    (group,) = api.callers.ok("GET", "/network/v2.0/security-groups")["security_groups"]
    server_id = api.create_active(security_groups=[{"name": group["id"]}])
    assert api.ok("GET", f"/servers/{server_id}")["server"]["security_groups"] == [{"name": "default"}]
    assert api.action(server_id, {"addSecurityGroup": {"name": "web"}})[0] == 404
    response = api("POST", "/servers", api.server_body(security_groups=[{"name": "web"}]))
    assert response.status_code == 400
    assert "Security group web not found" in response.json()["badRequest"]["message"]
