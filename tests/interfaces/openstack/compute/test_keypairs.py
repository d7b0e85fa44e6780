"""`/os-keypairs`."""

from support.compute_api import ComputeApi

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@home"

#: The MD5 fingerprint of PUBLIC_KEY, as computed by `ssh-keygen -E md5 -l`.
FINGERPRINT = "65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd"

HOME = {"keypair": {"name": "home", "public_key": PUBLIC_KEY}}


def test_import(api: ComputeApi) -> None:
    response = api("POST", "/os-keypairs", HOME)
    assert response.status_code == 200
    assert response.json()["keypair"]["fingerprint"] == FINGERPRINT
    assert "type" not in response.json()["keypair"]
    conflict = api("POST", "/os-keypairs", HOME)
    assert conflict.json()["conflictingRequest"]["message"] == "Key pair 'home' already exists."


def test_generate(api: ComputeApi) -> None:
    response = api("POST", "/os-keypairs", {"keypair": {"name": "new", "type": "ssh"}}, microversion=2)
    assert response.status_code == 201
    assert response.json()["keypair"]["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert response.json()["keypair"]["public_key"].startswith("ssh-rsa ")
    assert "private_key" not in api.ok("GET", "/os-keypairs/new")["keypair"]


def test_list_show_and_delete(api: ComputeApi) -> None:
    for name in ("home", "work"):
        api.ok("POST", "/os-keypairs", {"keypair": {"name": name, "public_key": PUBLIC_KEY}})
    page = api.ok("GET", "/os-keypairs?limit=1", microversion=35)
    assert [item["keypair"]["name"] for item in page["keypairs"]] == ["home"]
    assert "marker=home" in page["keypairs_links"][0]["href"]
    assert len(api.ok("GET", "/os-keypairs?limit=1", microversion=34)["keypairs"]) == 2
    keypair = api.ok("GET", "/os-keypairs/home", microversion=2)["keypair"]
    assert (keypair["type"], keypair["deleted"], keypair["public_key"]) == ("ssh", False, PUBLIC_KEY)
    assert api("GET", "/os-keypairs/home", caller="blue").status_code == 404
    assert api("DELETE", "/os-keypairs/home").status_code == 202
    assert api("DELETE", "/os-keypairs/work", microversion=2).status_code == 204
    assert api("DELETE", "/os-keypairs/work").status_code == 404


def test_create_rejects_invalid_fields(api: ComputeApi) -> None:
    response = api("POST", "/os-keypairs", {"keypair": {"name": "x", "public_key": "ssh-rsa AAAA"}})
    assert response.json()["badRequest"]["message"] == "Keypair data is invalid: failed to generate fingerprint"
    for invalid in ({"name": ""}, {"name": "a/b", "public_key": PUBLIC_KEY}, {"name": "x", "type": "ssh"}, {}):
        assert api("POST", "/os-keypairs", {"keypair": invalid}).status_code == 400, invalid


def test_server_keeps_deleted_keypair(api: ComputeApi) -> None:
    api.ok("POST", "/os-keypairs", HOME)
    server_id = api.create_active(key_name="home")
    assert api.ok("GET", f"/servers/{server_id}")["server"]["key_name"] == "home"
    api("DELETE", "/os-keypairs/home")
    assert api.ok("GET", f"/servers/{server_id}")["server"]["key_name"] == "home"
